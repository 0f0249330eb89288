"""Chat histories as Chat Completions sends them: in as they are, and back as they came."""

from typing import Any

import pytest

from tests.support.client import Client
from tests.support.functions import dispatch

CALLS = [
    {
        "id": "call_1",
        "type": "function",
        "function": {"name": "get_weather", "arguments": '{"city": "Ωmega", "days": 1e2}'},
        "index": 0,
    }
]
HISTORY: list[dict[str, Any]] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "How is the weather?", "name": "Bo"},
    {"role": "assistant", "content": None, "tool_calls": CALLS},
    {"role": "tool", "content": "", "tool_call_id": "call_1"},
    {"role": "assistant", "content": "", "tool_calls": CALLS},
    {"role": "tool", "content": '{"sun": true}', "tool_call_id": "call_1", "name": "get_weather"},
    {"role": "assistant", "content": [], "tool_calls": CALLS},
    {"role": "assistant", "content": "Sunny.", "tool_calls": CALLS},
]
SDK: dict[str, Any] = {"refusal": None, "audio": None, "function_call": None, "annotations": []}


def _said(item: dict[str, Any], sent: dict[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in sent}


def _created(client: Client, history: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    made = client.post("/v1/conversations", {"items": history})
    assert made.status == 201, made.text
    path = f"/v1/conversations/{made.body['id']}"
    items: list[dict[str, Any]] = client.get(path).body["items"]
    return path, items


def test_a_history_comes_back_as_it_was_sent(alice: Client) -> None:
    path, items = _created(alice, HISTORY)
    assert [_said(item, sent) for item, sent in zip(items, HISTORY, strict=True)] == HISTORY
    absent = {"name", "tool_calls", "tool_call_id"} & items[0].keys()
    assert absent == set()

    again = alice.post(f"{path}/items", {"items": HISTORY}).body["data"]
    assert [_said(item, sent) for item, sent in zip(again, HISTORY, strict=True)] == HISTORY
    read = alice.get(f"{path}/items/{again[2]['id']}").body
    assert (read["content"], read["tool_calls"]) == (None, CALLS)


def test_what_the_sdk_writes_beside_a_message_says_nothing(alice: Client) -> None:
    sent = [{**message, **SDK, "type": "message", "tool_calls": None} for message in HISTORY[:2]]
    without = {"role": "assistant", "tool_calls": CALLS, **SDK}
    _, items = _created(alice, [*sent, without])
    assert [item["content"] for item in items] == ["Be brief.", "How is the weather?", None]
    reply = alice.post("/v1/conversations", {"items": [{**HISTORY[1], "refusal": "No."}]})
    assert (reply.status, reply.error["param"]) == (400, "items[0].refusal")


def test_a_history_is_exported_and_imported_with_its_versions(alice: Client) -> None:
    path, items = _created(alice, HISTORY)
    edited = f"{path}/items/{items[2]['id']}"
    assert alice.put(f"{edited}/edit", {"content": "Let me look."}).status == 200
    exported = alice.get(f"{path}/export").body

    imported = alice.post("/v1/conversations/import", exported)
    assert imported.status == 201
    copy = alice.get(f"/v1/conversations/{imported.body['id']}/export").body
    kept = [{**item, "id": ""} for item in copy["items"]]
    assert kept == [{**item, "id": ""} for item in exported["items"]]
    assert kept[2]["versions"][0]["content"] is None

    assert alice.post(f"{edited}/versions/1/restore").body["content"] is None
    for form in ("markdown", "html"):
        assert "Sunny." in alice.get(f"{path}/export", format=form).text


def test_an_import_knows_which_messages_may_be_empty(alice: Client) -> None:
    path, _ = _created(alice, HISTORY[1:3])
    exported = alice.get(f"{path}/export").body
    exported["items"][1]["tool_calls"] = []
    reply = alice.post("/v1/conversations/import", exported)
    assert (reply.status, reply.error["param"]) == (400, "items[1].content")


@pytest.mark.parametrize(
    ("message", "code", "param"),
    [
        ({"role": "user", "content": None}, "invalid_value", "content"),
        ({"role": "user", "content": "", "tool_calls": CALLS}, "below_min", "content"),
        ({"role": "assistant", "content": ""}, "below_min", "content"),
        ({"role": "assistant", "content": None, "tool_calls": []}, "invalid_value", "content"),
        ({"role": "assistant"}, "missing_required", "content"),
        ({"role": "tool", "content": []}, "below_min", "content"),
        ({"role": "tool", "content": None}, "invalid_value", "content"),
        ({"role": "user", "content": "x", "type": "reasoning"}, "invalid_value", "type"),
        ({"role": "user", "content": "x", "name": ""}, "below_min", "name"),
        ({"role": "user", "content": "x", "name": "n" * 257}, "above_max", "name"),
        (
            {"role": "assistant", "content": "x", "tool_calls": ["f"]},
            "invalid_value",
            "tool_calls[0]",
        ),
        (
            {"role": "assistant", "content": "x", "tool_calls": [{}] * 129},
            "above_max",
            "tool_calls",
        ),
        ({"role": "tool", "content": "x", "tool_call_id": 1}, "invalid_value", "tool_call_id"),
    ],
)
def test_a_message_that_says_nothing_is_refused_by_name(
    alice: Client, message: dict[str, Any], code: str, param: str
) -> None:
    path = f"/v1/conversations/{alice.post('/v1/conversations').body['id']}/items"
    reply = alice.post(path, message)
    assert (reply.status, reply.error["code"], reply.error["param"]) == (400, code, param)
    several = alice.post(path, {"items": [HISTORY[1], message]})
    assert (several.status, several.error["param"]) == (400, f"items[1].{param}")


def test_tool_calls_count_in_a_messages_size(alice: Client) -> None:
    call = {"id": "call_1", "function": {"arguments": "x" * 360_000}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    reply = alice.post("/v1/conversations", {"items": [message]})
    assert (reply.status, reply.error["param"]) == (413, "items[0]")


def test_a_link_shows_none_of_it_and_a_fork_takes_none(alice: Client, bob: Client) -> None:
    path, _ = _created(alice, HISTORY)
    share_id = alice.post(f"{path}/share").body["share_id"]
    anyone = Client(dispatch, caller=None)
    for form in ("json", "md", "html"):
        text = anyone.get(f"/conversations/share/{share_id}", format=form).text
        assert "Sunny." in text
        for secret in ("get_weather", "call_1", "Bo"):
            assert secret not in text.replace("Body", "")
    fork = bob.post(f"/v1/shares/{share_id}/fork").body["id"]
    copied = bob.get(f"/v1/conversations/{fork}").body["items"]
    assert [item["content"] for item in copied] == ["How is the weather?", "Sunny."]
    assert not any({"name", "tool_calls", "tool_call_id"} & item.keys() for item in copied)
