"""The budget of each request, counted at the DynamoDB client: the same at 10 and 10,000 messages.

A number here grows only with an ADR. ``make bench`` prints what each request cost.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from colloquy import wiring
from colloquy.domain import ids
from colloquy.domain.conversation import Conversation
from colloquy.domain.item import ItemDraft
from colloquy.services.items import items_from
from colloquy.store.rows import Row, conversation_to_row, encode, item_to_row
from tests.support.capacity import Cost, Meter
from tests.support.client import Client, Reply
from tests.support.functions import dispatch
from tests.support.in_process import emulated, new_client
from tests.support.model import ModelServer, says, serving

FULL = 9_990
"""As good as the 10,000 a conversation takes, with room for what the tests append."""

NAME = "ConversationsTable"
OWNER = "user_2abcdefghijklmnopqrstuvwxyz"
MESSAGE = {"role": "user", "content": "x" * 500}
MESSAGE_DRAFT = ItemDraft(role="user", content="x" * 500)


class Bench:
    """A conversation of so many messages in an empty table, and a meter on its client."""

    def __init__(self, messages: int) -> None:
        self._looker = new_client()
        self.client = Client(dispatch, OWNER)
        self.project = self.client.post("/v1/projects", {"title": "A project"}).body["id"]
        self.path = f"/v1/conversations/{self.fill(messages)}"
        self.meter = Meter(wiring.table()._client, self._looker, NAME)

    def measure(self, call: Callable[[], Reply]) -> Cost:
        """Return what a call cost; it must succeed."""
        with self.meter.measuring() as cost:
            reply = call()
        assert reply.status < 300, reply.text
        names = [name for name, _, _ in cost.calls]
        print(  # noqa: T201 - what `make bench` is for
            f"{cost.round_trips} round trips, {cost.writes} write and {cost.reads} read units: "
            f"{', '.join(names)}"
        )
        return cost

    def fill(self, messages: int) -> str:
        """Return the id of a new conversation of so many messages."""
        now = datetime.now(UTC)
        conversation = Conversation(
            id=ids.mint(ids.CONVERSATION, now),
            owner_id=OWNER,
            title="A title",
            title_source="user",
            created_at=now,
            updated_at=now,
        )
        minted = ids.mint_many(ids.ITEM, now, messages)
        items = items_from([MESSAGE_DRAFT] * messages, conversation.id, minted, now)
        header = replace(conversation, item_count=messages, newest_item=minted[-1])
        self.write([conversation_to_row(header), *(item_to_row(OWNER, item) for item in items)])
        return conversation.id

    def write(self, found: Iterable[Row]) -> None:
        """Write rows as they are, past the API: a fake transaction copies its whole table."""
        batch: list[Any] = []
        for row in found:
            batch.append({"PutRequest": {"Item": encode(row)}})
            if len(batch) == 25:
                self._looker.batch_write_item(RequestItems={NAME: batch})
                batch = []
        if batch:
            self._looker.batch_write_item(RequestItems={NAME: batch})


@pytest.fixture(scope="module", params=[10, FULL])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    with emulated():
        yield Bench(request.param)


def test_create_a_conversation(bench: Bench) -> None:
    cost = bench.measure(lambda: bench.client.post("/v1/conversations", {"title": "A title"}))
    assert (cost.round_trips, cost.writes, cost.reads) == (1, 1, 0)


def test_create_a_conversation_in_a_project(bench: Bench) -> None:
    body = {"title": "A title", "project_id": bench.project}
    cost = bench.measure(lambda: bench.client.post("/v1/conversations", body))
    assert (cost.round_trips, cost.writes, cost.reads) == (1, 5, 0)


def test_append_a_message(bench: Bench) -> None:
    cost = bench.measure(lambda: bench.client.post(f"{bench.path}/items", MESSAGE))
    assert (cost.round_trips, cost.writes, cost.reads) == (1, 4, 0)


def test_append_to_a_filed_conversation_costs_no_more(bench: Bench) -> None:
    filed = bench.client.post("/v1/conversations", {"project_id": bench.project}).body["id"]
    path = f"/v1/conversations/{filed}/items"
    cost = bench.measure(lambda: bench.client.post(path, MESSAGE))
    assert (cost.round_trips, cost.writes, cost.reads) == (1, 4, 0)


def test_the_20_newest_messages(bench: Bench) -> None:
    cost = bench.measure(lambda: bench.client.get(f"{bench.path}/items"))
    assert (cost.round_trips, cost.writes) == (1, 0)
    assert cost.reads <= 6


def test_20_messages_after_a_cursor(bench: Bench) -> None:
    path = f"{bench.path}/items"
    first = bench.client.get(path, limit=2, order="asc").body["next_after"]
    cost = bench.measure(lambda: bench.client.get(path, after=first, order="asc"))
    assert (cost.round_trips, cost.writes) == (1, 0)
    assert cost.reads <= 6


def test_open_a_conversation_of_20_messages(bench: Bench) -> None:
    path = f"/v1/conversations/{bench.fill(20)}"
    cost = bench.measure(lambda: bench.client.get(path))
    assert (cost.round_trips, cost.writes) == (1, 0)
    assert cost.reads <= 6


def test_a_message_by_call_id(bench: Bench) -> None:
    bench.client.post(f"{bench.path}/items", MESSAGE | {"call_id": "call"})
    cost = bench.measure(lambda: bench.client.get(f"{bench.path}/items", call_id="call"))
    assert (cost.round_trips, cost.writes) == (2, 0)
    assert cost.reads <= 20


def test_list_20_of_1000_conversations(bench: Bench) -> None:
    now = datetime.now(UTC)
    bench.write(
        conversation_to_row(
            Conversation(
                id=some_id,
                owner_id=OWNER,
                title="What people call a conversation, in a line",
                title_source="user",
                item_count=1_234,
                newest_item=ids.mint(ids.ITEM, now),
                created_at=now,
                updated_at=now,
            )
        )
        for some_id in ids.mint_many(ids.CONVERSATION, now, 1_000)
    )
    cost = bench.measure(lambda: bench.client.get("/v1/conversations"))
    assert (cost.round_trips, cost.writes) == (1, 0)
    assert cost.reads <= 3


def test_edit_a_message(bench: Bench) -> None:
    item = bench.client.get(f"{bench.path}/items", limit=1).body["data"][0]["id"]
    path, body = f"{bench.path}/items/{item}/edit", {"content": "y" * 500}
    cost = bench.measure(lambda: bench.client.put(path, body))
    assert cost.round_trips == 2
    assert cost.writes <= 6
    assert cost.reads <= 2


def test_restore_a_version(bench: Bench) -> None:
    item = bench.client.get(f"{bench.path}/items", limit=1).body["data"][0]["id"]
    path = f"{bench.path}/items/{item}"
    bench.client.put(f"{path}/edit", {"content": "y" * 500})
    cost = bench.measure(lambda: bench.client.post(f"{path}/versions/1/restore"))
    assert (cost.round_trips, cost.writes) == (3, 6)
    assert cost.reads <= 3


def test_delete_a_message_that_was_edited(bench: Bench) -> None:
    item = bench.client.post(f"{bench.path}/items", MESSAGE).body["id"]
    path = f"{bench.path}/items/{item}"
    bench.client.put(f"{path}/edit", {"content": "y" * 500})
    cost = bench.measure(lambda: bench.client.delete(path))
    assert cost.round_trips == 2
    assert cost.writes <= 6
    assert cost.reads <= 2


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    """A model with the context a deployment gives it, that answers in 500 bytes."""
    table = {"m": {"id": "m", "context": 64_000}}
    with serving(says("x" * 500)) as server:
        monkeypatch.setenv("MODEL_PROVIDER", "openai")
        monkeypatch.setenv("MODEL_TABLE", json.dumps(table))
        monkeypatch.setenv("MODEL_BASE_URL", server.url)
        for made in (wiring.models, wiring.responses):
            made.cache_clear()
        yield server
    for made in (wiring.models, wiring.responses):
        made.cache_clear()


def test_a_response_of_a_model(bench: Bench, model: ModelServer) -> None:
    """Two messages written; read is what the model is given, in one page."""
    path = f"{bench.path}/responses"
    body = {"content": MESSAGE["content"]}
    cost = bench.measure(lambda: bench.client.post(path, body))
    assert (cost.round_trips, cost.writes) == (2, 6)
    assert cost.reads <= 150
    assert len(model.asked[0]["messages"]) <= 420
    key = {"Idempotency-Key": f"key-{bench.path}"}
    cost = bench.measure(lambda: bench.client.post(path, body, headers=key))
    assert (cost.round_trips, cost.writes) == (2, 8)
    cost = bench.measure(lambda: bench.client.post(path, body, headers=key))
    assert (cost.round_trips, cost.writes) == (2, 0)
    assert len(model.asked) == 2


def test_a_response_in_a_project_reads_its_instructions(bench: Bench, model: ModelServer) -> None:
    filed = bench.client.post("/v1/conversations", {"project_id": bench.project}).body["id"]
    path = f"/v1/conversations/{filed}/responses"
    cost = bench.measure(lambda: bench.client.post(path, {"content": MESSAGE["content"]}))
    assert (cost.round_trips, cost.writes) == (3, 6)
    assert model.asked[0]["messages"][-1]["content"] == MESSAGE["content"]


def test_bulk_delete_100(bench: Bench) -> None:
    now = datetime.now(UTC)
    doomed = ids.mint_many(ids.CONVERSATION, now, 100)
    bench.write(
        conversation_to_row(
            Conversation(
                id=some_id, owner_id=OWNER, title="A title", created_at=now, updated_at=now
            )
        )
        for some_id in doomed
    )
    body = {"conversation_ids": doomed}
    cost = bench.measure(lambda: bench.client.post("/v1/conversations/bulk-delete", body))
    assert (cost.round_trips, cost.writes) == (2, 100)
    assert cost.reads <= 100


def test_delete_a_conversation(bench: Bench) -> None:
    path = f"/v1/conversations/{bench.fill(5)}"
    cost = bench.measure(lambda: bench.client.delete(path))
    assert (cost.round_trips, cost.writes, cost.reads) == (1, 1, 0)
