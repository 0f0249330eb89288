"""The functions as API Gateway sees them: each event goes where template.yaml sends it."""

import importlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from local import template
from local.resources import Template
from local.routing import Router

ROOT = Path(__file__).parents[2]


@cache
def declared() -> Template:
    """Return what template.yaml declares."""
    return template.load(ROOT / "template.yaml")


@cache
def _router() -> Router:
    return Router(declared().routes)


def handler_of(function: str) -> Any:
    """Return the Lambda handler of a function, by its logical id in template.yaml."""
    folder = declared().functions[function].code.name
    return importlib.import_module(f"functions.{folder}.app").lambda_handler


def dispatch(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Answer an event with the function its route belongs to."""
    http = event["requestContext"]["http"]
    found = _router().find(http["method"], http["path"])
    assert found is not None, "a template without $default"
    answer: dict[str, Any] = handler_of(found.route.function)(event, context)
    return answer
