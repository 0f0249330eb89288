"""Schemas as people read them: without Python's traces, and nothing that no operation uses."""

import re
from collections.abc import Iterator
from typing import Any, Final

Json = dict[str, Any]

_LIST: Final = re.compile(r"ListOut_(\w+)Out_")
_NUMBERS: Final = {"minimum", "maximum"}
_FREE_NAMES: Final = {"properties", "schemas", "examples", "headers", "responses", "links"}
"""Whose keys are names, not words of JSON Schema."""


def tidied(document: Json) -> Json:
    """Return the document with the schemas it uses, in their readable form."""
    used = set(
        _used(document, {"paths": document["paths"], "r": document["components"]["responses"]})
    )
    schemas = document["components"]["schemas"]
    kept = {
        # A generic model's docstring is not that of its kinds.
        name: ({"description": "A page of a list."} if _LIST.match(name) else {}) | schemas[name]
        for name in sorted(schemas)
        if name in used
    }
    whole: Json = _readable(
        document | {"components": {**document["components"], "schemas": kept}}, names=False
    )
    return whole


def _used(document: Json, part: Any, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield the names of the schemas that a part of the document uses, through others too."""
    for name in _references(part):
        if name not in seen:
            yield name
            yield from _used(document, document["components"]["schemas"][name], seen | {name})


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        reference = part.get("$ref")
        if isinstance(reference, str) and reference.startswith("#/components/schemas/"):
            yield reference.rpartition("/")[2]
        for value in part.values():
            yield from _references(value)
    elif isinstance(part, list):
        for value in part:
            yield from _references(value)


def _readable(part: Any, *, names: bool, key: str = "") -> Any:
    """Return a part without the titles pydantic makes of names, and with lists named as lists."""
    if isinstance(part, list):
        return [_readable(value, names=False) for value in part]
    if isinstance(part, str):
        return _LIST.sub(r"\1ListOut", part) if key == "$ref" else part
    if isinstance(part, float) and key in _NUMBERS:
        return int(part) if part.is_integer() else part
    if not isinstance(part, dict) or key in {"example", "value"}:
        return part
    is_schema = not names and ("type" in part or "anyOf" in part or "oneOf" in part)
    return {
        (_LIST.sub(r"\1ListOut", name) if names else name): _readable(
            value, names=not names and name in _FREE_NAMES, key=name
        )
        for name, value in part.items()
        if not (is_schema and name == "title")
    }
