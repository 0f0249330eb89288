"""What signed-in viewers do with links: copies of their own, messages through a link."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from colloquy import wiring
from colloquy.domain.errors import OutOfOrderError
from colloquy.domain.item import Item
from colloquy.domain.share import Share
from colloquy.services import guests
from colloquy.store import guests as guest_store
from colloquy.store.guests import GuestStore
from colloquy.store.snapshots import SnapshotStore
from tests.component.test_shares import opened, say, share, talk, texts_in
from tests.support.client import Client
from tests.support.functions import dispatch
from tests.support.role import acting_as
from tests.support.rows import Rows


@pytest.fixture
def anyone(rows: Rows) -> Client:
    assert rows.all() == []
    return Client(dispatch, None)


def test_a_fork_is_a_conversation_of_the_viewers_own_with_what_the_link_shows(
    alice: Client, bob: Client
) -> None:
    conversation_id = talk(alice, "One", "Two")
    say(alice, conversation_id, "secret", role="system")
    share_id = share(alice, conversation_id)
    say(alice, conversation_id, "Later")

    reply = bob.post(f"/v1/shares/{share_id}/fork")

    assert reply.status == 201
    assert reply.headers["location"] == f"/v1/conversations/{reply.body['id']}"
    mine = bob.get(f"/v1/conversations/{reply.body['id']}").body
    assert texts_in(bob.get(f"/v1/conversations/{reply.body['id']}")) == ["One", "Two"]
    assert (mine["title"], mine["item_count"], mine["project_id"]) == ("Planning", 2, None)
    assert say(bob, mine["id"], "Three") > mine["items"][-1]["id"]
    alice.delete(f"/v1/conversations/{conversation_id}")
    assert bob.get(f"/v1/conversations/{mine['id']}").body["item_count"] == 3


def test_a_forked_message_brings_its_context(alice: Client, bob: Client) -> None:
    conversation_id = talk(alice, "One", "Two", "Three")
    item_id = alice.get(f"/v1/conversations/{conversation_id}/items").body["data"][1]["id"]
    path = f"/v1/conversations/{conversation_id}/items/{item_id}/share"
    share_id = alice.post(path, {"include_context": True}).body["share_id"]
    fork = bob.post(f"/v1/shares/{share_id}/fork").body
    assert texts_in(bob.get(f"/v1/conversations/{fork['id']}")) == ["One", "Two"]


def test_a_long_conversation_is_copied_to_the_end(
    alice: Client, bob: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guests, "_COPIED_AT_ONCE", 7)
    texts = [str(number) for number in range(60)]
    share_id = share(alice, talk(alice, *texts))
    fork = bob.post(f"/v1/shares/{share_id}/fork").body
    assert fork["item_count"] == 60
    assert texts_in(bob.get(f"/v1/conversations/{fork['id']}")) == texts


def test_a_fork_asked_for_again_is_the_same_one(alice: Client, bob: Client, rows: Rows) -> None:
    share_id = share(alice, talk(alice, "One"))
    key = {"idempotency-key": "k1"}
    first = bob.post(f"/v1/shares/{share_id}/fork", headers=key)
    alice.delete(f"/v1/shares/{share_id}")
    again = bob.post(f"/v1/shares/{share_id}/fork", headers=key)
    assert (again.status, again.body) == (201, first.body)
    assert again.headers["idempotent-replayed"] == "true"
    assert len(rows.of_type("conversation")) == 2
    assert rows.of_type("fork") == []


def test_a_copy_that_takes_too_long_is_seen_by_nobody_and_erased_later(
    alice: Client, bob: Client, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    share_id = share(alice, talk(alice, "One", "Two"))
    copy = GuestStore.copy

    def slowly(self: GuestStore, owner_id: str, items: Sequence[Item]) -> None:
        copy(self, owner_id, items)
        time.sleep(0.06)

    with monkeypatch.context() as slow:
        slow.setattr(guests, "_COPIED_AT_ONCE", 1)
        slow.setattr(guests, "COPY_SECONDS", 0.05)
        slow.setattr(GuestStore, "copy", slowly)
        reply = bob.post(f"/v1/shares/{share_id}/fork")
    assert (reply.status, reply.error["code"]) == (413, "too_large")

    assert bob.get("/v1/conversations").body["data"] == []
    assert len(rows.of_type("fork")) == 1
    monkeypatch.setattr(wiring, "_utc_now", lambda: datetime.now(UTC) + timedelta(hours=2))
    wiring.expiry.cache_clear()
    with acting_as("CleanupFunction"):
        done = wiring.expiry().clean(float("inf"))
    assert done.forks_erased == 1
    assert [row for row in rows.all() if "bob" in row["PK"]] == []


def test_a_message_through_a_link_joins_the_owners_conversation(
    alice: Client, bob: Client, anyone: Client
) -> None:
    conversation_id = talk(alice, "One")
    share_id = share(alice, conversation_id, read_only=False)
    say(alice, conversation_id, "Not shown")

    reply = bob.post(f"/v1/shares/{share_id}/items", {"role": "user", "content": "From Bob"})

    assert reply.status == 201
    assert (reply.body["content"], reply.body["author"]) == ("From Bob", "bob")
    assert conversation_id not in reply.text
    assert conversation_id not in str(reply.headers)
    assert alice.get(f"/v1/conversations/{conversation_id}").body["item_count"] == 3
    newest = alice.get(f"/v1/conversations/{conversation_id}/items").body["data"][0]
    assert (newest["id"], newest["author"]) == (reply.body["id"], "bob")
    view = opened(anyone, share_id)
    assert texts_in(view) == ["One", "From Bob"]
    assert [item["through_link"] for item in view.body["items"]] == [False, True]
    assert "bob" not in view.text
    page = opened(anyone, share_id, format="html").text
    assert "Guest" in page
    assert '"bob"' not in page
    assert texts_in(opened(anyone, share(alice, conversation_id, expires_in=60))) == [
        *("One", "Not shown", "From Bob"),
    ]


def test_a_read_only_link_of_a_deleted_conversation_looks_absent(
    alice: Client, bob: Client, rows: Rows
) -> None:
    conversation_id = talk(alice, "One")
    share_id = share(alice, conversation_id)
    alice.delete(f"/v1/conversations/{conversation_id}")
    assert len(rows.of_type("share")) == 1  # purge has not erased it yet

    assert bob.post(f"/v1/shares/{share_id}/items", {"content": "Late"}).status == 404


def test_a_read_only_link_takes_no_message(alice: Client, bob: Client) -> None:
    conversation_id = talk(alice, "One")
    item_id = alice.get(f"/v1/conversations/{conversation_id}/items").body["first_id"]
    message = alice.post(f"/v1/conversations/{conversation_id}/items/{item_id}/share").body
    for share_id in (share(alice, conversation_id), message["share_id"]):
        reply = bob.post(f"/v1/shares/{share_id}/items", {"content": "x"})
        assert (reply.status, reply.error["code"]) == (403, "read_only")
    assert alice.get(f"/v1/conversations/{conversation_id}").body["item_count"] == 1


@pytest.mark.parametrize("role", ["assistant", "system", "developer", "tool"])
def test_a_viewer_speaks_only_as_a_user(alice: Client, bob: Client, role: str) -> None:
    share_id = share(alice, talk(alice, "One"), read_only=False)
    reply = bob.post(f"/v1/shares/{share_id}/items", {"role": role, "content": "x"})
    assert (reply.status, reply.error["param"]) == (400, "role")


def test_a_repeated_message_is_written_once_for_each_viewer(
    alice: Client, bob: Client, rows: Rows
) -> None:
    share_id = share(alice, talk(alice, "One"), read_only=False)
    path, key = f"/v1/shares/{share_id}/items", {"idempotency-key": "k1"}
    first = bob.post(path, {"content": "Hi"}, headers=key)
    again = bob.post(path, {"content": "Hi"}, headers=key)
    alices = alice.post(path, {"content": "Hi"}, headers=key)
    assert (again.body, again.headers["idempotent-replayed"]) == (first.body, "true")
    assert alices.body["id"] != first.body["id"]
    assert len(rows.of_type("item")) == 3


def test_nobody_writes_or_forks_without_a_token_or_behind_a_revoked_link(
    alice: Client, bob: Client, anyone: Client
) -> None:
    share_id = share(alice, talk(alice, "One"), read_only=False)
    assert anyone.post(f"/v1/shares/{share_id}/fork").status == 401
    assert anyone.post(f"/v1/shares/{share_id}/items", {"content": "x"}).status == 401
    alice.delete(f"/v1/shares/{share_id}")
    for name in (share_id, "share_nonsense"):
        assert bob.post(f"/v1/shares/{name}/fork").status == 404
        assert bob.post(f"/v1/shares/{name}/items", {"content": "x"}).status == 404


@pytest.fixture
def at_a_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Set the clock of what viewers write."""

    def at(moment: datetime) -> None:
        monkeypatch.setattr(wiring, "_utc_now", lambda: moment)
        wiring.guests.cache_clear()

    return at


def test_a_link_takes_so_many_messages_and_no_more(
    alice: Client, bob: Client, monkeypatch: pytest.MonkeyPatch, rows: Rows
) -> None:
    monkeypatch.setattr(guest_store, "MAX_GUEST_MESSAGES", 3)
    conversation_id = talk(alice, "One")
    share_id = share(alice, conversation_id, read_only=False)
    path = f"/v1/shares/{share_id}/items"
    for _ in range(3):
        assert bob.post(path, {"content": "x"}).status == 201
    full = bob.post(path, {"content": "x"})
    assert (full.status, full.error["code"]) == (409, "share_full")
    assert alice.get(f"/v1/conversations/{conversation_id}").body["item_count"] == 4
    assert len(rows.of_type("guest_ref")) == 3
    other = share(alice, conversation_id, read_only=False)
    assert bob.post(f"/v1/shares/{other}/items", {"content": "x"}).status == 201


def test_a_link_takes_so_many_messages_a_minute(
    alice: Client,
    bob: Client,
    monkeypatch: pytest.MonkeyPatch,
    at_a_time: Callable[[datetime], None],
) -> None:
    monkeypatch.setattr(guest_store, "GUEST_MESSAGES_PER_MINUTE", 2)
    share_id = share(alice, talk(alice, "One"), read_only=False)
    path = f"/v1/shares/{share_id}/items"
    begun = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=5)
    at_a_time(begun + timedelta(seconds=10))
    assert [bob.post(path, {"content": "x"}).status for _ in range(2)] == [201, 201]
    at_a_time(begun + timedelta(seconds=20))
    busy = bob.post(path, {"content": "x"})
    assert (busy.status, busy.error["code"]) == (429, "rate_limited")
    assert busy.headers["retry-after"] == "40"
    # A clock that is behind does not begin a minute of its own.
    at_a_time(begun - timedelta(seconds=1))
    assert bob.post(path, {"content": "x"}).status == 429
    at_a_time(begun + timedelta(seconds=60))
    assert [bob.post(path, {"content": "x"}).status for _ in range(3)] == [201, 201, 429]


def test_a_message_through_a_link_that_is_revoked_in_between_is_not_written(
    alice: Client, bob: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation_id = talk(alice, "One")
    share_id = share(alice, conversation_id, read_only=False)
    read = SnapshotStore.link

    def revoked_since(self: SnapshotStore, some_id: str) -> Any:
        found = read(self, some_id)
        wiring.shares().revoke("alice", share_id)
        return found

    monkeypatch.setattr(SnapshotStore, "link", revoked_since)
    assert bob.post(f"/v1/shares/{share_id}/items", {"content": "x"}).status == 404
    assert alice.get(f"/v1/conversations/{conversation_id}").body["item_count"] == 1


def test_a_message_that_others_keep_outrunning_is_given_up_in_time(
    alice: Client, bob: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    share_id = share(alice, talk(alice, "One"), read_only=False)
    attempts = 0

    def outrun(_: GuestStore, share: Share, viewer_id: str, item: Item, receipt: Any) -> None:
        nonlocal attempts
        del share, viewer_id, receipt
        attempts += 1
        time.sleep(0.05)
        raise OutOfOrderError(item.id)

    monkeypatch.setattr(GuestStore, "append", outrun)
    monkeypatch.setattr(guests, "APPEND_SECONDS", 0.1)
    reply = bob.post(f"/v1/shares/{share_id}/items", {"content": "x"})
    assert (reply.status, reply.error["code"]) == (409, "conflict")
    assert attempts < 5
