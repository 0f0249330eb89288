"""Regeneration, from event to rows, with a model server on a real socket that behaves badly."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import patch

import pytest

from colloquy import wiring
from colloquy.services import regeneration
from colloquy.services.models import ResponseParameters
from tests.support.client import Client, Reply
from tests.support.model import (
    Exchange,
    ModelServer,
    completion,
    drips,
    refuses,
    says,
    serving,
)
from tests.support.rows import Rows

TABLE = {
    "small": {"id": "fake-small", "context": 1000, "max_tokens": 400, "max_temperature": 1},
    "claude-3-5-sonnet": {"id": "fake-sonnet", "context": 50_000, "images": True},
    "plain": {"id": "fake-plain", "context": 1000, "max_temperature": 0},
}


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    """A model that answers "A better answer."; a test gives it another behaviour."""
    with serving(says("A better answer.")) as server:
        monkeypatch.setenv("MODEL_PROVIDER", "openai")
        monkeypatch.setenv("MODEL_TABLE", json.dumps(TABLE))
        monkeypatch.setenv("MODEL_BASE_URL", f"{server.url}/v1")
        monkeypatch.setenv("MODEL_API_KEY", "sk-very-secret")
        yield server


@pytest.fixture
def path(alice: Client, model: ModelServer) -> str:
    """A conversation of four messages."""
    assert model.asked == []
    items = [
        {"role": "user", "content": "What is one and one?"},
        {"role": "assistant", "content": "Three."},
        {"role": "user", "content": "Are you sure?"},
        {"role": "assistant", "content": "Yes."},
    ]
    return f"/v1/conversations/{alice.post('/v1/conversations', {'items': items}).body['id']}"


def item_at(alice: Client, path: str, place: int) -> str:
    page = alice.get(f"{path}/items", order="asc", limit=100).body
    return f"{path}/items/{page['data'][place]['id']}"


def regenerate(alice: Client, path: str, place: int = 1, **more: Any) -> Reply:
    return alice.post(f"{item_at(alice, path, place)}/regenerate", **more)


def test_the_model_writes_the_next_version_from_the_messages_before(
    alice: Client, path: str, model: ModelServer
) -> None:
    before = alice.get(path).body["items"]

    reply = regenerate(alice, path)

    assert reply.status == 200
    item = reply.body
    assert item == before[1] | {
        "content": "A better answer.",
        "version": 2,
        "model": "fake-1",
        "edited_at": item["edited_at"],
    }
    assert reply.headers["etag"] == '"2"'
    assert alice.get(path).body["items"] == [before[0], item, *before[2:]]
    assert model.paths == ["/v1/chat/completions"]
    (asked,) = model.asked
    assert asked == {
        "model": "fake-small",
        "messages": [{"role": "user", "content": "What is one and one?"}],
        "max_tokens": 400,
        "stream": False,
    }
    versions = alice.get(f"{path}/items/{item['id']}/versions").body["data"]
    assert [(each["content"], each["model"]) for each in versions] == [
        ("A better answer.", "fake-1"),
        ("Three.", None),
    ]


def test_the_guides_request_works_as_printed(alice: Client, path: str, model: ModelServer) -> None:
    reply = regenerate(alice, path, 3, body={"model": "claude-3-5-sonnet"})
    assert (reply.status, reply.body["version"]) == (200, 2)
    assert model.asked[0]["model"] == "fake-sonnet"
    assert [message["content"] for message in model.asked[0]["messages"]] == [
        "What is one and one?",
        "Three.",
        "Are you sure?",
    ]


def test_a_person_edits_what_a_model_wrote_and_restores_it(alice: Client, path: str) -> None:
    item = regenerate(alice, path).body["id"]
    edited = alice.put(f"{path}/items/{item}/edit", {"content": "Two."}).body
    assert edited["model"] is None
    restored = alice.post(f"{path}/items/{item}/versions/2/restore").body
    assert (restored["content"], restored["model"]) == ("A better answer.", "fake-1")


def test_every_option_is_passed_on(alice: Client, path: str, model: ModelServer) -> None:
    options = {"model": "small", "temperature": 0.5, "max_tokens": 7, "instructions": "Be brief."}
    assert regenerate(alice, path, body=options).status == 200
    (asked,) = model.asked
    assert (asked["temperature"], asked["max_tokens"]) == (0.5, 7)
    assert asked["messages"][0] == {"role": "system", "content": "Be brief."}


def test_the_projects_instructions_are_the_system_prompt(
    alice: Client, path: str, model: ModelServer
) -> None:
    project = alice.post("/v1/projects", {"title": "P", "instructions": "Speak Latin."}).body["id"]
    alice.patch(path, {"project_id": project})
    assert regenerate(alice, path, body={"instructions": "Be brief."}).status == 200
    assert model.asked[0]["messages"][0] == {
        "role": "system",
        "content": "Speak Latin.\n\nBe brief.",
    }


def test_the_newest_messages_that_fit_are_given_and_no_others(
    alice: Client, path: str, model: ModelServer
) -> None:
    for number in range(30):
        role = "assistant" if number % 2 else "user"
        text = f"{number:03} " + "word " * 20
        alice.post(f"{path}/items", {"role": role, "content": text})
    page = alice.get(f"{path}/items", limit=1).body["data"][0]

    assert alice.post(f"{path}/items/{page['id']}/regenerate").status == 200

    said = [message["content"][:3] for message in model.asked[0]["messages"]]
    # 1,000 tokens less 400 for the answer, at 43 a message.
    assert said == [f"{number:03}" for number in range(16, 29)]
    sent = sum(len(message["content"]) for message in model.asked[0]["messages"])
    assert sent / 3 <= 600


def test_every_kind_of_message_is_told_in_turns_that_alternate(
    alice: Client, model: ModelServer
) -> None:
    image = "data:image/png;base64,iVBORw0KGgo="
    items = [
        {"role": "assistant", "content": "Welcome."},
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": [{"type": "input_text", "text": "Look"}]},
        {"role": "user", "content": [{"type": "input_image", "image_url": image}]},
        {"role": "tool", "content": "42", "call_id": "call-1"},
        {"role": "developer", "content": "No jokes."},
        {"role": "user", "content": [{"type": "odd", "depth": 1}]},
        {"role": "assistant", "content": "Old."},
    ]
    created = alice.post("/v1/conversations", {"items": items}).body
    path = f"/v1/conversations/{created['id']}"

    assert regenerate(alice, path, 7, body={"model": "claude-3-5-sonnet"}).status == 200

    system, *turns = model.asked[0]["messages"]
    assert system == {"role": "system", "content": "Be kind.\n\nNo jokes."}
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"]
    assert turns[2]["content"] == [
        {"type": "text", "text": "Look"},
        {"type": "image_url", "image_url": {"url": image}},
        {"type": "text", "text": "Output of the tool call call-1:"},
        {"type": "text", "text": "42"},
        {"type": "text", "text": "(odd)"},
    ]
    assert regenerate(alice, path, 7).status == 200
    assert "(input_image)" in model.asked[1]["messages"][-1]["content"]


def test_an_answer_after_an_answer_asks_the_model_to_go_on(
    alice: Client, path: str, model: ModelServer
) -> None:
    alice.delete(item_at(alice, path, 2))
    assert regenerate(alice, path, 2).status == 200
    assert [turn["role"] for turn in model.asked[0]["messages"]] == ["user", "assistant", "user"]


def test_only_the_assistants_messages_are_regenerated(
    alice: Client, path: str, model: ModelServer
) -> None:
    reply = regenerate(alice, path, 0)
    assert (reply.status, reply.error["code"]) == (400, "invalid_value")
    assert "assistant" in reply.error["message"]
    assert model.asked == []


def test_a_first_message_has_nothing_to_be_made_of(alice: Client, model: ModelServer) -> None:
    items = [{"role": "assistant", "content": "Hello."}]
    created = alice.post("/v1/conversations", {"items": items}).body
    reply = regenerate(alice, f"/v1/conversations/{created['id']}", 0)
    assert reply.status == 400
    assert model.asked == []


def test_a_message_too_long_for_the_model_is_said_so(
    alice: Client, path: str, model: ModelServer
) -> None:
    alice.put(f"{item_at(alice, path, 0)}/edit", {"content": "word " * 1_000})
    reply = regenerate(alice, path)
    assert (reply.status, reply.error["code"]) == (400, "above_max")
    assert "1,000" in reply.error["message"]
    assert model.asked == []


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"model": "gpt-9"}, "invalid_value", "model"),
        ({"model": ""}, "below_min", "model"),
        ({"model": 1}, "invalid_value", "model"),
        ({"temperature": -0.1}, "below_min", "temperature"),
        ({"temperature": 2.1}, "above_max", "temperature"),
        ({"temperature": 1.5}, "above_max", "temperature"),
        ({"temperature": "hot"}, "invalid_value", "temperature"),
        ({"temperature": 1, "model": "plain"}, "invalid_value", "temperature"),
        ({"max_tokens": 0}, "below_min", "max_tokens"),
        ({"max_tokens": 401}, "above_max", "max_tokens"),
        ({"max_tokens": 1.5}, "invalid_value", "max_tokens"),
        ({"instructions": "x" * 32_769}, "above_max", "instructions"),
        ({"top_p": 1}, "unknown_parameter", "top_p"),
    ],
)
def test_an_option_that_cannot_succeed_is_refused_by_name(
    alice: Client, path: str, model: ModelServer, body: dict[str, Any], code: str, param: str
) -> None:
    reply = regenerate(alice, path, body=body)
    assert (reply.status, reply.error["code"], reply.error["param"]) == (400, code, param)
    assert model.asked == []


def test_an_unknown_model_is_told_the_known_ones(alice: Client, path: str) -> None:
    message = regenerate(alice, path, body={"model": "gpt-9"}).error["message"]
    assert "small, claude-3-5-sonnet, plain" in message


def streams(*events: str) -> Callable[[Exchange], None]:
    def behave(exchange: Exchange) -> None:
        body = "".join(f"data: {event}\n\n" for event in events)
        exchange.send(200, body.encode(), "text/event-stream; charset=utf-8")

    return behave


def piece(text: str, finish: str | None = None) -> str:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    return json.dumps({"model": "fake-stream", "choices": [choice]})


def test_a_server_that_can_only_stream_is_understood(
    alice: Client, path: str, model: ModelServer
) -> None:
    role = json.dumps({"choices": [{"delta": {"role": "assistant"}, "finish_reason": None}]})
    model.behave = streams(role, piece("Tw"), piece("o. ü"), piece("", "stop"), "[DONE]")
    item = regenerate(alice, path).body
    assert (item["content"], item["model"]) == ("Two. ü", "fake-stream")


def dies(exchange: Exchange) -> None:
    exchange.start(200, "application/json", **{"Content-Length": "1000"})
    exchange.write(b'{"choices": [{"mess')
    exchange.break_off()


def hangs(exchange: Exchange) -> None:
    exchange.hang()


def drips_events(exchange: Exchange) -> None:
    exchange.start(200, "text/event-stream")
    while not exchange.server.stopping.wait(0.05):
        exchange.write(f"data: {piece('on and ')}\n\n".encode())


def floods(exchange: Exchange) -> None:
    exchange.start(200, "application/json", **{"Content-Length": "9000000000"})
    while not exchange.server.stopping.is_set():
        exchange.write(b" " * 65_536)


def answers_bytes(body: bytes) -> Callable[[Exchange], None]:
    return lambda exchange: exchange.send(200, body)


BAD = {
    "hangs": (hangs, 504, "model_timeout"),
    "drips": (drips, 504, "model_timeout"),
    "streams without end": (drips_events, 504, "model_timeout"),
    "dies in the middle": (dies, 502, "model_error"),
    "dies at once": (Exchange.break_off, 502, "model_error"),
    "floods": (floods, 502, "model_error"),
    "500": (refuses(500), 502, "model_error"),
    "400": (refuses(400), 502, "model_error"),
    "401": (refuses(401), 502, "model_error"),
    "redirect": (refuses(302, Location="http://127.0.0.1:1/"), 502, "model_error"),
    "504": (refuses(504), 504, "model_timeout"),
    "429": (refuses(429), 503, "model_unavailable"),
    "503": (refuses(503), 503, "model_unavailable"),
    "529": (refuses(529), 503, "model_unavailable"),
    "garbage": (answers_bytes(b"<html>\xff</html>"), 502, "model_error"),
    "nothing": (answers_bytes(b""), 502, "model_error"),
    "a list": (answers_bytes(b"[]"), 502, "model_error"),
    "no choices": (answers_bytes(b'{"choices": []}'), 502, "model_error"),
    "odd choices": (answers_bytes(b'{"choices": {"0": 1}}'), 502, "model_error"),
    "half a character": (
        answers_bytes(json.dumps(completion("\ud800")).encode()),
        502,
        "model_error",
    ),
    "an empty text": (says(""), 502, "model_error"),
    "white space": (says(" \n "), 502, "model_error"),
    "no text": (says(None), 502, "model_error"),
    "a number": (says(5), 502, "model_error"),
    "a huge text": (says("x" * 300_000), 502, "model_error"),
    "a broken stream": (streams(piece("Tw")), 502, "model_error"),
    "a garbled stream": (streams(piece("Tw"), "{oops"), 502, "model_error"),
}


@pytest.mark.parametrize("how", BAD)
def test_when_the_model_fails_nothing_has_changed(
    alice: Client,
    path: str,
    model: ModelServer,
    rows: Rows,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    how: str,
) -> None:
    monkeypatch.setattr(regeneration, "ANSWER_SECONDS", 0.6)
    model.behave, status, code = BAD[how]
    before = sorted(rows.all(), key=lambda row: row["SK"])

    reply = regenerate(alice, path, headers={"Idempotency-Key": "k"})

    assert (reply.status, reply.error["code"]) == (status, code)
    assert ("retry-after" in reply.headers) == (status == 503)
    assert sorted(rows.all(), key=lambda row: row["SK"]) == before
    assert "sk-very-secret" not in caplog.text
    # The same request, once the model is well again.
    model.behave = says("Well again.")
    monkeypatch.setattr(regeneration, "ANSWER_SECONDS", 18.0)
    assert regenerate(alice, path, headers={"Idempotency-Key": "k"}).body["version"] == 2


@pytest.mark.parametrize(
    ("asked", "told"), [("17", "17"), ("0", "1"), ("9999", "60"), ("tomorrow", "5"), ("-1", "5")]
)
def test_a_throttled_models_retry_after_is_passed_on_within_reason(
    alice: Client, path: str, model: ModelServer, asked: str, told: str
) -> None:
    model.behave = refuses(429, Retry_After=asked)
    assert regenerate(alice, path).headers["retry-after"] == told


def test_a_server_that_is_not_there_is_a_503(
    alice: Client, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_BASE_URL", "http://127.0.0.1:9/v1")
    reply = regenerate(alice, path)
    assert (reply.status, reply.error["code"]) == (503, "model_unavailable")


def test_without_a_model_it_is_said_how_to_get_one(
    alice: Client, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_PROVIDER", "off")
    reply = regenerate(alice, path)
    assert (reply.status, reply.error["code"]) == (503, "model_unavailable")
    assert "MODEL_BASE_URL" in reply.error["message"]
    assert reply.headers["retry-after"]


def test_the_key_goes_to_the_server_and_nowhere_else(
    alice: Client, path: str, model: ModelServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert regenerate(alice, path).status == 200
    assert model.headers[0]["authorization"] == "Bearer sk-very-secret"
    printed = capsys.readouterr()
    assert "secret" not in printed.out + printed.err


def test_a_repeated_request_asks_the_model_once(
    alice: Client, path: str, model: ModelServer, rows: Rows
) -> None:
    key = {"Idempotency-Key": "again"}
    first = regenerate(alice, path, headers=key)
    alice.put(f"{item_at(alice, path, 1)}/edit", {"content": "later"})
    again = regenerate(alice, path, headers=key)
    assert (again.status, again.text) == (200, first.text)
    assert again.headers["idempotent-replayed"] == "true"
    assert len(model.asked) == 1
    assert "better" not in str(rows.of_type("receipt"))
    other = regenerate(alice, path, body={"model": "small"}, headers=key)
    assert (other.status, other.error["code"]) == (409, "idempotency_mismatch")


def test_of_two_regenerations_at_once_both_versions_exist(
    alice: Client, path: str, model: ModelServer
) -> None:
    both_asked = threading.Barrier(2)
    numbers = iter(range(1, 3))

    def together(exchange: Exchange) -> None:
        both_asked.wait(5)
        exchange.send(200, completion(f"Answer {next(numbers)}."))

    model.behave = together
    item = item_at(alice, path, 1)
    conversation_id, item_id = path.rsplit("/", 1)[1], item.rsplit("/", 1)[1]
    service = wiring.regenerations()
    with ThreadPoolExecutor(2) as pool:
        # Powertools keeps one event per process: the service is called, not the handler.
        done = [
            pool.submit(service.regenerate, "alice", conversation_id, item_id, ResponseParameters())
            for _ in range(2)
        ]
        assert {each.result().value.version for each in done} == {2, 3}
    versions = alice.get(f"{item}/versions").body["data"]
    assert {each["content"] for each in versions} == {"Answer 1.", "Answer 2.", "Three."}


def test_an_edit_while_the_model_writes_is_kept_as_a_version(
    alice: Client, path: str, model: ModelServer
) -> None:
    item = item_at(alice, path, 1)
    conversation_id, item_id = path.rsplit("/", 1)[1], item.rsplit("/", 1)[1]

    def meanwhile(exchange: Exchange) -> None:
        wiring.edits().edit("alice", conversation_id, item_id, "Edited meanwhile.")
        exchange.send(200, completion("Answer."))

    model.behave = meanwhile
    assert regenerate(alice, path).body["version"] == 3
    texts = [each["content"] for each in alice.get(f"{item}/versions").body["data"]]
    assert texts == ["Answer.", "Edited meanwhile.", "Three."]


@pytest.mark.parametrize("what", ["message", "conversation"])
def test_what_is_deleted_while_the_model_writes_stays_deleted(
    alice: Client, path: str, model: ModelServer, rows: Rows, what: str
) -> None:
    item = item_at(alice, path, 1)
    conversation_id, item_id = path.rsplit("/", 1)[1], item.rsplit("/", 1)[1]

    def meanwhile(exchange: Exchange) -> None:
        if what == "message":
            wiring.edits().delete("alice", conversation_id, item_id)
        else:
            wiring.conversations().delete("alice", conversation_id)
        exchange.send(200, completion("Too late."))

    model.behave = meanwhile
    reply = regenerate(alice, path)
    assert (reply.status, reply.error["code"]) == (404, "not_found")
    assert rows.of_type("version") == []
    assert "Too late." not in str(rows.all())


def test_someone_elses_message_is_not_regenerated(
    alice: Client, bob: Client, path: str, model: ModelServer
) -> None:
    item = item_at(alice, path, 1)
    never = f"/v1/conversations/conv_{'0' * 26}/items/{item.rsplit('/', 1)[1]}"
    foreign, absent = bob.post(f"{item}/regenerate"), bob.post(f"{never}/regenerate")
    assert (foreign.status, foreign.text) == (absent.status, absent.text)
    assert foreign.status == 404
    assert model.asked == []


def test_a_regeneration_reads_no_more_than_the_model_is_given(
    alice: Client, path: str, rows: Rows
) -> None:
    """In the middle of many messages: the same calls as in a conversation of four."""
    client = wiring.table()._client  # every call goes through it

    def cost(place: int) -> list[str]:
        calls: list[str] = []

        def counted(name: str) -> Any:
            real = getattr(client, name)

            def call(**request: Any) -> Any:
                calls.append(name)
                return real(**request)

            return patch.object(client, name, call)

        item = item_at(alice, path, place)
        with counted("batch_get_item"), counted("query"), counted("get_item"):
            assert alice.post(f"{item}/regenerate").status == 200
        return sorted(calls)

    short = cost(1)
    for number in range(60):
        role = "assistant" if number % 2 else "user"
        alice.post(f"{path}/items", {"role": role, "content": "x" * 500})
    assert cost(33) == short
    assert len(rows.of_type("version")) == 2
