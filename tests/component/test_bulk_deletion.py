"""Deleting many conversations in one request, from event to rows."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from colloquy import wiring
from colloquy.services import deletion
from tests.support.client import Client, Reply
from tests.support.faults import Faulty, Killed
from tests.support.rows import Rows

SignIn = Callable[[str], Client]
BULK = "/v1/conversations/bulk-delete"


def create(client: Client, count: int, **body: Any) -> list[str]:
    replies = [client.post("/v1/conversations", body) for _ in range(count)]
    return [reply.body["id"] for reply in replies]


def bulk(client: Client, ids: list[str], **more: Any) -> Reply:
    return client.post(BULK, {"conversation_ids": ids}, **more)


def test_the_guides_three_are_deleted(alice: Client) -> None:
    reply = bulk(alice, create(alice, 3))

    assert reply.status == 200
    assert reply.body == {"deleted_count": 3, "failed_count": 0, "failed_ids": []}
    assert alice.get("/v1/conversations").body["data"] == []


def test_what_is_gone_is_gone_for_every_reader(alice: Client) -> None:
    (gone,) = create(alice, 1, items=[{"role": "user", "content": "hello", "call_id": "c"}])
    item = alice.get(f"/v1/conversations/{gone}").body["items"][0]["id"]

    bulk(alice, [gone])

    for path in ("", "/items", f"/items/{item}"):
        assert alice.get(f"/v1/conversations/{gone}{path}").status == 404
    body = {"role": "user", "content": "again"}
    assert alice.post(f"/v1/conversations/{gone}/items", body).status == 404
    assert alice.patch(f"/v1/conversations/{gone}", {"title": "x"}).status == 404


def test_absent_foreign_and_malformed_ids_have_failed_in_the_order_sent(
    alice: Client, bob: Client
) -> None:
    mine, others = create(alice, 2), create(bob, 1)
    absent = "conv_00000000000000000000000000"
    sent = ["nonsense", mine[0], others[0], absent, "nonsense", mine[1], mine[0], "proj_1#", ""]

    reply = bulk(alice, sent)

    failed = ["nonsense", others[0], absent, "proj_1#", ""]
    assert reply.status == 200
    assert reply.body == {"deleted_count": 2, "failed_count": 5, "failed_ids": failed}
    assert bob.get(f"/v1/conversations/{others[0]}").status == 200


def test_a_second_time_all_have_failed(alice: Client, rows: Rows) -> None:
    ids, (kept,) = create(alice, 2), create(alice, 1)
    bulk(alice, ids)

    assert bulk(alice, ids).body == {"deleted_count": 0, "failed_count": 2, "failed_ids": ids}
    assert [row["id"] for row in rows.of_type("conversation")] == [kept]


def test_a_hundred_take_one_read_and_four_writes(faulty: Faulty, alice: Client, rows: Rows) -> None:
    ids = create(alice, 100)
    faulty.calls.clear()

    reply = bulk(alice, [*ids, *ids])

    assert reply.body["deleted_count"] == 100
    assert faulty.calls == {"batch_get_item": 1, "batch_write_item": 4}
    assert rows.all() == []


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({}, "missing_required", "conversation_ids"),
        ({"conversation_ids": []}, "below_min", "conversation_ids"),
        ({"conversation_ids": "conv_1"}, "invalid_value", "conversation_ids"),
        ({"conversation_ids": None}, "invalid_value", "conversation_ids"),
        ({"conversation_ids": ["a", 5]}, "invalid_value", "conversation_ids[1]"),
        ({"conversation_ids": [str(n) for n in range(101)]}, "above_max", "conversation_ids"),
        ({"conversation_ids": ["a"], "force": True}, "unknown_parameter", "force"),
        ({"ids": ["a"]}, "unknown_parameter", "ids"),
    ],
)
def test_a_body_that_cannot_succeed_is_refused_by_name(
    alice: Client, body: dict[str, Any], code: str, param: str
) -> None:
    reply = alice.post(BULK, body)
    assert (reply.status, reply.error["code"], reply.error["param"]) == (400, code, param)


def test_an_empty_body_names_what_is_missing(alice: Client) -> None:
    assert alice.post(BULK).status == 400


def test_the_same_key_gives_the_first_answer_again(alice: Client, rows: Rows) -> None:
    ids = [*create(alice, 2), "absent"]
    key = {"Idempotency-Key": "k1"}
    first = bulk(alice, ids, headers=key)
    before = rows.all()

    again = bulk(alice, ids, headers=key)

    assert (first.body["deleted_count"], first.body["failed_ids"]) == (2, ["absent"])
    assert (again.status, again.body) == (first.status, first.body)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert rows.all() == before
    assert bulk(alice, ids[:1], headers=key).error["code"] == "idempotency_mismatch"


def test_a_repetition_finishes_what_a_dead_process_began(
    faulty: Faulty, alice: Client, rows: Rows
) -> None:
    ids = create(alice, 30)
    key = {"Idempotency-Key": "k1"}
    faulty.kill_after = 1
    with pytest.raises(Killed):
        bulk(alice, ids, headers=key)
    left = len(rows.of_type("conversation"))
    assert 0 < left < 30

    faulty.kill_after = None
    reply = bulk(alice, ids, headers=key)

    assert reply.body == {"deleted_count": 30, "failed_count": 0, "failed_ids": []}
    assert reply.headers["idempotent-replayed"] == "true"
    assert rows.of_type("conversation") == []


def test_two_at_once_harm_nothing_and_both_say_what_is_gone(alice: Client, rows: Rows) -> None:
    ids, (kept,) = create(alice, 40), create(alice, 1)
    service = wiring.deletions()

    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(lambda _: service.delete_many("alice", ids).value, range(2))

    for result in (one, two):
        assert sorted(result.deleted + result.failed) == sorted(ids)
    assert set(one.deleted) | set(two.deleted) == set(ids)
    assert [row["id"] for row in rows.of_type("conversation")] == [kept]


def test_throttling_and_unprocessed_items_are_tried_again(
    faulty: Faulty, alice: Client, bob: Client, rows: Rows
) -> None:
    ids, others = create(alice, 99), create(bob, 1)
    faulty.rate = 0.3

    # The calls are few: several requests, so that some meet a failure.
    for start in range(0, 99, 9):
        named = ids[start : start + 9]
        reply = bulk(alice, [*named, "absent"], headers={"Idempotency-Key": f"k{start}"})
        assert reply.body == {"deleted_count": 9, "failed_count": 1, "failed_ids": ["absent"]}

    assert faulty.failures["batch_write_item"] > 0
    assert [row["id"] for row in rows.of_type("conversation")] == others


def test_what_is_refused_to_the_end_has_failed(
    faulty: Faulty, alice: Client, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = create(alice, 30)
    monkeypatch.setattr(deletion, "_BULK_SECONDS", 0.2)
    monkeypatch.setattr(faulty, "batch_write_item", lambda **asked: unprocessed(asked))

    reply = bulk(alice, ids, headers={"Idempotency-Key": "k"})

    assert reply.status == 200
    assert reply.body == {"deleted_count": 0, "failed_count": 30, "failed_ids": ids}
    # The same key gives the same answer, although the table has come to itself.
    monkeypatch.undo()
    assert bulk(alice, ids, headers={"Idempotency-Key": "k"}).body == reply.body
    assert len(rows.of_type("conversation")) == 30


def test_a_table_that_cannot_be_read_is_a_503_and_nothing_is_changed(
    faulty: Faulty, alice: Client, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = create(alice, 1)
    monkeypatch.setattr(deletion, "_BULK_SECONDS", 0.2)
    faulty.refused = {"batch_get_item"}

    reply = bulk(alice, ids)

    assert (reply.status, reply.error["code"]) == (503, "unavailable")
    assert len(rows.of_type("conversation")) == 1


def test_all_of_the_callers_conversations_are_deleted(
    alice: Client, bob: Client, rows: Rows
) -> None:
    project = alice.post("/v1/projects", {"title": "Kept"}).body["id"]
    create(alice, 2, project_id=project)
    archived = create(alice, 1)[0]
    alice.patch(f"/v1/conversations/{archived}", {"archived": True})
    kept = create(bob, 1)

    reply = alice.delete("/v1/conversations")

    assert reply.status == 200
    expected = {"object": "conversations.deleted", "deleted": True, "deleted_count": 3}
    assert reply.body == expected
    assert alice.delete("/v1/conversations").body["deleted_count"] == 0
    assert [row["id"] for row in rows.of_type("conversation")] == kept
    assert alice.get(f"/v1/projects/{project}").status == 200


def test_all_means_all_pages(alice: Client, rows: Rows) -> None:
    # A Query page ends at 1 MB: these take several.
    metadata = {f"{n:02}": "é" * 512 for n in range(16)}
    create(alice, 80, metadata=metadata)

    assert alice.delete("/v1/conversations").body["deleted_count"] == 80
    assert rows.all() == []


def test_more_than_one_request_can_delete_is_said_and_goes_on(
    alice: Client, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(alice, 80, metadata={f"{n:02}": "é" * 512 for n in range(16)})
    with monkeypatch.context() as patch:
        patch.setattr(deletion, "_ALL_SECONDS", 0.0)
        reply = alice.delete("/v1/conversations")

    left = len(rows.of_type("conversation"))
    assert (reply.status, reply.error["code"]) == (503, "unavailable")
    assert reply.headers["retry-after"] == "1"
    assert f"{80 - left} of your conversations were deleted" in reply.error["message"]
    assert alice.delete("/v1/conversations").body["deleted_count"] == left


def test_all_are_deleted_through_throttling(faulty: Faulty, alice: Client, rows: Rows) -> None:
    create(alice, 120)
    faulty.rate = 0.3

    assert alice.delete("/v1/conversations").body["deleted_count"] == 120
    assert faulty.failures["batch_write_item"] > 0
    assert rows.all() == []


def test_deleting_is_measured(alice: Client, capsys: pytest.CaptureFixture[str]) -> None:
    ids = create(alice, 4)
    capsys.readouterr()
    alice.delete(f"/v1/conversations/{ids[0]}")
    bulk(alice, ids[:2])
    alice.delete("/v1/conversations")

    printed = capsys.readouterr().out
    counts = [line for line in printed.splitlines() if '"ConversationsDeleted":' in line]
    assert [count.rpartition("[")[2] for count in counts] == ["1.0]}", "1.0]}", "2.0]}"]


def test_a_projects_conversations_go_with_it_unless_they_have_left(
    alice: Client, rows: Rows
) -> None:
    project = alice.post("/v1/projects", {"title": "Mine"}).body["id"]
    create(alice, 30, project_id=project)
    moved = create(alice, 1, project_id=project)[0]
    alice.patch(f"/v1/conversations/{moved}", {"project_id": None})

    reply = alice.delete(f"/v1/projects/{project}", conversations="delete")

    assert reply.status == 204
    assert [row["id"] for row in rows.all()] == [moved]


def unprocessed(asked: dict[str, Any]) -> dict[str, Any]:
    return {"UnprocessedItems": asked["RequestItems"]}
