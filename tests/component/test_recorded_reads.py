"""An owner reads what the owner has just written: every read is strongly consistent."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from colloquy import wiring
from tests.support.client import Client
from tests.support.exports import exported, imported

READS = {"GetItem", "Query", "BatchGetItem"}
HELLO = {"role": "user", "content": "Hello", "call_id": "call"}
KEY = {"Idempotency-Key": "key"}


@pytest.fixture
def reads(alice: Client) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """Every read that is sent to DynamoDB, by operation."""
    found: list[tuple[str, dict[str, Any]]] = []
    alice.get("/v1/conversations")  # makes the client
    events = wiring.table()._client.meta.events

    def record(params: dict[str, Any], model: Any, **_: Any) -> None:
        if model.name in READS:
            found.append((model.name, params))

    events.register("provide-client-params.dynamodb.*", record)
    yield found
    events.unregister("provide-client-params.dynamodb.*", record)


def is_consistent(operation: str, params: dict[str, Any]) -> bool:
    if operation == "BatchGetItem":
        return all(each.get("ConsistentRead") is True for each in params["RequestItems"].values())
    # An index cannot be read consistently: what it names is read from the table after it.
    return "IndexName" in params or params.get("ConsistentRead") is True


def everything(alice: Client) -> None:
    """Call every endpoint of an owner's that reads."""
    project = alice.post("/v1/projects", {"title": "P"}).body["id"]
    body = {"items": [HELLO, HELLO], "project_id": project}
    conversation_id = alice.post("/v1/conversations", body).body["id"]
    path = f"/v1/conversations/{conversation_id}"
    item = f"{path}/items/{alice.get(path).body['items'][0]['id']}"
    gets: list[Callable[[], Any]] = [
        lambda: alice.get("/v1/conversations"),
        lambda: alice.get(f"/v1/projects/{project}/conversations"),
        lambda: alice.get("/v1/projects"),
        lambda: alice.get(f"/v1/projects/{project}"),
        lambda: alice.get(f"{path}/items"),
        lambda: alice.get(f"{path}/items", call_id="call"),
        lambda: alice.get(item),
        lambda: alice.post(path, {"title": "T"}, headers=KEY),
        lambda: alice.patch(path, {"project_id": project}),
        lambda: alice.put(f"{item}/edit", {"content": "Again"}),
        lambda: alice.get(f"{item}/versions"),
        lambda: alice.post(f"{item}/versions/1/restore"),
        lambda: alice.post(f"{path}/share", {}),
        lambda: alice.post(f"{item}/share", {"include_context": True}),
        lambda: alice.get(f"{path}/shares"),
        lambda: alice.get("/v1/shares"),
        lambda: alice.delete(item),
    ]
    for call in gets:
        assert call().status < 300
    imported(alice, exported(alice, conversation_id))
    alice.post("/v1/conversations/bulk-delete", {"conversation_ids": [conversation_id]})
    assert alice.delete("/v1/conversations").status == 200


def test_an_owners_reads_are_strongly_consistent(
    alice: Client, reads: list[tuple[str, dict[str, Any]]]
) -> None:
    everything(alice)

    assert {operation for operation, _ in reads} == READS
    assert [each for each in reads if not is_consistent(*each)] == []
