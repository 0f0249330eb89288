"""The routes of the API, as the function behind ``$default`` needs them to tell a 405 from a 404.

``routes.json`` is made of template.yaml by ``make routes``; a contract test holds them together
(docs/adr/0003).
"""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Final

from colloquy.domain.errors import ColloquyError
from colloquy.http.errors import MethodNotAllowedError, UnknownPathError

_VARIABLE: Final = re.compile(r"\\\{\w+(?P<greedy>\\\+)?\\\}")


def refusal(method: str, path: str) -> ColloquyError:
    """Return what is wrong with a request that no route matches."""
    allowed = {
        method
        for template, methods in _routes().items()
        if _matches(template, path)
        for method in methods
    }
    return MethodNotAllowedError(method, sorted(allowed)) if allowed else UnknownPathError()


@cache
def _routes() -> Mapping[str, Sequence[str]]:
    """Return the methods each path takes."""
    text = files(__package__).joinpath("routes.json").read_text("utf-8")
    routes: Mapping[str, Sequence[str]] = json.loads(text)
    return routes


def _matches(template: str, path: str) -> bool:
    pattern = _VARIABLE.sub(
        lambda variable: ".+" if variable["greedy"] else "[^/]+", re.escape(template)
    )
    return re.fullmatch(pattern, path) is not None
