"""Erasing what is left of deleted conversations: from the table's stream to no rows."""

from collections.abc import Callable
from typing import Any

import pytest

from colloquy import wiring
from colloquy.store import erasure
from tests.support.client import Client, Context
from tests.support.faults import Faulty, Killed
from tests.support.functions import handler_of
from tests.support.rows import Rows
from tests.support.stream import Stream

SignIn = Callable[[str], Client]

lambda_handler = handler_of("PurgeFunction")
MESSAGE = {"role": "user", "content": "hello", "call_id": "call-1"}


def create(client: Client, messages: int = 3, **body: Any) -> str:
    items = [MESSAGE] * min(messages, 20)
    conversation_id: str = client.post("/v1/conversations", {"items": items, **body}).body["id"]
    return conversation_id


def fill(rows: Rows, owner: str, conversation_id: str, count: int) -> None:
    """Write what other endpoints leave in a conversation's partition, and what none does yet."""
    for n in range(count):
        sort = f"{('I#0#', 'V#', 'R#', 'Z#')[n % 4]}{n:06}"
        rows.put({"PK": f"U#{owner}#C#{conversation_id}", "SK": sort, "type": "planted"})


def share(rows: Rows, owner: str, conversation_id: str, share_id: str) -> None:
    """Write a link as issue 5 does: the link and the row on its owner's side (design, 2)."""
    facts = {"owner": owner, "conversation_id": conversation_id, "share_id": share_id}
    rows.put({"PK": f"S#{share_id}", "SK": "S", "type": "share", "ttl": 1, **facts})
    sort = f"S#{conversation_id}#{share_id}"
    rows.put({"PK": f"U#{owner}", "SK": sort, "type": "share_ref", **facts})


@pytest.fixture
def no_time(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each invocation time for one page of 50 keys."""
    assert rows.all() == []
    monkeypatch.setattr(erasure, "_PAGE", 50)
    monkeypatch.setattr(wiring.erasures(), "_slice_seconds", 0.0)


def partitions(rows: Rows) -> set[str]:
    return {row["PK"] for row in rows.all()}


def test_everything_under_a_deleted_conversation_is_erased(
    alice: Client, rows: Rows, stream: Stream
) -> None:
    gone = create(alice)
    fill(rows, "alice", gone, 60)
    share(rows, "alice", gone, "share_1")
    share(rows, "alice", gone, "msg_share_2")
    alice.delete(f"/v1/conversations/{gone}")

    stream.feed(lambda_handler)

    assert rows.all() == []


def test_nothing_else_is_touched(
    alice: Client, bob: Client, sign_in: SignIn, rows: Rows, stream: Stream
) -> None:
    gone, kept = create(alice), create(alice)
    alice.post("/v1/projects", {"title": "Kept"})
    share(rows, "alice", kept, "share_1")
    for name in ("alice2", f"alice#C#{gone}", "alice%23"):
        create(sign_in(name))
    # The same id as another owner's can only be planted.
    fill(rows, "bob", gone, 4)
    share(rows, "bob", gone, "share_2")
    create(bob)
    before = rows.all()
    mine = f"U#alice#C#{gone}"
    expected = [r for r in before if r["PK"] != mine and r.get("id") != gone]

    alice.delete(f"/v1/conversations/{gone}")
    stream.feed(lambda_handler)

    assert in_order(rows.all()) == in_order(expected)


def test_erasing_takes_batches_of_25(
    faulty: Faulty, alice: Client, rows: Rows, stream: Stream
) -> None:
    gone = create(alice, messages=0)
    fill(rows, "alice", gone, 510)
    alice.delete(f"/v1/conversations/{gone}")
    faulty.calls.clear()

    assert stream.feed(lambda_handler) == 1

    # One query for links, and two pages: 500 keys are 20 batches, the ten left over one more.
    assert faulty.calls == {"query": 3, "batch_write_item": 21}
    assert rows.all() == []


@pytest.mark.usefixtures("no_time")
def test_what_does_not_fit_an_invocation_is_asked_for_again(
    alice: Client, rows: Rows, stream: Stream
) -> None:
    gone = create(alice, messages=0)
    fill(rows, "alice", gone, 180)
    alice.delete(f"/v1/conversations/{gone}")

    assert lambda_handler({"Records": stream.take()}, Context()) == {"batchItemFailures": []}
    (note,) = rows.of_type("erasure")
    assert (note["conversation_id"], note["round"]) == (gone, 1)
    assert len(rows.of_type("planted")) == 130

    # Three pages more, the last of which finds nothing behind it.
    assert stream.feed(lambda_handler) == 3
    assert rows.all() == []


def test_it_goes_on_where_it_was_killed(
    faulty: Faulty, alice: Client, rows: Rows, stream: Stream
) -> None:
    gone = create(alice, messages=0)
    fill(rows, "alice", gone, 300)
    share(rows, "alice", gone, "share_1")
    alice.delete(f"/v1/conversations/{gone}")
    records = stream.take()
    left = [len(rows.all())]

    for _ in range(30):
        faulty.calls.clear()
        faulty.kill_after = 4
        try:
            lambda_handler({"Records": records}, Context())
        except Killed:
            left.append(len(rows.all()))
        else:
            break

    assert left == sorted(left, reverse=True)
    assert len(left) > 3
    faulty.kill_after = None
    stream.feed(lambda_handler)
    assert rows.all() == []


def test_it_gets_through_throttling_and_unprocessed_items(
    faulty: Faulty, alice: Client, rows: Rows, stream: Stream
) -> None:
    kept = create(alice)
    gone = [create(alice) for _ in range(10)]
    for conversation_id in gone:
        fill(rows, "alice", conversation_id, 60)
        share(rows, "alice", conversation_id, f"share_{conversation_id}")
        alice.delete(f"/v1/conversations/{conversation_id}")
    faulty.rate = 0.3

    stream.feed(lambda_handler)

    assert faulty.failures["batch_write_item"] > 5
    assert faulty.failures["query"] > 0
    assert partitions(rows) == {"U#alice", f"U#alice#C#{kept}"}


@pytest.mark.usefixtures("no_time")
def test_a_record_that_comes_again_changes_nothing(
    alice: Client, rows: Rows, stream: Stream
) -> None:
    gone = create(alice, messages=0)
    fill(rows, "alice", gone, 250)
    alice.delete(f"/v1/conversations/{gone}")
    first = stream.take()
    lambda_handler({"Records": first}, Context())
    second = stream.take()
    lambda_handler({"Records": second}, Context())
    third = stream.take()

    # Round 0 once more must not put the note back to round 1, or two chains would run.
    lambda_handler({"Records": first}, Context())
    assert [row["round"] for row in rows.of_type("erasure")] == [2]
    assert stream.take() == []
    # Nor may round 1 write the note of round 2 a second time.
    lambda_handler({"Records": second}, Context())
    assert stream.take() == []

    lambda_handler({"Records": third}, Context())
    stream.feed(lambda_handler)
    for records in (first, second, third):
        lambda_handler({"Records": records}, Context())
    assert stream.take() == []
    assert rows.all() == []


def test_a_living_conversation_is_not_erased_on_request(
    alice: Client, rows: Rows, stream: Stream
) -> None:
    living = create(alice)
    asked = {"owner": "alice", "conversation_id": living, "asked_at": "2026-01-01T00:00:00.000000Z"}
    rows.put({"PK": f"U#alice#C#{living}", "SK": "E", "type": "erasure", "round": 1, **asked})
    (record,) = stream.take()

    answer = lambda_handler({"Records": [record]}, Context())

    number = record["dynamodb"]["SequenceNumber"]
    assert answer == {"batchItemFailures": [{"itemIdentifier": number}]}
    assert len(alice.get(f"/v1/conversations/{living}").body["items"]) == 3


def test_a_record_that_cannot_be_read_does_not_take_the_others_with_it(
    alice: Client, rows: Rows, stream: Stream
) -> None:
    gone = create(alice)
    alice.delete(f"/v1/conversations/{gone}")
    (record,) = stream.take()
    broken = {"eventName": "REMOVE", "dynamodb": {"SequenceNumber": "7"}}

    answer = lambda_handler({"Records": [broken, record]}, Context())

    assert answer == {"batchItemFailures": [{"itemIdentifier": "7"}]}
    assert rows.all() == []


@pytest.mark.parametrize("by_ttl", [True, False])
def test_a_removed_links_row_on_its_owners_side_goes(
    alice: Client, rows: Rows, stream: Stream, *, by_ttl: bool
) -> None:
    living = create(alice)
    share(rows, "alice", living, "share_gone")
    share(rows, "alice", living, "share_kept")
    rows.client.delete_item(TableName=rows.name, Key=key_of("S#share_gone", "S"))
    records = stream.take()
    if by_ttl:  # as DynamoDB marks what its own time to live removes
        for record in records:
            record["userIdentity"] = {
                "type": "Service",
                "principalId": "dynamodb.amazonaws.com",
            }

    assert lambda_handler({"Records": records}, Context()) == {"batchItemFailures": []}

    assert [row["share_id"] for row in rows.of_type("share_ref")] == ["share_kept"]
    assert len(rows.of_type("item")) == 3


def test_what_is_erased_is_logged_and_measured_without_content(
    alice: Client,
    stream: Stream,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    gone = create(alice, title="A secret plan")
    alice.delete(f"/v1/conversations/{gone}")
    records = stream.take()
    capsys.readouterr()
    caplog.clear()

    lambda_handler({"Records": records}, Context())

    facts = caplog.records[-1].__dict__
    assert facts["message"] == "conversation erased"
    assert (facts["conversation_id"], facts["rows"]) == (gone, 6)
    assert "secret" not in str([each.__dict__ for each in caplog.records])
    printed = capsys.readouterr().out
    assert '"RowsErased":[6.0]' in printed
    assert '"ErasureAge":[' in printed
    assert '"Namespace":"Colloquy"' in printed


def test_pages_of_links_are_erased_to_the_last(
    alice: Client, rows: Rows, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasure, "_PAGE", 2)
    gone = create(alice)
    for number in range(5):
        share(rows, "alice", gone, f"share_{number}")
    alice.delete(f"/v1/conversations/{gone}")

    stream.feed(lambda_handler)

    assert rows.all() == []


def test_pages_of_a_deleted_messages_versions_are_erased_to_the_last(
    alice: Client, rows: Rows, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasure, "_PAGE", 2)
    path = f"/v1/conversations/{create(alice, messages=1)}"
    item = f"{path}/items/{alice.get(path).body['items'][0]['id']}"
    for number in range(5):
        alice.put(f"{item}/edit", {"content": str(number)})
    assert len(rows.of_type("version")) == 5
    alice.delete(item)

    stream.feed(lambda_handler)

    assert rows.of_type("version") == rows.of_type("lost_versions") == []


def key_of(partition: str, sort: str) -> dict[str, Any]:
    return {"PK": {"S": partition}, "SK": {"S": sort}}


def in_order(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(found, key=lambda row: (row["PK"], row["SK"]))
