"""The OpenAI dialect's conversations and items, from an event to rows and back."""

from typing import Any

import pytest

from tests.component.conftest import SignIn
from tests.support.client import Client
from tests.support.rows import Rows

BASE = "/openai/v1/conversations"
CALL: dict[str, Any] = {
    "type": "function_call",
    "call_id": "call_1",
    "name": "weather",
    "arguments": '{"city": "Paris"}',
}
OUTPUT: dict[str, Any] = {"type": "function_call_output", "call_id": "call_1", "output": "12 °C"}


def message(text: str, role: str = "user", **more: Any) -> dict[str, Any]:
    return {"type": "message", "role": role, "content": text, **more}


def create(client: Client, **body: Any) -> str:
    reply = client.post(BASE, body)
    assert reply.status == 200, reply.text
    created: str = reply.body["id"]
    return created


def items_of(client: Client, conversation_id: str, **query: Any) -> list[dict[str, Any]]:
    reply = client.get(f"{BASE}/{conversation_id}/items", **{"order": "asc", **query})
    assert reply.status == 200, reply.text
    found: list[dict[str, Any]] = reply.body["data"]
    return found


def test_a_conversation_has_openais_fields_and_no_others(alice: Client) -> None:
    created = alice.post(BASE, {"metadata": {"topic": "demo"}}).body
    assert created.keys() == {"id", "object", "created_at", "metadata"}
    assert created["object"] == "conversation"
    assert created["metadata"] == {"topic": "demo"}
    assert isinstance(created["created_at"], int)
    assert alice.get(f"{BASE}/{created['id']}").body == created


@pytest.mark.parametrize("body", [None, {}, {"metadata": None, "items": None, "unknown": 1}])
def test_everything_may_be_left_out_of_a_conversation(alice: Client, body: Any) -> None:
    assert alice.post(BASE, body).body["metadata"] == {}


def test_new_metadata_replaces_the_old(alice: Client) -> None:
    conversation_id = create(alice, metadata={"a": "1", "b": "2"})
    assert alice.post(f"{BASE}/{conversation_id}", {"metadata": {"c": "3"}}).body["metadata"] == {
        "c": "3"
    }
    assert alice.post(f"{BASE}/{conversation_id}", {"metadata": None}).body["metadata"] == {}
    reply = alice.post(f"{BASE}/{conversation_id}", {})
    assert (reply.status, reply.error["code"]) == (400, "missing_required_parameter")


def test_a_deleted_conversation_is_not_found(alice: Client) -> None:
    conversation_id = create(alice)
    assert alice.delete(f"{BASE}/{conversation_id}").body == {
        "id": conversation_id,
        "object": "conversation.deleted",
        "deleted": True,
    }
    reply = alice.delete(f"{BASE}/{conversation_id}")
    assert reply.status == 404
    assert reply.body == {
        "error": {
            "message": f"Conversation with id '{conversation_id}' not found.",
            "type": "invalid_request_error",
            "param": None,
            "code": None,
        }
    }


def test_a_text_becomes_the_part_its_role_asks_for(alice: Client) -> None:
    conversation_id = create(alice, items=[message("Hi"), message("Hello!", "assistant")])
    question, answer = items_of(alice, conversation_id)
    assert question["content"] == [{"type": "input_text", "text": "Hi"}]
    assert answer["content"] == [
        {"type": "output_text", "text": "Hello!", "annotations": [], "logprobs": []}
    ]
    assert question.keys() == {"id", "type", "status", "role", "content"}
    assert question["id"].startswith("msg_")


def test_items_of_every_type_come_back_as_they_were_sent(alice: Client) -> None:
    sent = [
        CALL,
        OUTPUT,
        {"type": "reasoning", "summary": [], "encrypted_content": "gAAAA"},
        {"type": "custom_tool_call", "call_id": "c", "name": "sql", "input": "select 1"},
        {"type": "mcp_list_tools", "server_label": "s", "tools": []},
        {"type": "something_new", "payload": {"deep": [1, None, "x"]}},
    ]
    conversation_id = create(alice)
    reply = alice.post(f"{BASE}/{conversation_id}/items", {"items": sent})
    assert (reply.status, reply.body["has_more"]) == (200, False)
    found = items_of(alice, conversation_id)
    assert reply.body["data"] == found
    assert [{k: v for k, v in item.items() if k not in {"id", "status"}} for item in found] == sent
    prefixes = [item["id"].partition("_")[0] for item in found]
    assert prefixes == ["fc", "fco", "rs", "ctc", "mcpl", "item"]
    assert [item.get("status") for item in found] == ["completed"] * 3 + [None] * 3


def test_items_that_are_no_messages_have_a_native_face(alice: Client) -> None:
    conversation_id = create(alice, items=[message("Weather?"), CALL, OUTPUT])
    native = alice.get(f"/v1/conversations/{conversation_id}").body
    assert native["item_count"] == 3
    assert [item["role"] for item in native["items"]] == ["user", "assistant", "tool"]
    assert native["items"][1]["content"] == [CALL]
    assert native["items"][1]["call_id"] == "call_1"
    assert native["title"] == "Weather?"
    found = alice.get(f"/v1/conversations/{conversation_id}/items", call_id="call_1").body["data"]
    assert len(found) == 2


def test_items_that_are_no_messages_stay_out_of_links(alice: Client, sign_in: SignIn) -> None:
    conversation_id = create(alice, items=[message("Weather?"), CALL, OUTPUT])
    share = alice.post(f"/v1/conversations/{conversation_id}/share").body
    shown = sign_in("nobody").get(f"/conversations/share/{share['share_id']}", format="json")
    assert [item["role"] for item in shown.body["items"]] == ["user"]


def test_an_item_that_is_no_message_cannot_be_edited(alice: Client) -> None:
    conversation_id = create(alice, items=[CALL])
    (item,) = alice.get(f"/v1/conversations/{conversation_id}/items").body["data"]
    path = f"/v1/conversations/{conversation_id}/items/{item['id']}/edit"
    reply = alice.put(path, {"content": "x"})
    assert (reply.status, reply.error["param"]) == (400, "item_id")


def test_an_id_that_comes_with_an_item_is_kept(alice: Client, rows: Rows) -> None:
    conversation_id = create(alice, items=[message("Hi", id="msg_mine")])
    path = f"{BASE}/{conversation_id}/items"
    assert items_of(alice, conversation_id)[0]["id"] == "msg_mine"
    assert alice.get(f"{path}/msg_mine").body["content"][0]["text"] == "Hi"
    alice.post(path, {"items": [message("Next")]})
    assert [
        i["content"][0]["text"] for i in items_of(alice, conversation_id, after="msg_mine")
    ] == ["Next"]
    assert alice.delete(f"{path}/msg_mine").body["id"] == conversation_id
    assert alice.get(f"{path}/msg_mine").status == 404
    assert not [row for row in rows.all() if row["type"] == "alias"]
    assert alice.post(path, {"items": [message("Hi", id="msg_mine")]}).status == 200


def test_a_repeated_request_with_ids_writes_nothing(alice: Client) -> None:
    conversation_id = create(alice)
    path = f"{BASE}/{conversation_id}/items"
    body = {"items": [message("one", id="msg_1"), message("two", id="msg_2")]}
    assert alice.post(path, body).status == 200
    for again in (body, {"items": [message("three"), message("two", id="msg_2")]}):
        reply = alice.post(path, again)
        assert (reply.status, reply.error["code"]) == (400, "item_already_in_conversation")
        assert (reply.error["message"], reply.error["param"]) == (
            "Item already in conversation",
            "items",
        )
    assert len(items_of(alice, conversation_id)) == 2


def test_two_items_of_one_request_may_not_have_the_same_id(alice: Client) -> None:
    reply = alice.post(BASE, {"items": [message("one", id="msg_1"), message("two", id="msg_1")]})
    assert (reply.status, reply.error["code"]) == (400, "item_already_in_conversation")


def test_a_stored_id_is_taken_with_any_prefix(alice: Client) -> None:
    conversation_id = create(alice, items=[CALL])
    (item,) = items_of(alice, conversation_id)
    suffix = item["id"].partition("_")[2]
    for prefix in ("fc", "msg", "item"):
        path = f"{BASE}/{conversation_id}/items/{prefix}_{suffix}"
        assert alice.get(path).body == item


def test_pages_follow_each_other(alice: Client) -> None:
    conversation_id = create(alice)
    for start in range(0, 25, 5):
        batch = [message(str(number)) if number % 2 else CALL for number in range(start, start + 5)]
        alice.post(f"{BASE}/{conversation_id}/items", {"items": batch})
    seen: list[str] = []
    after: dict[str, Any] = {}
    while True:
        page = alice.get(f"{BASE}/{conversation_id}/items", limit=10, **after).body
        seen += [item["id"] for item in page["data"]]
        if not page["has_more"]:
            break
        after = {"after": page["last_id"]}
    assert len(seen) == len(set(seen)) == 25
    assert seen == [item["id"] for item in items_of(alice, conversation_id, limit=100)][::-1]


def test_a_cursor_that_names_nothing_is_not_found(alice: Client) -> None:
    conversation_id = create(alice)
    reply = alice.get(f"{BASE}/{conversation_id}/items", after="msg_x")
    assert (reply.status, reply.error["param"]) == (404, "after")
    assert reply.error["message"] == "No item found with id 'msg_x'"


def test_someone_elses_conversation_looks_absent(alice: Client, bob: Client) -> None:
    conversation_id = create(alice, items=[message("Hi", id="msg_1")])
    absent = "conv_" + "0" * 26
    for method, path, body in (
        ("GET", "", None),
        ("POST", "", {"metadata": {}}),
        ("DELETE", "", None),
        ("GET", "/items", None),
        ("POST", "/items", {"items": [message("x")]}),
        ("GET", "/items/msg_1", None),
        ("DELETE", "/items/msg_1", None),
    ):
        theirs = bob.request(method, f"{BASE}/{conversation_id}{path}", body)
        nobodys = bob.request(method, f"{BASE}/{absent}{path}", body)
        assert theirs.status == nobodys.status == 404
        assert theirs.text.replace(conversation_id, absent) == nobodys.text


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({}, "items", "missing_required_parameter"),
        ({"items": []}, "items", "empty_array"),
        ({"items": [message("x")] * 21}, "items", "array_above_max_length"),
        ({"items": "x"}, "items", "invalid_type"),
        ({"items": [{"content": "x"}]}, "items[0].type", "missing_required_parameter"),
        (
            {"items": [message("x"), {"role": "user"}]},
            "items[1].content",
            "missing_required_parameter",
        ),
        ({"items": [message("x", role="king")]}, "items[0].role", "invalid_value"),
        ({"items": [message("x", id="item_x")]}, "items[0].id", "invalid_value"),
        ({"items": [{**CALL, "id": "msg_x"}]}, "items[0].id", "invalid_value"),
        (
            {"items": [message("x", id="msg_" + "x" * 300)]},
            "items[0].id",
            "string_above_max_length",
        ),
    ],
)
def test_what_is_wrong_with_items_is_named(alice: Client, body: Any, param: str, code: str) -> None:
    reply = alice.post(f"{BASE}/{create(alice)}/items", body)
    assert reply.status == 400, reply.text
    assert (reply.error["param"], reply.error["code"]) == (param, code)
    assert reply.error.keys() == {"message", "type", "param", "code"}


@pytest.mark.parametrize(
    ("metadata", "param", "code"),
    [
        ({str(n): "x" for n in range(17)}, "metadata", "object_above_max_properties"),
        ({"k": "x" * 600}, "metadata.k", "string_above_max_length"),
        ({"k" * 65: "x"}, f"metadata.{'k' * 64}", "property_name_above_max_length"),
        ({"k": 1}, "metadata.k", "invalid_type"),
        ("x", "metadata", "invalid_type"),
    ],
)
def test_what_is_wrong_with_metadata_is_named(
    alice: Client, metadata: Any, param: str, code: str
) -> None:
    reply = alice.post(BASE, {"metadata": metadata})
    assert (reply.status, reply.error["param"], reply.error["code"]) == (400, param, code)


def test_json_that_is_none_is_worded_as_openai_does(alice: Client) -> None:
    reply = alice.post(BASE, raw="{")
    assert (reply.status, reply.error["code"]) == (400, "invalid_json")
    assert reply.error["message"].startswith("Invalid body: failed to parse JSON value.")


def test_what_one_dialect_wrote_the_other_reads(alice: Client) -> None:
    native = alice.post("/v1/conversations", {"title": "Mine"}).body
    alice.post(f"/v1/conversations/{native['id']}/items", {"role": "user", "content": "Hi"})
    (item,) = items_of(alice, native["id"])
    assert item["content"] == [{"type": "input_text", "text": "Hi"}]
    listed = alice.get(BASE).body
    assert [entry["id"] for entry in listed["data"]] == [native["id"]]
    assert (listed["first_id"], listed["has_more"]) == (native["id"], False)


def test_models_are_listed_by_the_names_requests_give(
    alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_PROVIDER", "bedrock")
    monkeypatch.setenv(
        "MODEL_TABLE",
        '{"small": {"id": "a", "context": 512}, "a/b:1": {"id": "b", "context": 512}}',
    )
    listed = alice.get("/openai/v1/models").body
    assert [model["id"] for model in listed["data"]] == ["small", "a/b:1"]
    assert alice.get("/openai/v1/models/a/b:1").body == listed["data"][1]
    reply = alice.get("/openai/v1/models/gpt-9")
    assert (reply.status, reply.error["code"]) == (404, "model_not_found")
    assert reply.error["message"] == "The model 'gpt-9' does not exist"


def test_tool_messages_of_chat_completions_are_shown_as_call_and_output(alice: Client) -> None:
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "weather", "arguments": '{"city": "Paris"}'},
    }
    native = alice.post("/v1/conversations").body["id"]
    messages = [
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "content": "12 °C", "tool_call_id": "call_1"},
        {"role": "assistant", "content": "Both.", "tool_calls": [call]},
    ]
    assert alice.post(f"/v1/conversations/{native}/items", {"items": messages}).status == 201
    _, called, output, both = items_of(alice, native)
    assert called == {**CALL, "id": called["id"], "status": "completed"}
    assert output == {**OUTPUT, "id": output["id"], "status": "completed"}
    assert (called["id"][:3], output["id"][:4]) == ("fc_", "fco_")
    assert both["content"][0]["text"] == "Both."
    path = f"{BASE}/{native}/items/{called['id']}"
    assert alice.get(path).body == called


def test_an_id_that_cannot_be_printed_is_named_as_such(alice: Client) -> None:
    reply = alice.post(BASE, {"items": [message("x", id="msg_\u0007")]})
    assert (reply.status, reply.error["param"]) == (400, "items[0].id")
    assert "cannot be printed" in reply.error["message"]
