"""The committed OpenAPI document, and whether an answer is one it declares."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

Json = dict[str, Any]
DOCUMENT = Path(__file__).parents[2] / "layers/core/python/colloquy/http/openapi.json"
_METHODS = ("get", "put", "post", "delete", "patch")


@dataclass(frozen=True)
class Operation:
    """An operation of the document."""

    method: str
    path: str
    said: Json

    @property
    def id(self) -> str:
        name: str = self.said["operationId"]
        return name


@cache
def reference() -> Json:
    """Return the committed document."""
    document: Json = json.loads(DOCUMENT.read_text("utf-8"))
    return document


@cache
def operations() -> tuple[Operation, ...]:
    """Return every operation of the document."""
    return tuple(
        Operation(method.upper(), path, item[method])
        for path, item in reference()["paths"].items()
        for method in _METHODS
        if method in item
    )


@cache
def _validator(schema: str) -> jsonschema_rs.Validator:
    whole = {**json.loads(schema), "components": reference()["components"]}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


def faults(value: Any, schema: Json) -> list[str]:
    """Return where a value is not what a schema of the document says."""
    return [str(each) for each in _validator(json.dumps(schema)).iter_errors(value)]


def resolved(part: Json) -> Json:
    """Return what a part of the document refers to, or the part itself."""
    reference_ = part.get("$ref")
    if reference_ is None:
        return part
    found: Any = reference()
    for name in reference_.removeprefix("#/").split("/"):
        found = found[name]
    return resolved(found)


def operation_at(method: str, path: str) -> Operation | None:
    """Return the operation of a request, as the gateway finds it: named paths before patterns."""
    matching = [
        each
        for each in operations()
        if each.method == method
        and re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(each.path)), path)
    ]
    return min(matching, key=lambda each: each.path.count("{"), default=None)


def assert_declared(
    method: str, path: str, status: int, headers: Mapping[str, str], text: str
) -> None:
    """Hold an answer to the document: status, headers, media type and every field."""
    assert list(_undeclared(method, path, status, headers, text)) == []


def _undeclared(
    method: str, path: str, status: int, headers: Mapping[str, str], text: str
) -> Iterator[str]:
    operation = operation_at(method, path)
    if operation is None:
        return
    where = f"{operation.id} {status}"
    if str(status) not in operation.said["responses"]:
        yield f"{where}: the status"
        return
    answer = resolved(operation.said["responses"][str(status)])
    for name, header in answer.get("headers", {}).items():
        if header.get("required") and name.lower() not in headers:
            yield f"{where}: it lacks {name}"
    content = answer.get("content", {})
    kind = headers.get("content-type")
    if kind is None or not content:
        if text or content:
            yield f"{where}: {kind} in place of {[*content]}"
    elif kind not in content:
        yield f"{where}: {kind}"
    elif kind == "application/json":
        yield from (
            f"{where}: {each}" for each in faults(json.loads(text), content[kind]["schema"])
        )
