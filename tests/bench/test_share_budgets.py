"""The budget of share links, counted at the DynamoDB client: the same at 10 and 10,000 messages."""

from collections.abc import Iterator

import pytest

from tests.bench.test_budgets import FULL, MESSAGE, Bench
from tests.support.client import Client
from tests.support.functions import dispatch
from tests.support.in_process import emulated


@pytest.fixture(scope="module", params=[10, FULL])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    with emulated():
        yield Bench(request.param)


def test_create_a_link(bench: Bench) -> None:
    cost = bench.measure(lambda: bench.client.post(f"{bench.path}/share"))
    assert (cost.round_trips, cost.writes, cost.reads) == (2, 5, 1)


def test_create_a_link_to_a_message_with_its_context(bench: Bench) -> None:
    item_id = bench.client.get(f"{bench.path}/items").body["first_id"]
    path = f"{bench.path}/items/{item_id}/share"
    cost = bench.measure(lambda: bench.client.post(path, {"include_context": True}))
    assert (cost.round_trips, cost.writes) == (2, 5)
    assert cost.reads <= 3


@pytest.mark.parametrize("form", ["json", "html"])
def test_open_a_link_20_messages(bench: Bench, form: str) -> None:
    share_id = bench.client.post(f"{bench.path}/share").body["share_id"]
    anyone = Client(dispatch, None)
    cost = bench.measure(lambda: anyone.get(f"/conversations/share/{share_id}", format=form))
    assert (cost.round_trips, cost.writes) == (2, 0)
    assert cost.reads <= 4


def test_open_a_link_whose_message_was_edited_since(bench: Bench) -> None:
    path = f"/v1/conversations/{bench.fill(20)}"
    items = bench.client.get(f"{path}/items").body["data"]
    for n in range(5):
        bench.client.put(f"{path}/items/{items[4]['id']}/edit", {"content": f"{n}" * 500})
    share_id = bench.client.post(f"{path}/share").body["share_id"]
    anyone = Client(dispatch, None)
    before = bench.measure(lambda: anyone.get(f"/conversations/share/{share_id}"))
    for item in items[4:6]:
        bench.client.put(f"{path}/items/{item['id']}/edit", {"content": "y" * 500})
    cost = bench.measure(lambda: anyone.get(f"/conversations/share/{share_id}"))
    assert cost.round_trips == 3
    assert cost.reads <= before.reads + 2


def test_open_a_link_to_a_message(bench: Bench) -> None:
    item_id = bench.client.post(f"{bench.path}/items", MESSAGE).body["id"]
    path = f"{bench.path}/items/{item_id}/share"
    share_id = bench.client.post(path, {"include_context": True}).body["share_id"]
    anyone = Client(dispatch, None)
    cost = bench.measure(lambda: anyone.get(f"/conversations/share/{share_id}"))
    assert (cost.round_trips, cost.writes) == (2, 0)
    assert cost.reads <= 4


def test_revoke_a_link(bench: Bench) -> None:
    share_id = bench.client.post(f"{bench.path}/share").body["share_id"]
    cost = bench.measure(lambda: bench.client.delete(f"{bench.path}/share/{share_id}"))
    assert (cost.round_trips, cost.reads) == (1, 0)
    assert cost.writes <= 7
