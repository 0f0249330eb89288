"""What exports and imports cost, counted at the DynamoDB client."""

import json
from collections.abc import Iterator

import pytest

from tests.bench.test_budgets import Bench
from tests.support.in_process import emulated

MESSAGES = 100
_HALVES = (slice(MESSAGES // 2), slice(MESSAGES // 2, None))


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with emulated():
        yield Bench(MESSAGES)


def test_an_export_costs_what_is_read(bench: Bench) -> None:
    cost = bench.measure(lambda: bench.client.get(f"{bench.path}/export"))
    # 100 rows of some 800 bytes, 4 KB to a unit, and the header.
    assert (cost.round_trips, cost.writes) == (1, 0)
    assert cost.reads <= 25


def test_an_import_writes_each_message_once(bench: Bench) -> None:
    document = bench.client.get(f"{bench.path}/export").text
    cost = bench.measure(
        lambda: bench.client.request("POST", "/v1/conversations/import", raw=document)
    )
    # The note with its entry in the index, four batches side by side, and the header.
    assert (cost.round_trips, cost.reads) == (3, 0)
    assert cost.writes <= MESSAGES + 8


def test_a_later_part_costs_two_round_trips_more_than_its_messages(bench: Bench) -> None:
    document = json.loads(bench.client.get(f"{bench.path}/export").text)
    first, last = ({**document, "items": document["items"][part]} for part in _HALVES)
    first["next_after"] = last["after"] = first["items"][-1]["id"]
    import_id = bench.client.post("/v1/conversations/import", first).body["id"]
    cost = bench.measure(
        lambda: bench.client.post("/v1/conversations/import", last, import_id=import_id)
    )
    assert (cost.round_trips, cost.reads) == (3, 0)
    assert cost.writes <= MESSAGES / 2 + 10
