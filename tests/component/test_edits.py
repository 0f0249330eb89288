"""Messages that change: edited in place, with every text they had, restored, deleted."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import pytest

from colloquy import wiring
from colloquy.domain.ids import ITEM, mint_many
from tests.support.client import Client, Reply
from tests.support.functions import handler_of
from tests.support.rows import Rows
from tests.support.streams import deliver

erase = handler_of("PurgeFunction")
ABSENT = "item_" + "0" * 26


@pytest.fixture
def path(alice: Client) -> str:
    """A conversation with a question, an answer, and a question."""
    items = [
        {"role": "user", "content": "One?", "call_id": "call-1", "metadata": {"k": "v"}},
        {"role": "assistant", "content": "Two."},
        {"role": "user", "content": "Three?"},
    ]
    return f"/v1/conversations/{alice.post('/v1/conversations', {'items': items}).body['id']}"


def ids_of(alice: Client, path: str) -> list[str]:
    page = alice.get(f"{path}/items", order="asc", limit=100).body
    return [item["id"] for item in page["data"]]


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_an_edit_changes_the_message_in_its_place_and_no_other(
    alice: Client, path: str, method: str
) -> None:
    before = alice.get(path).body
    first, answered, last = before["items"]

    reply = alice.request(
        method, f"{path}/items/{first['id']}/edit", {"content": "Actually, let me rephrase that..."}
    )

    assert reply.status == 200
    edited = reply.body
    assert edited == first | {
        "content": "Actually, let me rephrase that...",
        "version": 2,
        "edited_at": edited["edited_at"],
    }
    assert edited["edited_at"] > first["created_at"]
    after = alice.get(path).body
    assert after["items"] == [edited, answered, last]
    assert after["item_count"] == 3
    assert after["updated_at"] == edited["edited_at"]
    assert reply.headers["etag"] == '"2"'
    assert alice.get(f"{path}/items", call_id="call-1").body["data"] == [edited]


def test_every_older_text_stays_readable_newest_first(alice: Client, path: str) -> None:
    item = ids_of(alice, path)[1]
    parts = [{"type": "output_text", "text": "2"}, {"type": "odd", "depth": {"n": 1.5}}]
    for content in ("2", parts, "zwei"):
        assert alice.put(f"{path}/items/{item}/edit", {"content": content}).status == 200

    listed = alice.get(f"{path}/items/{item}/versions").body

    assert [version["content"] for version in listed["data"]] == ["zwei", parts, "2", "Two."]
    assert [version["version"] for version in listed["data"]] == [4, 3, 2, 1]
    assert [version["current"] for version in listed["data"]] == [True, False, False, False]
    times = [version["created_at"] for version in listed["data"]]
    assert times == sorted(times, reverse=True)
    assert times[3] == alice.get(f"{path}/items/{item}").body["created_at"]
    assert list(listed["data"][0]) == ["version", "content", "model", "created_at", "current"]
    assert (listed["object"], listed["has_more"], listed["next_after"]) == ("list", False, None)


def test_versions_come_in_pages_that_neither_repeat_nor_miss(alice: Client, path: str) -> None:
    item = ids_of(alice, path)[0]
    for number in range(2, 12):
        alice.put(f"{path}/items/{item}/edit", {"content": f"text {number}"})
    seen: list[int] = []
    after: dict[str, Any] = {}
    while True:
        page = alice.get(f"{path}/items/{item}/versions", limit=4, **after).body
        seen += [version["version"] for version in page["data"]]
        if not page["has_more"]:
            break
        after = {"after": page["next_after"]}
        # Written between two pages: newer than the cursor, so not in what follows.
        alice.put(f"{path}/items/{item}/edit", {"content": "newer"})
    assert seen == list(range(11, 0, -1))


def test_a_message_that_was_never_edited_has_one_version(alice: Client, path: str) -> None:
    item = ids_of(alice, path)[0]
    listed = alice.get(f"{path}/items/{item}/versions").body
    assert [(each["version"], each["current"]) for each in listed["data"]] == [(1, True)]


@pytest.mark.parametrize("cursor", ["", "0", "x", "-1", "1.0", "1234567", "item_1", "01"])
def test_a_cursor_that_is_no_versions_number_is_refused(
    alice: Client, path: str, cursor: str
) -> None:
    item = ids_of(alice, path)[0]
    reply = alice.get(f"{path}/items/{item}/versions", after=cursor)
    assert (reply.status, reply.error["code"]) == (400, "invalid_cursor")


def test_a_restored_version_is_a_new_version_with_that_text(alice: Client, path: str) -> None:
    item = f"{path}/items/{ids_of(alice, path)[1]}"
    alice.put(f"{item}/edit", {"content": "2"})

    restored = alice.post(f"{item}/versions/1/restore")

    assert restored.status == 200
    assert (restored.body["content"], restored.body["version"]) == ("Two.", 3)
    texts = [each["content"] for each in alice.get(f"{item}/versions").body["data"]]
    assert texts == ["Two.", "2", "Two."]
    # The current one may be restored too: it becomes a version of its own.
    assert alice.post(f"{item}/versions/3/restore").body["version"] == 4


@pytest.mark.parametrize(
    "version",
    ["0", "2", "999999", "x", "-1", "01", "1 ", "000001", "\u0661", "12345678901234567890"],
)
def test_a_version_that_never_was_cannot_be_restored(
    alice: Client, path: str, version: str
) -> None:
    item = f"{path}/items/{ids_of(alice, path)[1]}"
    reply = alice.post(f"{item}/versions/{version}/restore")
    assert (reply.status, reply.error["code"]) == (404, "not_found")
    assert alice.get(item).body["version"] == 1


def test_a_stale_if_match_changes_nothing(alice: Client, path: str) -> None:
    item = f"{path}/items/{ids_of(alice, path)[1]}"
    seen = {"If-Match": alice.get(item).headers["etag"]}
    assert alice.put(f"{item}/edit", {"content": "2"}, headers=seen).status == 200
    for call in (alice.put, alice.post):
        reply = call(f"{item}/edit", {"content": "lost"}, headers=seen)
        assert (reply.status, reply.error["code"]) == (412, "precondition_failed")
    assert alice.delete(item, headers=seen).status == 412
    assert alice.get(item).body["content"] == "2"
    fresh = {"If-Match": alice.get(item).headers["etag"]}
    assert alice.delete(item, headers=fresh).status == 204


def test_of_two_editors_at_once_neither_loses_a_version(
    alice: Client, path: str, rows: Rows
) -> None:
    item = f"{path}/items/{ids_of(alice, path)[1]}"
    store = wiring.edits()._edits  # the race needs both to have read before a write
    both_have_read = threading.Barrier(2)
    first_reading = threading.local()
    read = store.read

    def read_together(*where: Any) -> Any:
        found = read(*where)
        if not getattr(first_reading, "done", False):
            first_reading.done = True
            both_have_read.wait(5)
        return found

    with patch.object(store, "read", read_together), ThreadPoolExecutor(2) as pool:
        # Powertools keeps one event per process: the service is called, not the handler.
        service = wiring.edits()
        conversation_id, item_id = path.rsplit("/", 1)[1], item.rsplit("/", 1)[1]
        done = [
            pool.submit(service.edit, "alice", conversation_id, item_id, text)
            for text in ("left", "right")
        ]
        versions = {each.result().value.version for each in done}

    assert versions == {2, 3}
    texts = [each["content"] for each in alice.get(f"{item}/versions").body["data"]]
    assert (sorted(texts[:2]), texts[2]) == (["left", "right"], "Two.")
    assert len(rows.of_type("version")) == 2


def test_with_if_match_the_later_of_two_editors_gets_412(alice: Client, path: str) -> None:
    service = wiring.edits()
    item = ids_of(alice, path)[1]
    conversation_id = path.rsplit("/", 1)[1]
    store = service._edits  # the other editor comes between reading and writing
    rewrite = store.rewrite

    def after_another(*args: Any) -> None:
        with patch.object(store, "rewrite", rewrite):
            service.edit("alice", conversation_id, item, "theirs")
        rewrite(*args)

    with patch.object(store, "rewrite", after_another):
        reply = alice.put(
            f"{path}/items/{item}/edit", {"content": "mine"}, headers={"If-Match": '"1"'}
        )
    assert reply.status == 412
    assert alice.get(f"{path}/items/{item}").body["content"] == "theirs"


def test_a_repeated_post_edits_once_and_answers_as_the_first_time(
    alice: Client, path: str, rows: Rows
) -> None:
    item = f"{path}/items/{ids_of(alice, path)[1]}"
    key = {"Idempotency-Key": "edit-1", "If-Match": '"1"'}
    first = alice.post(f"{item}/edit", {"content": "secret text"}, headers=key)
    alice.put(f"{item}/edit", {"content": "later"})

    again = alice.post(f"{item}/edit", {"content": "secret text"}, headers=key)

    assert (again.status, again.text) == (first.status, first.text)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["etag"] == first.headers["etag"]
    assert alice.get(item).body["version"] == 3
    assert "secret" not in str(rows.of_type("receipt"))
    other = alice.post(f"{item}/edit", {"content": "other"}, headers=key)
    assert (other.status, other.error["code"]) == (409, "idempotency_mismatch")


def test_a_stale_if_match_holds_with_an_idempotency_key_too(alice: Client, path: str) -> None:
    item = f"{path}/items/{ids_of(alice, path)[1]}"
    both = {"Idempotency-Key": "edit-1", "If-Match": '"7"'}
    assert alice.post(f"{item}/edit", {"content": "x"}, headers=both).status == 412
    assert alice.get(item).body["version"] == 1


def test_a_repeated_restore_restores_once(alice: Client, path: str) -> None:
    item = f"{path}/items/{ids_of(alice, path)[1]}"
    alice.put(f"{item}/edit", {"content": "2"})
    key = {"Idempotency-Key": "restore-1"}
    first = alice.post(f"{item}/versions/1/restore", headers=key)
    again = alice.post(f"{item}/versions/1/restore", headers=key)
    assert again.text == first.text
    assert again.headers["idempotent-replayed"] == "true"
    assert alice.get(item).body["version"] == 3


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({}, "missing_required", "content"),
        ({"content": ""}, "below_min", "content"),
        ({"content": []}, "below_min", "content"),
        ({"content": None}, "invalid_value", "content"),
        ({"content": "x", "role": "user"}, "unknown_parameter", "role"),
    ],
)
def test_an_edit_that_cannot_succeed_is_refused_by_name(
    alice: Client, path: str, body: dict[str, Any], code: str, param: str
) -> None:
    item = f"{path}/items/{ids_of(alice, path)[0]}"
    reply = alice.put(f"{item}/edit", body)
    assert (reply.status, reply.error["code"], reply.error["param"]) == (400, code, param)
    assert alice.get(item).body["version"] == 1


def test_an_edit_over_350_kb_is_a_clean_413(alice: Client, path: str) -> None:
    item = f"{path}/items/{ids_of(alice, path)[1]}"
    reply = alice.put(f"{item}/edit", {"content": "ü" * 180_000})
    assert (reply.status, reply.error["code"]) == (413, "too_large")
    assert alice.put(f"{item}/edit", {"content": "ü" * 179_000}).status == 200
    assert alice.put(f"{item}/edit", {"content": "small again"}).body["version"] == 3


@pytest.mark.parametrize("change", ["edit", "delete"])
def test_a_changed_message_makes_the_conversations_etag_stale(
    alice: Client, path: str, change: str
) -> None:
    before = {"If-Match": alice.get(path).headers["etag"]}
    answer = f"{path}/items/{ids_of(alice, path)[-1]}"

    if change == "edit":
        alice.put(f"{answer}/edit", {"content": "again"})
    else:
        alice.delete(answer)

    assert alice.patch(path, {"title": "Mine"}, headers=before).status == 412
    assert alice.delete(path, headers=before).status == 412


def test_a_deleted_message_is_gone_and_the_others_stay_in_order(
    alice: Client, path: str, rows: Rows
) -> None:
    first, second, third = ids_of(alice, path)

    assert alice.delete(f"{path}/items/{first}").status == 204

    assert ids_of(alice, path) == [second, third]
    opened = alice.get(path).body
    assert opened["item_count"] == 2
    assert alice.delete(f"{path}/items/{first}").status == 404
    assert alice.get(f"{path}/items/{first}").status == 404
    assert alice.get(f"{path}/items/{first}/versions").status == 404
    assert alice.get(f"{path}/items", call_id="call-1").body["data"] == []
    assert rows.of_type("reference") == rows.of_type("lost_versions") == []


def test_after_the_last_message_is_deleted_the_next_comes_behind_where_it_was(
    alice: Client, path: str
) -> None:
    last = ids_of(alice, path)[-1]
    alice.delete(f"{path}/items/{last}")
    added = alice.post(f"{path}/items", {"role": "user", "content": "new"}).body["id"]
    assert added > last
    # A reader whose cursor is the deleted message misses nothing.
    page = alice.get(f"{path}/items", order="asc", after=last).body
    assert [item["id"] for item in page["data"]] == [added]


def test_a_deleted_messages_versions_vanish_with_it_and_are_erased_after(
    alice: Client, path: str, rows: Rows
) -> None:
    edited, other = ids_of(alice, path)[:2]
    conversation_id = path.rsplit("/", 1)[1]
    for item in (edited, other):
        alice.put(f"{path}/items/{item}/edit", {"content": "again"})
    add_versions(rows, conversation_id, edited, up_to=1_000)

    assert alice.delete(f"{path}/items/{edited}").status == 204

    assert alice.get(f"{path}/items/{edited}/versions").status == 404
    assert alice.post(f"{path}/items/{edited}/versions/1/restore").status == 404
    (note,) = rows.of_type("lost_versions")
    # Cut off in the middle, and told again: what is left is erased then.
    with patch.object(wiring.table()._client, "batch_write_item", dying_after(3)):
        assert deliver(erase, note) == ["1"]
    assert len(rows.of_type("lost_versions")) == 1
    for _ in range(2):
        assert deliver(erase, note) == []
    assert [row["item_id"] for row in rows.of_type("version")] == [other]
    assert rows.of_type("lost_versions") == []


def test_rows_dynamodb_leaves_unprocessed_are_erased_with_the_next_call(
    alice: Client, path: str, rows: Rows
) -> None:
    item = ids_of(alice, path)[0]
    alice.put(f"{path}/items/{item}/edit", {"content": "again"})
    alice.delete(f"{path}/items/{item}")
    (note,) = rows.of_type("lost_versions")
    with patch.object(wiring.table()._client, "batch_write_item", leaving_over()):
        assert deliver(erase, note) == []
    assert rows.of_type("version") == rows.of_type("lost_versions") == []


def test_a_message_deleted_while_it_is_edited_stays_deleted(alice: Client, path: str) -> None:
    item = ids_of(alice, path)[1]
    store = wiring.edits()._edits  # the deletion comes between read and write
    rewrite = store.rewrite

    def after_a_deletion(*args: Any) -> None:
        wiring.edits().delete("alice", path.rsplit("/", 1)[1], item)
        rewrite(*args)

    with patch.object(store, "rewrite", after_a_deletion):
        assert alice.put(f"{path}/items/{item}/edit", {"content": "late"}).status == 404
    assert len(ids_of(alice, path)) == 2
    assert alice.get(path).body["item_count"] == 2


def test_a_message_edited_while_it_is_deleted_goes_with_every_version(
    alice: Client, path: str, rows: Rows
) -> None:
    item = ids_of(alice, path)[1]
    store = wiring.edits()._edits  # the edit comes between read and write
    remove = store.remove

    def after_an_edit(*args: Any) -> None:
        with patch.object(store, "remove", remove):
            wiring.edits().edit("alice", path.rsplit("/", 1)[1], item, "meanwhile")
            remove(*args)

    with patch.object(store, "remove", after_an_edit):
        conflict = alice.delete(f"{path}/items/{item}", headers={"If-Match": '"1"'})
    assert conflict.status == 412
    tries = iter([after_an_edit, remove])

    def in_turn(*args: Any) -> None:
        next(tries)(*args)

    with patch.object(store, "remove", in_turn):
        assert alice.delete(f"{path}/items/{item}").status == 204
    assert alice.get(path).body["item_count"] == 2
    assert deliver(erase, *rows.of_type("lost_versions")) == []
    assert rows.of_type("version") == []


def test_changes_to_what_is_not_ones_own_look_like_changes_to_nothing(
    alice: Client, bob: Client, path: str
) -> None:
    item = ids_of(alice, path)[1]
    absent = "/v1/conversations/conv_" + "0" * 26

    def calls(client: Client, at: str, message: str) -> Iterator[Reply]:
        yield client.put(f"{at}/items/{message}/edit", {"content": "x"})
        yield client.post(f"{at}/items/{message}/edit", {"content": "x"})
        yield client.get(f"{at}/items/{message}/versions")
        yield client.post(f"{at}/items/{message}/versions/1/restore")
        yield client.delete(f"{at}/items/{message}")

    for foreign, never in zip(calls(bob, path, item), calls(bob, absent, item), strict=True):
        assert foreign.status == never.status == 404
        assert foreign.text == never.text
    for mistyped in (ABSENT, "item_1", "nonsense"):
        assert [each.status for each in calls(alice, path, mistyped)] == [404] * 5
    assert alice.get(f"{path}/items/{item}").body["version"] == 1


def test_a_message_may_be_named_as_msg(alice: Client, path: str) -> None:
    item = ids_of(alice, path)[1]
    named = item.replace("item_", "msg_")
    assert alice.put(f"{path}/items/{named}/edit", {"content": "x"}).body["id"] == item
    assert alice.delete(f"{path}/items/{named}").status == 204


def test_an_edit_in_the_middle_costs_the_same_in_a_long_conversation(
    alice: Client, path: str, rows: Rows
) -> None:
    """Counted at the client: what is asked, and what DynamoDB charges for what is written."""
    conversation_id = path.rsplit("/", 1)[1]

    def cost(item: str) -> list[tuple[str, int]]:
        calls: list[tuple[str, int]] = []
        client = wiring.table()._client  # every call goes through it

        def counted(name: str) -> Any:
            real = getattr(client, name)

            def call(**request: Any) -> Any:
                size = len(
                    request.get("TransactItems") or request["RequestItems"][rows.name]["Keys"]
                )
                calls.append((name, size))
                return real(**request)

            return patch.object(client, name, call)

        with counted("batch_get_item"), counted("transact_write_items"):
            assert alice.put(f"{path}/items/{item}/edit", {"content": "x" * 500}).status == 200
        return calls

    short = cost(ids_of(alice, path)[1])
    middle = add_items(rows, conversation_id, 2_000)[1_000]
    assert cost(middle) == short == [("batch_get_item", 2), ("transact_write_items", 3)]


def add_versions(rows: Rows, conversation_id: str, item_id: str, up_to: int) -> None:
    """Give a message that has two versions as many more as if it had been edited often."""
    partition = f"U#alice#C#{conversation_id}"
    versions = [
        {
            "PK": {"S": partition},
            "SK": {"S": f"V#{item_id}#{number:06}"},
            "type": {"S": "version"},
            "item_id": {"S": item_id},
            "version": {"N": str(number)},
            "content": {"S": "old"},
            "created_at": {"S": "2026-01-01T00:00:00.000000Z"},
        }
        for number in range(2, up_to)
    ]
    rows.put_encoded(versions)
    rows.client.update_item(
        TableName=rows.name,
        Key={"PK": {"S": partition}, "SK": {"S": f"I#0#{item_id}"}},
        UpdateExpression="SET version = :version",
        ExpressionAttributeValues={":version": {"N": str(up_to)}},
    )


def add_items(rows: Rows, conversation_id: str, count: int) -> list[str]:
    """Write messages behind the API's back, as appending so many takes long."""
    (header,) = rows.of_type("conversation")
    minted = mint_many(ITEM, datetime.now(UTC), count, after=header["newest_item"])
    items = [
        {
            "PK": {"S": f"U#alice#C#{conversation_id}"},
            "SK": {"S": f"I#0#{item_id}"},
            "type": {"S": "item"},
            "id": {"S": item_id},
            "conversation_id": {"S": conversation_id},
            "role": {"S": "user"},
            "content": {"S": "x" * 500},
            "version": {"N": "1"},
            "created_at": {"S": "2026-01-01T00:00:00.000000Z"},
        }
        for item_id in minted
    ]
    rows.put_encoded(items)
    return minted


def dying_after(calls: int) -> Callable[..., Any]:
    """Return a BatchWriteItem that does so many calls and then breaks off."""
    real = wiring.table()._client.batch_write_item
    left = iter(range(calls))

    def call(**request: Any) -> Any:
        if next(left, None) is None:
            raise TimeoutError("the function's time is up")
        return real(**request)

    return call


def leaving_over() -> Callable[..., Any]:
    """Return a BatchWriteItem that leaves all but one row over, as a busy DynamoDB may."""
    real = wiring.table()._client.batch_write_item
    refused: list[int] = []

    def call(**request: Any) -> Any:
        if not refused:
            refused.append(1)
            return {"UnprocessedItems": request["RequestItems"]}
        return real(**request)

    return call
