"""Responses, from event to rows: new messages and a model's answer in one write, or nothing."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from colloquy import wiring
from colloquy.domain.item import ItemDraft
from colloquy.domain.receipt import Once
from colloquy.services import models as answering
from colloquy.services import responses
from colloquy.services.models import ResponseParameters
from tests.support.client import Client, Reply
from tests.support.model import Exchange, ModelServer, completion, drips, refuses, says, serving
from tests.support.rows import Rows

TABLE = {
    "small": {"id": "fake-small", "context": 1000, "max_tokens": 400, "max_temperature": 1},
    "large": {"id": "fake-large", "context": 50_000, "images": True},
}


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    """A model that answers "Rome."; a test gives it another behaviour."""
    with serving(says("Rome.")) as server:
        monkeypatch.setenv("MODEL_PROVIDER", "openai")
        monkeypatch.setenv("MODEL_TABLE", json.dumps(TABLE))
        monkeypatch.setenv("MODEL_BASE_URL", f"{server.url}/v1")
        yield server


@pytest.fixture
def path(alice: Client, model: ModelServer) -> str:
    """A conversation of two messages."""
    assert model.asked == []
    items = [
        {"role": "user", "content": "Capital of France?"},
        {"role": "assistant", "content": "Paris."},
    ]
    return f"/v1/conversations/{alice.post('/v1/conversations', {'items': items}).body['id']}"


def respond(alice: Client, path: str, body: Any = None, **more: Any) -> Reply:
    return alice.post(f"{path}/responses", body, **more)


def texts(alice: Client, path: str) -> list[Any]:
    return [item["content"] for item in alice.get(path).body["items"]]


def told(model: ModelServer) -> list[tuple[str, Any]]:
    return [(each["role"], each["content"]) for each in model.asked[-1]["messages"]]


def test_a_message_is_answered_and_both_are_written(
    alice: Client, path: str, model: ModelServer
) -> None:
    reply = respond(alice, path, {"content": "And of Italy?"})

    assert reply.status == 201
    said, answer = reply.body["data"]
    assert (said["role"], said["content"], said["model"]) == ("user", "And of Italy?", None)
    assert (answer["role"], answer["content"], answer["model"]) == ("assistant", "Rome.", "fake-1")
    assert answer["status"] == "completed"
    assert (reply.body["object"], reply.body["has_more"]) == ("list", False)
    assert told(model) == [
        ("user", "Capital of France?"),
        ("assistant", "Paris."),
        ("user", "And of Italy?"),
    ]
    opened = alice.get(path).body
    assert opened["items"][2:] == [said, answer]
    assert opened["item_count"] == 4


def test_without_new_messages_the_model_answers_what_is_there(
    alice: Client, path: str, model: ModelServer
) -> None:
    alice.post(f"{path}/items", {"role": "user", "content": "And of Italy?"})
    (answer,) = respond(alice, path).body["data"]
    assert answer["content"] == "Rome."
    assert told(model)[-1] == ("user", "And of Italy?")
    assert len(texts(alice, path)) == 4


def test_several_messages_are_written_in_their_order(
    alice: Client, path: str, model: ModelServer
) -> None:
    items = [
        {"role": "developer", "content": "One word."},
        {"role": "user", "content": "And of Italy?", "metadata": {"k": "v"}},
    ]
    written = respond(alice, path, {"items": items}).body["data"]
    assert [each["role"] for each in written] == ["developer", "user", "assistant"]
    assert written[1]["metadata"] == {"k": "v"}
    assert told(model)[0] == ("system", "One word.")
    assert alice.get(path).body["items"][2:] == written


def test_nothing_to_answer_is_said(alice: Client, model: ModelServer) -> None:
    empty = f"/v1/conversations/{alice.post('/v1/conversations', {}).body['id']}"
    reply = respond(alice, empty)
    assert (reply.status, reply.error["code"]) == (400, "invalid_value")
    assert model.asked == []


def test_a_conversation_without_a_title_gets_one_in_the_same_write(
    alice: Client, model: ModelServer
) -> None:
    assert model.asked == []
    empty = f"/v1/conversations/{alice.post('/v1/conversations', {}).body['id']}"
    assert respond(alice, empty, {"content": "Capital of Italy?"}).status == 201
    header = alice.get(empty).body
    assert (header["title"], header["title_source"]) == ("Capital of Italy?", "auto")


def test_every_option_reaches_the_model(alice: Client, path: str, model: ModelServer) -> None:
    project = alice.post("/v1/projects", {"title": "P", "instructions": "Speak Latin."}).body["id"]
    alice.patch(path, {"project_id": project})
    options = {"model": "small", "temperature": 0.5, "max_tokens": 7, "instructions": "Be brief."}
    assert respond(alice, path, {"content": "Well?", **options}).status == 201
    (asked,) = model.asked
    assert (asked["model"], asked["temperature"], asked["max_tokens"]) == ("fake-small", 0.5, 7)
    assert told(model)[0] == ("system", "Speak Latin.\n\nBe brief.")


@pytest.mark.parametrize(
    ("body", "status", "code", "param"),
    [
        ({"content": ""}, 400, "below_min", "content"),
        ({"content": 1}, 400, "invalid_value", "content"),
        ({"items": []}, 400, "below_min", "items"),
        ({"items": [{"role": "user", "content": "x"}] * 20}, 400, "above_max", "items"),
        ({"items": [{"role": "user"}]}, 400, "missing_required", "items[0].content"),
        ({"content": "x", "items": [{"role": "user", "content": "x"}]}, 400, "invalid_value", None),
        ({"content": "x", "stream": True}, 400, "invalid_value", "stream"),
        ({"content": "x", "stream": "no"}, 400, "invalid_value", "stream"),
        ({"content": "x", "model": "gpt-9"}, 400, "invalid_value", "model"),
        ({"content": "x", "max_tokens": 401}, 400, "above_max", "max_tokens"),
        ({"content": "x", "temperature": 1.5}, 400, "above_max", "temperature"),
        ({"content": "x", "tools": []}, 400, "unknown_parameter", "tools"),
        ({"content": "x" * 360_000}, 413, "too_large", None),
        ({"content": "word " * 1_000}, 400, "above_max", None),
    ],
)
def test_what_cannot_succeed_is_rejected_by_name_and_asks_no_model(
    alice: Client,
    path: str,
    model: ModelServer,
    body: dict[str, Any],
    status: int,
    code: str,
    param: str | None,
) -> None:
    reply = respond(alice, path, body)
    assert (reply.status, reply.error["code"], reply.error["param"]) == (status, code, param)
    assert model.asked == []
    assert len(texts(alice, path)) == 2


def test_an_answer_that_met_its_limit_is_incomplete(
    alice: Client, path: str, model: ModelServer
) -> None:
    cut = completion("Rome is")
    cut["choices"][0]["finish_reason"] = "length"
    model.behave = lambda exchange: exchange.send(200, cut)
    answer = respond(alice, path, {"content": "And of Italy?"}).body["data"][-1]
    assert answer["status"] == "incomplete"
    assert alice.get(f"{path}/items/{answer['id']}").body == answer
    model.behave = says("Rome is its capital.")
    again = alice.post(f"{path}/items/{answer['id']}/regenerate").body
    assert again["status"] == "completed"
    versions = alice.get(f"{path}/items/{answer['id']}/versions").body["data"]
    assert [each.get("status") for each in versions] == [None, "incomplete"]


USAGE = {
    "prompt_tokens": 20,
    "completion_tokens": 4,
    "prompt_tokens_details": {"cached_tokens": 5},
    "completion_tokens_details": {"reasoning_tokens": 3},
}
KEPT = {
    "input_tokens": 20,
    "output_tokens": 4,
    "total_tokens": 24,
    "cached_tokens": 5,
    "cache_write_tokens": 0,
    "reasoning_tokens": 3,
}


def test_usage_is_kept_with_each_text_exported_and_imported(
    alice: Client, path: str, model: ModelServer
) -> None:
    model.behave = lambda exchange: exchange.send(200, completion("Rome.") | {"usage": USAGE})
    said, answer = respond(alice, path, {"content": "And of Italy?"}).body["data"]
    assert "usage" not in said
    assert answer["usage"] == KEPT
    assert alice.get(f"{path}/items/{answer['id']}").body == answer
    edited = alice.put(f"{path}/items/{answer['id']}/edit", {"content": "Roma."}).body
    assert "usage" not in edited
    versions = alice.get(f"{path}/items/{answer['id']}/versions").body["data"]
    assert [each.get("usage") for each in versions] == [None, KEPT]

    export = alice.get(f"{path}/export", format="json").body
    copy = alice.post("/v1/conversations/import", export).body["id"]
    again = alice.get(f"/v1/conversations/{copy}/export", format="json").body
    assert [each["versions"] for each in again["items"]] == [
        each["versions"] for each in export["items"]
    ]
    assert again["items"][3]["versions"][0]["usage"] == KEPT
    restored = alice.post(f"{path}/items/{answer['id']}/versions/1/restore").body
    assert restored["usage"] == KEPT


def test_reasoning_is_a_part_that_no_link_title_or_model_gets(
    alice: Client, path: str, model: ModelServer
) -> None:
    model.behave = says("<think>Boot-shaped.</think>Rome.")
    answer = respond(alice, path, {"content": "And of Italy?"}).body["data"][-1]
    assert answer["content"] == [
        {"type": "reasoning", "text": "Boot-shaped."},
        {"type": "output_text", "text": "Rome."},
    ]
    share = alice.post(f"{path}/share").body["share_id"]
    for form in ("json", "html", "md"):
        page = alice.get(f"/conversations/share/{share}", format=form).text
        assert "Rome." in page
        assert "Boot" not in page
    respond(alice, path, {"content": "Why?"})
    assert told(model)[3] == ("assistant", "Rome.")


def test_tool_traffic_reaches_the_model_as_such(
    alice: Client, path: str, model: ModelServer
) -> None:
    call = {"type": "function_call", "call_id": "c1", "name": "capital", "arguments": "{}"}
    output = {"type": "function_call_output", "call_id": "c1", "output": "Rome"}
    items = [
        {"role": "user", "content": "And of Italy?"},
        {"role": "assistant", "content": [call]},
        {"role": "tool", "content": [output]},
    ]
    assert respond(alice, path, {"items": items}).status == 201
    made = {"id": "c1", "type": "function", "function": {"name": "capital", "arguments": "{}"}}
    assert model.asked[0]["messages"][-2:] == [
        {"role": "assistant", "content": None, "tool_calls": [made]},
        {"role": "tool", "content": "Rome", "tool_call_id": "c1"},
    ]


BAD: dict[str, tuple[Callable[[Exchange], None], int, str]] = {
    "hangs": (Exchange.hang, 504, "model_timeout"),
    "drips": (drips, 504, "model_timeout"),
    "dies": (Exchange.break_off, 502, "model_error"),
    "500": (refuses(500), 502, "model_error"),
    "429": (refuses(429), 503, "model_unavailable"),
    "reasons only": (says("<think>Hm.</think>"), 502, "model_error"),
    "says nothing": (says(None), 502, "model_error"),
    "says too much": (says("x" * 300_000), 502, "model_error"),
}


@pytest.mark.parametrize("how", BAD)
def test_when_the_model_fails_nothing_has_changed(
    alice: Client,
    path: str,
    model: ModelServer,
    rows: Rows,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
) -> None:

    monkeypatch.setattr(responses, "ANSWER_SECONDS", 0.6)
    model.behave, status, code = BAD[how]
    before = sorted(rows.all(), key=lambda row: (row["PK"], row["SK"]))

    reply = respond(alice, path, {"content": "And?"}, headers={"Idempotency-Key": "k"})

    assert (reply.status, reply.error["code"]) == (status, code)
    assert ("retry-after" in reply.headers) == (status == 503)
    assert sorted(rows.all(), key=lambda row: (row["PK"], row["SK"])) == before
    # The same request, once the model is well again.
    model.behave = says("Well again.")
    monkeypatch.setattr(responses, "ANSWER_SECONDS", answering.ANSWER_SECONDS)
    again = respond(alice, path, {"content": "And?"}, headers={"Idempotency-Key": "k"})
    assert again.status == 201
    assert "idempotent-replayed" not in again.headers


def test_a_repeated_request_gives_the_same_items_and_asks_no_model(
    alice: Client, path: str, model: ModelServer, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = {"Idempotency-Key": "again"}
    body = {"content": "And of Italy?"}
    first = respond(alice, path, body, headers=key)
    answer = first.body["data"][-1]
    alice.put(f"{path}/items/{answer['id']}/edit", {"content": "later"})
    monkeypatch.setenv("MODEL_PROVIDER", "off")

    again = respond(alice, path, body, headers=key)

    assert (again.status, again.text) == (201, first.text)
    assert again.headers["idempotent-replayed"] == "true"
    assert len(model.asked) == 1
    assert "Rome" not in str(rows.of_type("receipt"))
    assert len(texts(alice, path)) == 4
    other = respond(alice, path, {"content": "And of Spain?"}, headers=key)
    assert (other.status, other.error["code"]) == (409, "idempotency_mismatch")


def test_of_two_equal_requests_at_once_one_is_written(
    alice: Client, path: str, model: ModelServer
) -> None:
    conversation_id = path.rsplit("/", 1)[1]
    service = wiring.responses()

    once = Once(key="k", fingerprint="f")
    drafts = [ItemDraft(role="user", content="And of Italy?")]
    first: list[Any] = []

    def meanwhile(exchange: Exchange) -> None:
        model.behave = says("The other.")
        written = service.respond("alice", conversation_id, drafts, ResponseParameters(), once)
        first.append(written)
        exchange.send(200, completion("Too late."))

    model.behave = meanwhile
    second = service.respond("alice", conversation_id, drafts, ResponseParameters(), once)
    assert (first[0].replayed, second.replayed) == (False, True)
    assert second.value == first[0].value
    assert texts(alice, path)[2:] == ["And of Italy?", "The other."]


def test_others_may_write_while_the_model_does(
    alice: Client, path: str, model: ModelServer
) -> None:
    """The order is that of the writes: what was written meanwhile stands before."""
    conversation_id = path.rsplit("/", 1)[1]

    def meanwhile(exchange: Exchange) -> None:
        draft = ItemDraft(role="user", content="Meanwhile.")
        wiring.items().append("alice", conversation_id, [draft])
        exchange.send(200, completion("Rome."))

    model.behave = meanwhile
    assert respond(alice, path, {"content": "And of Italy?"}).status == 201
    assert texts(alice, path)[2:] == ["Meanwhile.", "And of Italy?", "Rome."]


def test_what_is_deleted_while_the_model_writes_stays_deleted(
    alice: Client, path: str, model: ModelServer, rows: Rows
) -> None:
    conversation_id = path.rsplit("/", 1)[1]

    def meanwhile(exchange: Exchange) -> None:
        wiring.conversations().delete("alice", conversation_id)
        exchange.send(200, completion("Too late."))

    model.behave = meanwhile
    reply = respond(alice, path, {"content": "And of Italy?"})
    assert (reply.status, reply.error["code"]) == (404, "not_found")
    assert "Too late." not in str(rows.all())


def test_a_full_conversation_asks_no_model(
    alice: Client, path: str, model: ModelServer, rows: Rows
) -> None:
    (header,) = rows.of_type("conversation")
    rows.put({**header, "item_count": 9_999})
    reply = respond(alice, path, {"content": "And of Italy?"})
    assert (reply.status, reply.error["code"]) == (409, "conversation_full")
    assert model.asked == []


def test_someone_elses_conversation_looks_absent(
    alice: Client, bob: Client, path: str, model: ModelServer
) -> None:
    never = f"/v1/conversations/conv_{'0' * 26}"
    foreign, absent = (respond(bob, each, {"content": "Hi"}) for each in (path, never))
    assert (foreign.status, foreign.text) == (absent.status, absent.text)
    assert foreign.status == 404
    assert model.asked == []
    assert respond(alice, "/v1/conversations/conv_x", {"content": "Hi"}).status == 404


def test_without_a_model_it_is_said_how_to_get_one(
    alice: Client, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_PROVIDER", "off")
    reply = respond(alice, path, {"content": "Hi"})
    assert (reply.status, reply.error["code"]) == (503, "model_unavailable")
    assert "MODEL_BASE_URL" in reply.error["message"]
