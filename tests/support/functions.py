"""The functions as API Gateway sees them: each event goes where template.yaml sends it."""

import base64
import gzip
import importlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from local.gateway.routing import Router
from local.template import reader
from local.template.resources import Template
from tests.support.reference import assert_declared
from tests.support.role import acting_as

ROOT = Path(__file__).parents[2]
Handler = Callable[[Mapping[str, Any], Any], Any]


@cache
def declared() -> Template:
    """Return what template.yaml declares."""
    return reader.load(ROOT / "template.yaml")


@cache
def _router() -> Router:
    return Router(declared().routes)


def module_of(function: str) -> Any:
    """Return the module of a function, by its logical id in template.yaml."""
    return importlib.import_module(f"functions.{declared().functions[function].code.name}.app")


def handler_of(function: str) -> Handler:
    """Return the Lambda handler of a function, which then acts in the function's role."""
    handler: Handler = module_of(function).lambda_handler

    def handle(event: Mapping[str, Any], context: Any) -> Any:
        with acting_as(function):
            return handler(event, context)

    return handle


def dispatch(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Answer an event with the function its route belongs to, and as the document says."""
    http = event["requestContext"]["http"]
    found = _router().find(http["method"], http["path"])
    assert found is not None, "a template without $default"
    event = {**event, "routeKey": found.route.key}
    answer: dict[str, Any] = handler_of(found.route.function)(event, context)
    text = answer.get("body") or ""
    if answer.get("isBase64Encoded"):
        text = gzip.decompress(base64.b64decode(text)).decode()
    headers = {name.lower(): value for name, value in answer["headers"].items()}
    assert_declared(http["method"], http["path"], answer["statusCode"], headers, text)
    return answer
