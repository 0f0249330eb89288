"""Messages, from event to rows."""

import json
from typing import Any

import pytest

from tests.support.client import Client
from tests.support.rows import Rows

HELLO = {"role": "user", "content": "Hello, how are you?"}


@pytest.fixture
def path(alice: Client) -> str:
    """Where the messages of a new conversation of alice's are."""
    return f"/v1/conversations/{alice.post('/v1/conversations').body['id']}/items"


def test_the_guides_message_comes_back_as_printed(alice: Client, path: str) -> None:
    reply = alice.post(path, HELLO)

    assert reply.status == 201
    assert list(reply.body) == [
        "id",
        "object",
        "role",
        "content",
        "call_id",
        "status",
        "version",
        "model",
        "created_at",
        "edited_at",
    ]
    assert reply.body["id"].startswith("item_")
    assert reply.body["content"] == "Hello, how are you?"
    assert reply.headers["location"] == f"{path}/{reply.body['id']}"
    assert alice.get(reply.headers["location"]).body == reply.body


def test_msg_is_accepted_where_an_item_id_is_sent(alice: Client, path: str) -> None:
    ids = [alice.post(path, HELLO).body["id"] for _ in range(3)]
    other = ids[1].replace("item_", "msg_")
    assert alice.get(f"{path}/{other}").body["id"] == ids[1]
    assert alice.get(path, after=other, order="asc").body["data"][0]["id"] == ids[2]


@pytest.mark.parametrize(
    "content",
    [
        " ",
        "\u0000\u202e🫥é\r\n",
        '"\\' * 500,
        [{"type": "text", "text": ""}],
        [{"type": "input_text", "text": "a", "extra": {"deep": [1, 2.5, -0.1, 1e300, None]}}],
        [{"type": "output_text", "text": "a", "annotations": [], "logprobs": None}],
        [{"type": "input_image", "image_url": "https://example.com/a.png", "detail": "low"}],
        [{"type": "input_image", "file_id": "file-1"}],
        [{"type": "future_kind", "x": 12345678901234567890, "empty": "", "map": {}}],
        [{"type": "nested", "x": json.loads("[" * 60 + "]" * 60)}],
    ],
)
def test_content_comes_back_as_it_was_sent(alice: Client, path: str, content: Any) -> None:
    sent = alice.post(path, {"role": "assistant", "content": content})
    assert sent.status == 201
    assert alice.get(f"{path}/{sent.body['id']}").body["content"] == content


def test_metadata_of_a_message_comes_back_where_there_is_some(alice: Client, path: str) -> None:
    sent = alice.post(path, HELLO | {"metadata": {"trace": "1"}}).body
    assert sent["metadata"] == {"trace": "1"}
    assert alice.get(f"{path}/{sent['id']}").body == sent
    assert "metadata" not in alice.post(path, HELLO | {"metadata": {}}).body


def test_several_messages_are_written_in_their_order(alice: Client, path: str) -> None:
    sent = [{"role": "user", "content": str(n)} for n in range(20)]
    written = alice.post(path, {"items": sent}).body

    assert written["object"] == "list"
    assert (written["has_more"], written["next_after"]) == (False, None)
    assert [item["content"] for item in written["data"]] == [str(n) for n in range(20)]
    assert alice.get(path, order="asc").body["data"] == written["data"]
    assert alice.get(path).body["data"] == written["data"][::-1]


def test_several_messages_are_all_or_nothing(alice: Client, path: str, rows: Rows) -> None:
    reply = alice.post(path, {"items": [HELLO, HELLO, {"role": "user", "content": 5}]})
    assert (reply.status, reply.error["param"]) == (400, "items[2].content")
    assert rows.of_type("item") == []


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({}, "missing_required", "role"),
        ({"role": "user"}, "missing_required", "content"),
        ({"rol": "user", "content": "x"}, "unknown_parameter", "rol"),
        ({"role": "bot", "content": "x"}, "invalid_value", "role"),
        ({"role": "user", "content": ""}, "below_min", "content"),
        ({"role": "user", "content": None}, "invalid_value", "content"),
        ({"role": "user", "content": []}, "below_min", "content"),
        ({"role": "user", "content": [5]}, "invalid_value", "content[0]"),
        ({"role": "user", "content": [{}]}, "missing_required", "content[0].type"),
        ({"role": "user", "content": [{"type": 5}]}, "invalid_value", "content[0].type"),
        ({"role": "user", "content": [{"type": "text"}]}, "missing_required", "content[0].text"),
        ({"role": "user", "content": [{"type": "input_image"}]}, "missing_required", "content[0]"),
        ({"role": "user", "content": "x", "call_id": ""}, "below_min", "call_id"),
        ({"role": "user", "content": "x", "call_id": "x" * 257}, "above_max", "call_id"),
        ({"role": "user", "content": "x", "id": "item_1"}, "unknown_parameter", "id"),
        ({"items": []}, "below_min", "items"),
        ({"items": HELLO}, "invalid_value", "items"),
        ({"items": [HELLO] * 21}, "above_max", "items"),
        ({"items": [HELLO], "role": "user"}, "unknown_parameter", "role"),
    ],
)
def test_a_message_that_cannot_succeed_is_refused_by_name(
    alice: Client, path: str, rows: Rows, body: dict[str, Any], code: str, param: str
) -> None:
    reply = alice.post(path, body)
    assert (reply.status, reply.error["code"], reply.error["param"]) == (400, code, param)
    assert rows.of_type("item") == []


def test_a_message_may_hold_350_kb_of_utf_8_json_and_no_more(alice: Client, path: str) -> None:
    room = 350 * 1024 - len(json.dumps({"role": "user", "content": ""}, separators=(",", ":")))
    assert alice.post(path, {"role": "user", "content": "x" * room}).status == 201
    for content in ("x" * (room + 1), "é" * (room // 2 + 1), '"' * (room // 2 + 1)):
        reply = alice.post(path, {"role": "user", "content": content})
        assert (reply.status, reply.error["code"]) == (413, "too_large")


def test_messages_that_do_not_fit_one_transaction_are_refused_together(
    alice: Client, path: str, rows: Rows
) -> None:
    big = {"role": "user", "content": "x" * 330_000}
    reply = alice.post(path, {"items": [big] * 12})
    assert (reply.status, reply.error["code"], reply.error["param"]) == (413, "too_large", "items")
    assert rows.of_type("item") == []
    assert alice.post(path, {"items": [big] * 11}).status == 201


def test_messages_whose_answer_would_burst_are_refused_before_they_are_written(
    alice: Client, path: str, rows: Rows
) -> None:
    quotes = {"role": "user", "content": '"' * 97_000}
    reply = alice.post(path, {"items": [quotes] * 20})
    assert (reply.status, reply.error["code"], reply.error["param"]) == (413, "too_large", "items")
    assert rows.of_type("item") == []
    fits = alice.post(path, {"items": [quotes] * 15})
    assert fits.status == 201
    assert len(json.dumps(fits.text, ensure_ascii=False)) < 6_291_556


def test_a_conversation_takes_10_000_messages_and_not_one_more(
    alice: Client, path: str, rows: Rows
) -> None:
    alice.post(path, HELLO)
    rows.client.update_item(
        TableName=rows.name,
        Key={name: {"S": rows.of_type("conversation")[0][name]} for name in ("PK", "SK")},
        UpdateExpression="SET item_count = :many",
        ExpressionAttributeValues={":many": {"N": "9998"}},
    )
    too_many = alice.post(path, {"items": [HELLO] * 3})
    assert (too_many.status, too_many.error["code"]) == (409, "conversation_full")
    assert alice.post(path, {"items": [HELLO] * 2}).status == 201
    assert alice.post(path, HELLO).error["code"] == "conversation_full"
    # Not by opening it: that counts the messages it shows.
    assert alice.get("/v1/conversations").body["data"][0]["item_count"] == 10_000


def test_the_first_user_message_makes_the_title(alice: Client, path: str) -> None:
    conversation = path.removesuffix("/items")
    alice.post(path, {"role": "assistant", "content": "Welcome!"})
    assert alice.get(conversation).body["title"] is None

    parts = [{"type": "input_image", "file_id": "f"}, {"type": "text", "text": "What is this?"}]
    alice.post(path, {"role": "user", "content": parts})
    alice.post(path, {"role": "user", "content": "And that?"})
    opened = alice.get(conversation).body
    assert (opened["title"], opened["title_source"]) == ("What is this?", "auto")


def test_call_id_finds_all_it_was_given_to_and_nothing_else(alice: Client, path: str) -> None:
    for call_id in ("call#1", "call", "call#1", None, "call#1#x", "call#1"):
        alice.post(path, HELLO | ({"call_id": call_id} if call_id else {}))

    first = alice.get(path, call_id="call#1", limit=2, order="asc").body
    rest = alice.get(path, call_id="call#1", after=first["next_after"], order="asc").body
    found = first["data"] + rest["data"]
    assert [item["call_id"] for item in found] == ["call#1"] * 3
    assert [item["id"] for item in found] == sorted(item["id"] for item in found)
    assert (first["has_more"], rest["has_more"]) == (True, False)
    assert alice.get(path, call_id="unknown").body["data"] == []
    assert len(alice.get(path, call_id="call").body["data"]) == 1


def test_pages_end_early_rather_than_burst_the_answer(alice: Client, path: str) -> None:
    big = {"role": "user", "content": '"' * 170_000}
    for _ in range(4):
        assert alice.post(path, {"items": [big] * 5}).status == 201

    seen: list[str] = []
    after: dict[str, Any] = {}
    while True:
        page = alice.get(path, limit=100, order="asc", **after)
        # As Lambda counts it: the answer as a string inside another JSON.
        assert len(json.dumps(page.text)) < 6_291_556
        seen += [item["id"] for item in page.body["data"]]
        if not page.body["has_more"]:
            break
        after = {"after": page.body["next_after"]}
    assert len(seen) == len(set(seen)) == 20

    opened = alice.get(path.removesuffix("/items")).body
    assert 0 < len(opened["items"]) < 20
    assert opened["items_next_after"] == opened["items"][-1]["id"] == seen[len(opened["items"]) - 1]


def test_opening_newest_first_goes_on_from_where_it_ended(alice: Client, path: str) -> None:
    written = alice.post(path, {"items": [HELLO] * 3}).body["data"]
    opened = alice.get(path.removesuffix("/items"), order="desc").body
    assert opened["items"] == written[::-1]


def test_a_message_of_another_conversation_is_absent(alice: Client, path: str) -> None:
    item = alice.post(path, HELLO).body["id"]
    other = alice.post("/v1/conversations").body["id"]
    assert alice.get(f"/v1/conversations/{other}/items/{item}").status == 404
    for bad in ("item_1", "conv_" + "0" * 26, "msg_x", "item_" + "0" * 26):
        assert alice.get(f"{path}/{bad}").status == 404


def test_a_cursor_that_is_no_messages_id_is_refused(alice: Client, path: str) -> None:
    for bad in ("", "x", "conv_" + "0" * 26):
        assert alice.get(path, after=bad).error["code"] == "invalid_cursor"
        assert alice.get(path, after=bad, call_id="x").error["code"] == "invalid_cursor"


def test_a_message_over_its_limit_is_named_by_its_place(alice: Client, path: str) -> None:
    big = {"role": "user", "content": "x" * 360_000}
    for where, body, param in (
        (path, big, None),
        (path, {"items": [big]}, "items[0]"),
        (path, {"items": [HELLO, big]}, "items[1]"),
        ("/v1/conversations", {"items": [big]}, "items[0]"),
    ):
        reply = alice.post(where, body)
        assert (reply.status, reply.error["param"]) == (413, param)


def test_a_call_id_to_look_for_has_1_to_256_characters(alice: Client, path: str) -> None:
    for call_id, code in (("", "below_min"), ("x" * 257, "above_max")):
        reply = alice.get(path, call_id=call_id)
        assert (reply.status, reply.error["code"]) == (400, code)
        assert reply.error["param"] == "call_id"
    sent = alice.post(path, HELLO | {"call_id": "x" * 256}).body
    assert alice.get(path, call_id="x" * 256).body["data"] == [sent]
