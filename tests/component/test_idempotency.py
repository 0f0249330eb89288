"""A POST with an Idempotency-Key is done once."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.client import Client, Reply
from tests.support.rows import Rows

KEY = {"Idempotency-Key": "key-1"}
HELLO = {"role": "user", "content": "Hello"}


@pytest.fixture
def conversation(alice: Client) -> str:
    return f"/v1/conversations/{alice.post('/v1/conversations').body['id']}"


Post = Callable[[Client, str], Reply]
POSTS: list[Post] = [
    lambda c, _: c.post("/v1/conversations", {"title": "T", "items": [HELLO]}, headers=KEY),
    lambda c, path: c.post(f"{path}/items", HELLO | {"call_id": "c"}, headers=KEY),
    lambda c, path: c.post(f"{path}/items", {"items": [HELLO, HELLO]}, headers=KEY),
    lambda c, path: c.post(path, {"title": "New", "metadata": {"a": "b"}}, headers=KEY),
    lambda c, _: c.post("/v1/projects", {"title": "P", "instructions": "I"}, headers=KEY),
]


@pytest.mark.parametrize("post", POSTS)
def test_the_same_request_gives_the_first_answer_and_writes_nothing(
    alice: Client, conversation: str, rows: Rows, post: Post
) -> None:
    first = post(alice, conversation)
    written = sorted(rows.all(), key=lambda row: (row["PK"], row["SK"]))
    again = post(alice, conversation)

    assert first.status in (200, 201)
    assert "idempotent-replayed" not in first.headers
    assert (again.status, again.text) == (first.status, first.text)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers.get("location") == first.headers.get("location")
    assert again.headers.get("etag") == first.headers.get("etag")
    assert sorted(rows.all(), key=lambda row: (row["PK"], row["SK"])) == written


@pytest.mark.parametrize("post", POSTS)
def test_the_first_answer_comes_again_after_the_thing_has_changed(
    alice: Client, conversation: str, post: Post
) -> None:
    first = post(alice, conversation)
    alice.patch(conversation, {"title": "Later"})
    alice.post(f"{conversation}/items", HELLO)
    assert post(alice, conversation).text == first.text


def test_another_request_with_the_key_is_a_409(alice: Client, conversation: str) -> None:
    alice.post("/v1/conversations", {"title": "One"}, headers=KEY)
    others: list[Any] = [
        ("/v1/conversations", {"title": "Two"}),
        ("/v1/projects", {"title": "One"}),
        (f"{conversation}/items", HELLO),
        (conversation, {"title": "One"}),
    ]
    for path, body in others:
        reply = alice.post(path, body, headers=KEY)
        assert (reply.status, reply.error["code"]) == (409, "idempotency_mismatch")


def test_a_key_is_its_owners_own(alice: Client, bob: Client) -> None:
    hers = alice.post("/v1/conversations", {"title": "T"}, headers=KEY).body["id"]
    his = bob.post("/v1/conversations", {"title": "T"}, headers=KEY)
    assert his.status == 201
    assert his.body["id"] != hers


@pytest.mark.parametrize("post", POSTS)
def test_the_first_answer_comes_again_after_the_conversation_is_deleted(
    alice: Client, conversation: str, post: Post
) -> None:
    first = post(alice, conversation)
    alice.delete(conversation)
    again = post(alice, conversation)
    assert (again.status, again.text) == (first.status, first.text)
    assert again.headers["idempotent-replayed"] == "true"
    other = alice.post(conversation, {"title": "Another"}, headers=KEY)
    assert other.error["code"] == "idempotency_mismatch"


def test_a_request_that_was_refused_leaves_the_key_free(alice: Client) -> None:
    assert alice.post("/v1/conversations", {"title": ""}, headers=KEY).status == 400
    refused = alice.post("/v1/conversations", {"project_id": "proj_" + "0" * 26}, headers=KEY)
    assert refused.status == 404
    assert alice.post("/v1/conversations", {"title": "T"}, headers=KEY).status == 201


def test_a_key_holds_for_24_hours_and_no_longer(alice: Client, rows: Rows) -> None:
    first = alice.post("/v1/conversations", {"title": "T"}, headers=KEY).body["id"]
    receipt = expire(rows)
    assert alice.post("/v1/conversations", {"title": "T"}, headers=KEY).body["id"] != first
    lives = int(rows.of_type("receipt")[0]["ttl"]) - int(receipt["ttl"])
    assert 0 <= lives < 60


def expire(rows: Rows) -> dict[str, Any]:
    """Let the idempotency record expire; return it as it was.

    The row stays: DynamoDB removes expired rows when it gets to them.
    """
    (receipt,) = rows.of_type("receipt")
    rows.put({**receipt, "ttl": 1000})
    return receipt


ExpiringPost = Callable[[Client, dict[str, str]], Reply]
EXPIRING: dict[str, ExpiringPost] = {
    "append": lambda c, at: c.post(f"{at['path']}/items", HELLO, headers=KEY),
    "update": lambda c, at: c.post(at["path"], {"title": "New"}, headers=KEY),
    "edit": lambda c, at: c.post(f"{at['item']}/edit", {"content": "New"}, headers=KEY),
    "share": lambda c, at: c.post(f"{at['path']}/share", {}, headers=KEY),
    "share a message": lambda c, at: c.post(f"{at['item']}/share", {}, headers=KEY),
    "fork": lambda c, at: c.post(f"/v1/shares/{at['share']}/fork", headers=KEY),
    "write through a link": lambda c, at: c.post(
        f"/v1/shares/{at['share']}/items", HELLO, headers=KEY
    ),
    "bulk delete": lambda c, at: c.post(
        "/v1/conversations/bulk-delete",
        {"conversation_ids": [at["path"].rsplit("/", 1)[1]]},
        headers=KEY,
    ),
}


@pytest.fixture
def places(alice: Client) -> dict[str, str]:
    """A conversation, its message, and a link to it that one may write through."""
    conversation_id = alice.post("/v1/conversations", {"items": [HELLO]}).body["id"]
    path = f"/v1/conversations/{conversation_id}"
    share = alice.post(f"{path}/share", {"read_only": False}).body["share_id"]
    item = f"{path}/items/{alice.get(path).body['items'][0]['id']}"
    return {"path": path, "item": item, "share": share}


@pytest.mark.parametrize("post", EXPIRING.values(), ids=EXPIRING)
def test_an_expired_record_is_honoured_nowhere(
    alice: Client, rows: Rows, places: dict[str, str], post: ExpiringPost
) -> None:
    first = post(alice, places)
    assert first.status in (200, 201)
    assert post(alice, places).headers["idempotent-replayed"] == "true"
    expire(rows)

    again = post(alice, places)

    assert again.status == first.status
    assert "idempotent-replayed" not in again.headers
    assert int(rows.of_type("receipt")[0]["ttl"]) > 1000


@pytest.mark.parametrize("name", ["append", "update", "share", "edit", "write through a link"])
def test_an_expired_record_replays_nothing_of_what_is_gone(
    alice: Client, rows: Rows, places: dict[str, str], name: str
) -> None:
    assert EXPIRING[name](alice, places).status in (200, 201)
    alice.delete(places["path"])
    expire(rows)

    assert EXPIRING[name](alice, places).status == 404


def test_a_receipt_of_what_was_created_holds_no_content(alice: Client, rows: Rows) -> None:
    alice.post("/v1/conversations", {"title": "s3cret", "items": [HELLO]}, headers=KEY)
    receipt = repr(rows.of_type("receipt"))
    assert "s3cret" not in receipt
    assert "Hello" not in receipt


@pytest.mark.parametrize("key", ["", " ", "a b", "ü", "x" * 256, "tab\t"])
def test_a_key_is_visible_ascii(alice: Client, rows: Rows, key: str) -> None:
    reply = alice.post("/v1/conversations", {}, headers={"Idempotency-Key": key})
    assert (reply.status, reply.error["param"]) == (400, "Idempotency-Key")
    assert rows.all() == []


def test_a_replay_comes_before_a_precondition_its_first_try_made_stale(
    alice: Client, conversation: str
) -> None:
    headers = KEY | {"If-Match": '"1"'}
    first = alice.post(conversation, {"title": "T"}, headers=headers)
    again = alice.post(conversation, {"title": "T"}, headers=headers)
    assert (first.status, again.status, again.text) == (200, 200, first.text)
    stale = alice.post(conversation, {"title": "T"}, headers=headers | {"Idempotency-Key": "2"})
    assert stale.status == 412
