"""Bodies that are meant to cost or to break: of every operation, in every field."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.support.reference import Operation, operations
from tools.reference import examples

Json = Any

VALUES: Final[Mapping[str, str]] = {
    "null": "null",
    "zero": "0",
    "huge integer": "9" * 5_000,
    "beyond 64 bits": str(2**70),
    "infinite": "1e400",
    "not a number": "NaN",
    "negative zero": "-0.0",
    "empty string": '""',
    "spaces": '"  \\t\\n "',
    "long string": json.dumps("x" * 400_000),
    "control characters": json.dumps("\0\x01\x7f\x85"),
    "raw control characters": '"\x01"',
    "half an emoji": '"\\ud83d"',
    "two halves the wrong way round": '"\\ude00\\ud83d"',
    "invisible": '"\u200b\u2060\ufeff"',
    "right to left": '"\u202e\u2067x"',
    "quotes": json.dumps('"\\' * 500),
    "empty list": "[]",
    "list of zeros": "[" + ",".join("0" * 500) + "]",
    "list of nulls": "[null, null]",
    "list of objects": "[" + ",".join(["{}"] * 200) + "]",
    "list of lists": "[[[]]]",
    "empty object": "{}",
    "many keys": "{" + ",".join(f'"k{n}": {n}' for n in range(500)) + "}",
    "empty key": '{"": ""}',
    "long key": json.dumps({"k" * 5_000: 1}),
    "odd keys": json.dumps({"[key]": 1, "<one>": 1, "__proto__": 1, "é\0😀": 1}),
    "nested lists": "[" * 150 + "]" * 150,
    "nested objects": '{"type":' * 150 + "0" + "}" * 150,
    "nested too deeply": "[" * 5_000,
    "twice the same key": '{"type": "text", "type": 5, "text": []}',
    "part of no kind": '[{"text": "x"}]',
    "part of two kinds": '[{"type": "text", "image_url": {}}]',
    "part of an odd kind": '[{"type": "\\u0000"}, {"type": []}]',
    "true": "true",
    "broken": "{",
}
"""What to put where something else is expected, as JSON or nearly."""

_MARK: Final = "\ue000"


def bodies(operation_id: str) -> Iterator[tuple[str, str]]:
    """Yield bodies for an operation, each with what is hostile in it."""
    for name, marked in marked_bodies(operation_id):
        for what, value in VALUES.items():
            yield f"{what} in {name}", with_value(marked, value)


def marked_bodies(operation_id: str) -> Iterator[tuple[str, Json]]:
    """Yield the document's examples of a body with a mark in place of one of their parts."""
    for sample in examples.requests_of(operation_id).values():
        yield from _with_mark(sample)


def with_value(marked: Json, value: str) -> str:
    """Return the JSON of a marked body with a value, as JSON or nearly, in place of the mark."""
    return json.dumps(marked).replace(json.dumps(_MARK), value)


def operations_with_body() -> list[Operation]:
    """Return each operation that takes a body."""
    return [each for each in operations() if "requestBody" in each.said]


def _with_mark(value: Json, name: str = "the body") -> Iterator[tuple[str, Json]]:
    """Yield copies of a value with a mark in place of each of its parts, and beside them."""
    yield name, _MARK
    if isinstance(value, dict):
        yield f"an unknown field of {name}", {**value, "unknown": _MARK}
        for field, inner in value.items():
            for place, marked in _with_mark(inner, f"{name}.{field}"):
                yield place, {**value, field: marked}
    elif isinstance(value, list) and value:
        for place, marked in _with_mark(value[0], f"{name}[0]"):
            yield place, [marked, *value[1:]]


def _filled(unit: str, size: int) -> str:
    """Return a list of as many units as fit."""
    return "[" + ",".join([unit] * (size // (len(unit.encode()) + 1) - 1)) + "]"


def _keys(value: str, size: int) -> str:
    number = size // (len(value) + 9)
    return "{" + ",".join(f'"{n:05x}":{value}' for n in range(number)) + "}"


def large(size: int) -> Iterator[tuple[str, str]]:
    """Yield values of about so many bytes of JSON that are expensive to read."""
    yield "zeros", _filled("0", size)
    yield "floats", _filled("1.5", size)
    yield "integers beyond 64 bits", _filled(str(2**70), size)
    yield "integers of 4,000 digits", _filled("9" * 4_000, size)
    yield "an integer", "9" * size
    yield "empty strings", _filled('""', size)
    yield "emoji", _filled('"😀"', size)
    yield "an emoji text", '"' + "😀" * (size // 4) + '"'
    yield "escapes", '"' + "\\u0001" * (size // 6) + '"'
    yield "quotes", '"' + '\\"' * (size // 2) + '"'
    yield "commas", '"' + "a," * (size // 2) + '"'
    yield "empty lists", _filled("[]", size)
    yield "empty objects", _filled("{}", size)
    yield "objects", _filled('{"":0}', size)
    yield "parts", _filled('{"type":"text","text":""}', size)
    yield "parts of no kind", _filled('{"type":0}', size)
    yield "images without an address", _filled('{"type":"input_image"}', size)
    yield "messages", _filled('{"role":"user","content":"x"}', size)
    yield "messages without a role", _filled('{"content":""}', size)
    yield "keys", _keys("0", size)
    yield "keys of objects", _keys("{}", size)
    yield "the same key", "{" + '"a":0,' * (size // 7) + '"a":0}'
    yield "towers of lists", _filled("[" * 150 + "]" * 150, size)
    yield "towers of objects", _filled('{"":' * 150 + "0" + "}" * 150, size)
    yield "nested", "[" * size
