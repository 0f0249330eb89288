"""verify-erasure finds what is planted, and nothing that belongs to somebody."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from tests.support.client import Client
from tests.support.exports import exported, sent
from tests.support.functions import handler_of
from tests.support.rows import Rows
from tests.support.stream import Stream
from tools.operations import orphaned_rows, redrive_erasures, verify_erasure

ABSENT = "conv_00000000000000000000000000"
FAST = ["--grace", "0", "--read-units", "100000"]


@pytest.fixture(autouse=True)
def _table(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    """Name the table as an operator does."""
    monkeypatch.setenv("TABLE", rows.name)
    monkeypatch.delenv("DYNAMODB", raising=False)


def look(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, list[dict[str, Any]]]:
    capsys.readouterr()
    status = verify_erasure.main([*FAST, *options])
    lines = capsys.readouterr().out.splitlines()
    return status, [json.loads(line) for line in lines if line.startswith('{"PK"')]


def populate(client: Client, rows: Rows) -> None:
    """Write one of everything that may be there."""
    project = client.post("/v1/projects", {"title": "Mine"}).body["id"]
    body = {"items": [{"role": "user", "content": "hi", "call_id": "c"}] * 3, "project_id": project}
    living = client.post("/v1/conversations", body, headers={"Idempotency-Key": "k#1"}).body["id"]
    link(rows, "alice", living, "share_living")


def link(rows: Rows, owner: str, conversation_id: str, share_id: str) -> None:
    facts = {"owner": owner, "conversation_id": conversation_id, "share_id": share_id}
    rows.put({"PK": f"S#{share_id}", "SK": "S", "type": "share", "ttl": 1, **facts})
    sort = f"S#{conversation_id}#{share_id}"
    rows.put({"PK": f"U#{owner}", "SK": sort, "type": "share_ref", **facts})


def plant(rows: Rows, *places: tuple[str, str], **more: Any) -> None:
    for partition, sort in places:
        rows.put({"PK": partition, "SK": sort, "type": "planted", **more})


def test_nothing_is_found_where_everything_belongs_to_somebody(
    alice: Client, bob: Client, rows: Rows, capsys: pytest.CaptureFixture[str]
) -> None:
    populate(alice, rows)
    bob.post("/v1/conversations", {"items": [{"role": "user", "content": "hi"}]})
    assert look(capsys) == (0, [])


def test_planted_rows_of_every_kind_are_found(
    alice: Client, rows: Rows, capsys: pytest.CaptureFixture[str]
) -> None:
    populate(alice, rows)
    content = f"U#alice#C#{ABSENT}"
    plant(rows, (content, "I#0#item_1"), (content, "R#x#item_1"), (content, "V#item_1#0001"))
    plant(rows, (f"U#al%23ice#C#{ABSENT}", "I#0#item_1"))
    link(rows, "alice", ABSENT, "share_both")
    plant(rows, ("S#share_alone", "S"), owner="al#ice", conversation_id=ABSENT)
    living = rows.of_type("conversation")[0]["id"]
    plant(rows, ("U#alice", f"S#{living}#share_expired"))

    status, found = look(capsys, "--segments", "2")

    header = {"PK": "U#alice", "SK": f"C#{ABSENT}"}
    others = {"PK": "U#al%23ice", "SK": f"C#{ABSENT}"}
    assert status == 1
    assert sorted(found, key=lambda each: (each["PK"], each["SK"])) == [
        {"PK": "S#share_alone", "SK": "S", "rows": 1, "missing": others},
        {"PK": "S#share_both", "SK": "S", "rows": 1, "missing": header},
        {"PK": f"U#al%23ice#C#{ABSENT}", "SK": "I#0#item_1", "rows": 1, "missing": others},
        {"PK": "U#alice", "SK": f"S#{ABSENT}#share_both", "rows": 1, "missing": header},
        {
            "PK": "U#alice",
            "SK": f"S#{living}#share_expired",
            "rows": 1,
            "missing": {"PK": "S#share_expired", "SK": "S"},
        },
        {"PK": content, "SK": "V#item_1#0001", "rows": 3, "missing": header},
    ]


def test_it_never_writes_and_keeps_its_pace(rows: Rows, capsys: pytest.CaptureFixture[str]) -> None:
    plant(rows, *((f"U#alice#C#{ABSENT}", f"I#0#{n}") for n in range(10)))
    before, called = rows.all(), []
    client = boto3.client("dynamodb")
    client.meta.events.register(
        "before-call.dynamodb", lambda model, **_: called.append(model.name)
    )
    pace = orphaned_rows.Pace(1_000.0)

    found = orphaned_rows.Search(client, rows.name, pace).run(2)

    assert found.rows == 10
    assert set(called) == {"Scan", "BatchGetItem"}
    assert pace.spent > 0
    assert rows.all() == before
    assert look(capsys)[0] == 1


def test_pace_makes_a_reader_wait() -> None:
    pace = orphaned_rows.Pace(100.0)
    start = datetime.now(UTC)
    for _ in range(4):
        pace.spend(5)
    assert datetime.now(UTC) - start >= timedelta(seconds=0.19)


def test_an_erasure_under_way_is_no_finding_until_it_is_overdue(
    rows: Rows, capsys: pytest.CaptureFixture[str]
) -> None:
    content = f"U#alice#C#{ABSENT}"
    plant(rows, (content, "I#0#item_1"))
    asked_at = (datetime.now(UTC) - timedelta(minutes=10)).isoformat()
    plant(rows, (content, "E"), asked_at=asked_at)

    assert look(capsys) == (0, [])
    status, (found,) = look(capsys, "--overdue", "300")
    assert (status, found["rows"]) == (1, 2)


def test_what_goes_while_it_waits_is_no_finding(
    rows: Rows, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = (f"U#alice#C#{ABSENT}", "I#0#item_1")
    plant(rows, row)
    key = {"PK": {"S": row[0]}, "SK": {"S": row[1]}}
    monkeypatch.setattr(
        "time.sleep", lambda _: rows.client.delete_item(TableName=rows.name, Key=key)
    )
    assert look(capsys) == (0, [])


def test_an_unknown_kind_is_said_and_not_judged(
    rows: Rows, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(rows, ("Q#1", "Q"))
    assert verify_erasure.main(FAST) == 0
    assert "1 rows of an unknown kind (Q# / Q) were not judged." in capsys.readouterr().err


def test_a_table_that_is_not_there_is_another_status(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TABLE", "elsewhere")
    assert verify_erasure.main(FAST) == 2
    assert "Cannot look" in capsys.readouterr().err


def test_what_is_found_can_be_redriven(
    alice: Client, rows: Rows, stream: Stream, capsys: pytest.CaptureFixture[str]
) -> None:
    populate(alice, rows)
    kept = rows.all()
    plant(rows, *((f"U#alice#C#{ABSENT}", f"I#0#{n}") for n in range(30)))
    link(rows, "alice", ABSENT, "share_1")
    plant(rows, ("S#share_alone", "S"), owner="alice", conversation_id=ABSENT)
    _, found = look(capsys)

    assert redrive_erasures.main([], [json.dumps(line) for line in found]) == 0
    stream.feed(handler_of("PurgeFunction"))

    assert look(capsys) == (0, [])
    assert len(rows.all()) == len(kept)


def test_redriving_a_living_conversation_changes_nothing_of_it(
    alice: Client, rows: Rows, capsys: pytest.CaptureFixture[str]
) -> None:
    populate(alice, rows)
    before = rows.all()
    living = rows.of_type("conversation")[0]["id"]
    header = {"PK": "U#alice", "SK": f"C#{living}"}
    line = {"PK": "S#share_living", "SK": "S", "rows": 1, "missing": header}

    assert redrive_erasures.main([], [json.dumps(line), "\n"]) == 0

    assert "left alone" in capsys.readouterr().err
    assert rows.all() == before


def test_what_an_import_has_written_so_far_belongs_to_it(
    alice: Client, bob: Client, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("colloquy.services.exports.PART_BYTES", 1_200)
    body = {"items": [{"role": "user", "content": "hi"}] * 5}
    parts = exported(alice, alice.post("/v1/conversations", body).body["id"])
    assert sent(bob, parts[0]).status == 202
    assert look(capsys) == (0, [])


def test_keys_that_a_busy_table_leaves_are_requested_again_after_a_pause(
    alice: Client,
    rows: Rows,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    populate(alice, rows)
    paused: list[float] = []
    monkeypatch.setattr("colloquy.store.backoff.time.sleep", paused.append)
    left_over = LeavingOver(boto3.client("dynamodb"), times=3)
    search = orphaned_rows.Search(left_over, rows.name, orphaned_rows.Pace(100_000))

    assert search.run(1).suspects == {}

    assert left_over.times == 0
    assert len([pause for pause in paused if pause > 0]) >= 3


class LeavingOver:
    """A client whose first batch reads leave every key unprocessed."""

    def __init__(self, client: Any, times: int) -> None:
        self._client = client
        self.times = times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def batch_get_item(self, **request: Any) -> Any:
        if self.times == 0:
            return self._client.batch_get_item(**request)
        self.times -= 1
        return {"Responses": {}, "UnprocessedKeys": request["RequestItems"]}
