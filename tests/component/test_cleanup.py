"""The cleanup and the counting of views: what happens to links without a request."""

import base64
import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

import pytest

from colloquy import wiring
from colloquy.domain.share import AbandonedFork
from colloquy.observability import InvocationError
from colloquy.store.due import DueStore
from colloquy.store.share_rows import fork_to_row
from tests.component.test_shares import opened, share, talk
from tests.support.client import Client, Context
from tests.support.functions import declared, dispatch, handler_of
from tests.support.rows import Rows

Later = Callable[[timedelta], None]


@pytest.fixture
def anyone(rows: Rows) -> Client:
    assert rows.all() == []
    return Client(dispatch, None)


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Later:
    """Let time pass for every service made from here on."""

    def pass_by(some: timedelta) -> None:
        monkeypatch.setattr(wiring, "_utc_now", lambda: datetime.now(UTC) + some)
        for wired in (wiring.shares, wiring.viewing, wiring.guests, wiring.expiry):
            wired.cache_clear()

    return pass_by


def clean() -> None:
    handler_of("CleanupFunction")({}, _LongContext())


class _LongContext(Context):
    def get_remaining_time_in_millis(self) -> int:
        return 300_000


def shares_left(rows: Rows) -> list[str]:
    return sorted(row["share_id"] for row in rows.of_type("share"))


def test_expired_links_are_erased_with_all_their_rows(
    alice: Client, rows: Rows, wait: Later, capsys: pytest.CaptureFixture[str]
) -> None:
    conversation_id = talk(alice, "One")
    for _ in range(30):
        share(alice, conversation_id, expires_in=60)
    stays = share(alice, conversation_id)
    clean()
    assert len(shares_left(rows)) == 31

    wait(timedelta(seconds=61))
    capsys.readouterr()
    clean()
    assert shares_left(rows) == [stays]
    assert len(rows.of_type("share_ref")) == 1
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["SharesErased"] for line in said if "SharesErased" in line] == [[30.0]]


def test_an_expired_link_says_so_for_30_days_and_holds_nothing_else(
    alice: Client, bob: Client, rows: Rows, wait: Later
) -> None:
    conversation_id = talk(alice, "One")
    share_id = share(alice, conversation_id, expires_in=60, read_only=False, title="Secret")
    revoked = share(alice, conversation_id, expires_in=60)
    assert bob.post(f"/v1/shares/{share_id}/items", {"content": "x"}).status == 201
    ends = datetime.fromisoformat(
        next(row for row in rows.of_type("share") if row["share_id"] == share_id)["expires_at"]
    )
    alice.delete(f"/v1/shares/{revoked}")
    wait(timedelta(seconds=61))
    clean()

    (left,) = [row for row in rows.all() if row["PK"].startswith("S#")]
    assert left.pop("ttl") == ceil((ends + timedelta(days=30)).timestamp())
    assert left == {
        "PK": f"S#{share_id}",
        "SK": "S",
        "type": "expired_share",
        "expires_at": f"{ends:%Y-%m-%dT%H:%M:%S.%f}Z",
    }
    anyone = Client(dispatch, None)
    for _ in range(2):
        assert opened(anyone, share_id).error["code"] == "share_expired"
        assert opened(anyone, share_id, format="html").status == 410
        assert bob.post(f"/v1/shares/{share_id}/fork").status == 410
        assert bob.post(f"/v1/shares/{share_id}/items", {"content": "x"}).status == 410
        assert opened(anyone, revoked).status == 404
        clean()
    assert alice.delete(f"/v1/shares/{share_id}").status == 404
    assert bob.delete(f"/v1/shares/{share_id}").status == 404
    wait(timedelta(days=30))
    assert opened(anyone, share_id).status == 410
    wait(timedelta(days=30, seconds=61))
    assert opened(anyone, share_id).status == 404


def test_a_link_revoked_while_the_cleanup_retires_it_stays_gone(
    alice: Client, rows: Rows, wait: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    share(alice, talk(alice, "One"), expires_in=60)
    wait(timedelta(seconds=61))
    retire = DueStore.retire_links

    def revoked_since(self: DueStore, shares: Any) -> None:
        for each in shares:
            wiring.shares().revoke("alice", each.id)
        retire(self, shares)

    monkeypatch.setattr(DueStore, "retire_links", revoked_since)
    assert wiring.expiry().clean(until=float("inf")).finished
    assert [row for row in rows.all() if row["PK"].startswith("S#")] == []


def test_a_run_with_nothing_to_do_writes_no_metric(
    rows: Rows, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rows.all() == []
    clean()
    assert "_aws" not in capsys.readouterr().out


def test_a_run_without_time_leaves_the_rest_to_the_next(
    alice: Client, rows: Rows, wait: Later
) -> None:
    share(alice, talk(alice, "One"), expires_in=60)
    wait(timedelta(seconds=61))
    assert wiring.expiry().clean(until=float("-inf")).finished is False
    assert len(shares_left(rows)) == 1
    assert wiring.expiry().clean(until=float("inf")).shares_erased == 1
    assert shares_left(rows) == []


def test_a_cleanup_cut_off_between_its_steps_is_finished_by_the_next(
    alice: Client, rows: Rows, wait: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    share(alice, talk(alice, "One"), expires_in=60)
    wait(timedelta(seconds=61))
    table = type(wiring.table())

    def dies(*_: Any) -> None:
        raise RuntimeError

    with monkeypatch.context() as killed:
        killed.setattr(table, "update", dies)
        with pytest.raises(InvocationError):
            clean()
    assert (len(shares_left(rows)), len(rows.of_type("share_ref"))) == (1, 0)
    clean()
    assert shares_left(rows) == []


def test_a_link_whose_conversation_went_while_it_was_made_is_erased_soon(
    alice: Client, rows: Rows, wait: Later
) -> None:
    kept, lost = talk(alice, "One"), talk(alice, "Two")
    stays, orphan = share(alice, kept), share(alice, lost)
    # What the purge does, but a moment before the link's rows were written.
    alice.delete(f"/v1/conversations/{lost}")
    wait(timedelta(minutes=6))
    clean()
    assert shares_left(rows) == [stays]
    assert orphan not in str(rows.all())
    (row,) = rows.of_type("share")
    assert row["GSI2SK"] == row["expires_at"]  # its next look is its last


def test_a_note_that_arrives_after_its_copy_was_finished_erases_nothing(
    alice: Client, bob: Client, rows: Rows, wait: Later
) -> None:
    forked = bob.post(f"/v1/shares/{share(alice, talk(alice, 'One', 'Two'))}/fork").body["id"]
    note = AbandonedFork(owner_id="bob", conversation_id=forked)
    rows.put(fork_to_row(note, datetime.now(UTC) + timedelta(hours=1)))
    wait(timedelta(hours=2))

    clean()

    assert rows.of_type("fork") == []
    read = bob.get(f"/v1/conversations/{forked}").body
    assert read["item_count"] == len(read["items"]) == 2


def delivery(lines: list[str]) -> dict[str, Any]:
    """Return what CloudWatch Logs sends for these lines."""
    events = [
        {"id": f"event-{number}", "timestamp": 0, "message": line}
        for number, line in enumerate(lines)
    ]
    data = json.dumps(
        {
            "messageType": "DATA_MESSAGE",
            "owner": "123456789012",
            "logGroup": "/aws/lambda/PublicFunction",
            "logStream": "x",
            "subscriptionFilters": ["x"],
            "logEvents": events,
        }
    )
    return {"awslogs": {"data": base64.b64encode(gzip.compress(data.encode())).decode()}}


def test_views_are_counted_once_and_shown_to_the_owner(
    alice: Client, anyone: Client, rows: Rows, capsys: pytest.CaptureFixture[str]
) -> None:
    share_id = share(alice, talk(alice, *[str(number) for number in range(30)]))
    other = share(alice, talk(alice, "One"))
    capsys.readouterr()
    before = len(rows.all())
    first = opened(anyone, share_id)
    opened(anyone, share_id, format="html")
    opened(anyone, share_id, after=first.body["next_after"])  # the second page of a view
    opened(anyone, other)
    opened(anyone, "share_unknown")
    assert len(rows.all()) == before  # a view writes nothing
    (subscription,) = declared().subscriptions
    lines = [line for line in capsys.readouterr().out.splitlines() if subscription.field in line]
    assert len(lines) == 3
    assert share_id not in "".join(lines)

    for _ in range(2):
        handler_of("ViewsFunction")(delivery(lines), Context())  # delivered twice
    handler_of("ViewsFunction")(delivery([]), Context())
    counts = {each["id"]: each["view_count"] for each in alice.get("/v1/shares").body["data"]}
    assert counts == {share_id: 2, other: 1}
    alice.delete(f"/v1/shares/{share_id}")
    assert len(rows.of_type("views")) == 1
