"""Bodies that are meant to break: none makes a 500, and none costs a second or 256 MB."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any

import pytest

from tests.support.client import Client, event_of
from tests.support.functions import ROOT, declared, module_of
from tests.support.hostile import bodies, large, marked_bodies, operations_with_body, with_value
from tests.support.reference import Operation

_NOBODYS = f"conv_{'0' * 26}"
_LARGE = 4_980_000
_DENSE = 700_000
"""Bytes that hold about as many values as a body may have."""
_STEP = 6
_OPERATIONS = operations_with_body()
_EACH = pytest.mark.parametrize("operation", _OPERATIONS, ids=lambda each: each.id)


@_EACH
def test_no_body_makes_a_500(operation: Operation, alice: Client) -> None:
    refused = 0
    # The values are no multiple of three: each comes up in every third field.
    for what, raw in islice(bodies(operation.id), 0, None, 3):
        # The client holds every answer against the document: a 4xx is an envelope.
        reply = alice.request(operation.method, _path_of(operation), raw=raw)
        assert reply.status < 500, (what, reply.text)
        if reply.status >= 400:
            refused += 1
            assert len(reply.error["message"]) < 500, what
    assert refused > 10


@pytest.mark.skipif(sys.platform != "linux", reason="it measures memory by /proc")
@_EACH
def test_5_mb_are_answered_within_a_second_and_256_mb(operation: Operation) -> None:
    events = list(_costly_events(operation))
    route = next(r for r in declared().routes if r.key == f"{operation.method} {operation.path}")
    run = subprocess.run(
        [sys.executable, "-m", "tests.support.measured", module_of(route.function).__name__],
        cwd=ROOT,
        input="".join(f"{json.dumps(event)}\n" for event in events),
        capture_output=True,
        text=True,
        check=True,
    )
    measured = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(measured) == len(events) >= 8
    for event, each in zip(events, measured, strict=True):
        what = event["body"][:200]
        assert each["cpu"] < 1, (each, what)
        assert each["peak"] < 256, (each, what)
        # One that is valid finds no such thing, or no table.
        assert each["status"] in {400, 404, 413, 503}, (each, what)


def _costly_events(operation: Operation) -> Iterator[dict[str, Any]]:
    """Yield large bodies, each in another field; together the operations have them all."""
    fields = cycle(marked for _, marked in marked_bodies(operation.id))
    values = [*large(_LARGE), *large(_DENSE)]
    for _, value in values[_OPERATIONS.index(operation) % _STEP :: _STEP]:
        body = with_value(next(fields), value)
        yield event_of(operation.method, _path_of(operation), {}, {}, body, "alice")


def _path_of(operation: Operation) -> str:
    return re.sub(r"\{\w+\}", _NOBODYS, operation.path)


def test_too_many_entries_are_counted_and_not_looked_at(alice: Client) -> None:
    for entries in (2_400_000, 20_000):
        raw = f'{{"conversation_ids":[{",".join("0" * entries)}]}}'
        reply = alice.post("/v1/conversations/bulk-delete", raw=raw)
        assert (reply.status, reply.error["code"]) == (400, "above_max")
        assert reply.error["param"] == "conversation_ids"
    reply = alice.post("/v1/conversations", {"items": [{"role": "nobody"}] * 21})
    assert reply.error["message"] == "'items' may have at most 20 entries."
    reply = alice.post("/v1/conversations", {"metadata": {str(n): n for n in range(17)}})
    assert reply.error["message"] == "'metadata' may have at most 16 entries."


def test_one_of_very_many_unknown_fields_is_named(alice: Client) -> None:
    reply = alice.post("/v1/projects", {"name": "x", **{f"k{n}": n for n in range(200_000)}})
    assert (reply.status, reply.error["code"]) == (400, "unknown_parameter")
    assert reply.error["param"] == "k0"


def test_commas_and_brackets_in_a_text_are_no_values(alice: Client) -> None:
    path = f"/v1/conversations/{alice.post('/v1/conversations').body['id']}/items"
    text = '[{"a", \\ ' * 25_000
    items = [{"role": "user", "content": text}] * 10
    assert alice.post(path, {"items": items}).status == 201


def test_a_client_ids_of_any_length_have_failed_and_nothing_else(alice: Client) -> None:
    there = alice.post("/v1/conversations").body["id"]
    odd = ["", "x" * 3_000, "\0", "😀" * 256, there.upper()]
    reply = alice.post("/v1/conversations/bulk-delete", {"conversation_ids": [*odd, there]})
    assert reply.body == {"deleted_count": 1, "failed_count": 5, "failed_ids": odd}

    # They would not fit an answer as they are: each quote travels as four bytes.
    quotes = ['"' * 40_000 + str(n) for n in range(60)]
    reply = alice.post("/v1/conversations/bulk-delete", {"conversation_ids": quotes})
    assert reply.body["failed_count"] == 60
    assert reply.body["failed_ids"][0] == '"' * 256
