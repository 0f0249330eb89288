"""Better titles after the first answer: from the stream's record to the header."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from colloquy import wiring
from colloquy.domain.conversation import ConversationChanges
from local.template.event_patterns import matches_any
from tests.support.client import Client
from tests.support.functions import declared, handler_of
from tests.support.model import Exchange, ModelServer, completion, refuses, says, serving
from tests.support.rows import Rows
from tests.support.streams import deliver, insert_of

improve = handler_of("TitlesFunction")
EXCHANGE = [
    {"role": "user", "content": "How do I bake bread? I have flour."},
    {"role": "assistant", "content": "Mix, wait, bake."},
]


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    """A model that answers with a good title; a test gives it another behaviour."""
    with serving(says("Baking Bread at Home")) as server:
        monkeypatch.setenv("MODEL_PROVIDER", "openai")
        monkeypatch.setenv("MODEL_TABLE", json.dumps({"m": {"id": "m", "context": 1000}}))
        monkeypatch.setenv("MODEL_BASE_URL", f"{server.url}/v1")
        yield server


def begun(alice: Client, rows: Rows, **more: Any) -> tuple[str, dict[str, Any]]:
    """Begin a conversation, and return its path and the row of its answer."""
    created = alice.post("/v1/conversations", {"items": EXCHANGE, **more}).body
    (answer,) = (row for row in rows.of_type("item") if row["role"] == "assistant")
    return f"/v1/conversations/{created['id']}", answer


def title_of(alice: Client, path: str) -> tuple[str, str]:
    opened = alice.get(path).body
    return opened["title"], opened["title_source"]


def test_the_first_answer_brings_a_better_title(
    alice: Client, rows: Rows, model: ModelServer
) -> None:
    path, answer = begun(alice, rows)
    before = alice.get(path)
    assert title_of(alice, path) == ("How do I bake bread?", "auto")

    assert deliver(improve, answer) == []

    assert title_of(alice, path) == ("Baking Bread at Home", "auto")
    after = alice.get(path)
    assert after.headers["etag"] != before.headers["etag"]
    assert after.body["updated_at"] > before.body["updated_at"]
    said = model.asked[0]["messages"][-1]["content"]
    assert "How do I bake bread?" in said
    assert "Mix, wait, bake." not in said  # its words would outlive it in the title


def test_told_twice_the_model_is_asked_once(alice: Client, rows: Rows, model: ModelServer) -> None:
    path, answer = begun(alice, rows)
    assert deliver(improve, answer, answer) == []
    alice.post(f"{path}/items", EXCHANGE[1])
    later = [row for row in rows.of_type("item") if row["role"] == "assistant"]
    assert deliver(improve, *later) == []
    assert len(model.asked) == 1


@pytest.mark.parametrize("when", ["before", "while the model writes"])
def test_a_users_title_is_never_overwritten(
    alice: Client, rows: Rows, model: ModelServer, when: str
) -> None:
    path, answer = begun(alice, rows)

    def meanwhile(exchange: Exchange) -> None:
        rename(path)
        exchange.send(200, completion("Their bread"))

    def rename(at: str) -> None:
        changes = {"title": "Mine"}
        wiring.conversations().update(
            "alice", at.rsplit("/", 1)[1], ConversationChanges(fields=changes)
        )

    if when == "before":
        rename(path)
    else:
        model.behave = meanwhile
    assert deliver(improve, answer) == []
    assert title_of(alice, path) == ("Mine", "user")
    assert len(model.asked) == (0 if when == "before" else 1)


def test_a_title_given_at_the_beginning_is_left_alone(
    alice: Client, rows: Rows, model: ModelServer
) -> None:
    path, answer = begun(alice, rows, title="Mine")
    assert deliver(improve, answer) == []
    assert title_of(alice, path) == ("Mine", "user")
    assert model.asked == []


def test_a_failing_model_is_asked_a_bounded_number_of_times(
    alice: Client, rows: Rows, model: ModelServer, caplog: pytest.LogCaptureFixture
) -> None:
    path, answer = begun(alice, rows)
    model.behave = refuses(500)
    assert [deliver(improve, answer) for _ in range(5)] == [["1"], ["1"], ["1"], [], []]
    assert len(model.asked) == 3
    assert title_of(alice, path) == ("How do I bake bread?", "auto")
    assert caplog.messages.count("title not improved") == 3
    assert "flour" not in caplog.text


def test_the_tries_are_counted_even_when_the_conversation_is_changed_between(
    alice: Client, rows: Rows, model: ModelServer
) -> None:
    path, answer = begun(alice, rows)
    model.behave = refuses(500)
    project = alice.post("/v1/projects", {"title": "P"}).body["id"]
    for number in range(5):
        deliver(improve, answer)
        # Filing writes the whole header anew.
        alice.patch(path, {"project_id": project if number % 2 else None})
    assert len(model.asked) == 3


def test_of_a_batch_only_what_failed_comes_again(
    alice: Client, rows: Rows, model: ModelServer
) -> None:
    path, answer = begun(alice, rows)
    other = alice.post("/v1/conversations", {"items": EXCHANGE}).body["id"]
    (second,) = (
        row
        for row in rows.of_type("item")
        if row["role"] == "assistant" and row["conversation_id"] == other
    )
    replies = iter([refuses(500), says("Second bread")])

    def in_turn(exchange: Exchange) -> None:
        next(replies)(exchange)

    model.behave = in_turn
    assert deliver(improve, answer, second) == ["1"]
    assert title_of(alice, path)[0] == "How do I bake bread?"
    assert title_of(alice, f"/v1/conversations/{other}")[0] == "Second bread"


def test_a_deleted_conversation_gets_none(alice: Client, rows: Rows, model: ModelServer) -> None:
    path, answer = begun(alice, rows)
    alice.delete(path)
    assert deliver(improve, answer) == []
    assert model.asked == []
    assert rows.of_type("conversation") == []


@pytest.mark.parametrize("answer", ["...", "\n\n", "Let me tell you a story. " * 10])
def test_what_is_no_title_is_not_taken(
    alice: Client, rows: Rows, model: ModelServer, answer: str
) -> None:
    path, row = begun(alice, rows)
    model.behave = says(answer)
    assert deliver(improve, row) == ["1"]
    assert title_of(alice, path) == ("How do I bake bread?", "auto")
    model.behave = says("A bread")
    assert deliver(improve, row) == []
    assert title_of(alice, path) == ("A bread", "auto")


def test_a_busy_model_is_given_the_moment_it_asks_for(
    alice: Client, rows: Rows, model: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, answer = begun(alice, rows)
    paused: list[float] = []
    monkeypatch.setattr(wiring.titles(), "_pause", paused.append)
    for seconds in ("2", "60"):
        model.behave = refuses(429, Retry_After=seconds)
        assert deliver(improve, answer) == ["1"]
    assert paused == [2, 5]


def test_a_name_that_spells_a_key_is_no_other_owner(
    sign_in: Any, rows: Rows, model: ModelServer
) -> None:
    odd = sign_in("a#C#b%23")
    path, answer = begun(odd, rows)
    assert deliver(improve, answer) == []
    assert title_of(odd, path)[0] == "Baking Bread at Home"
    assert len(model.asked) == 1


def test_the_stream_brings_new_answers_and_nothing_else(alice: Client, rows: Rows) -> None:
    _, answer = begun(alice, rows)
    (stream,) = (each for each in declared().streams if each.function == "TitlesFunction")
    chosen = [row for row in rows.all() if matches_any(stream.filters, insert_of(row))]
    assert chosen == [answer]
    assert not matches_any(stream.filters, insert_of(answer) | {"eventName": "MODIFY"})


def test_a_model_that_thinks_first_gives_the_title_after_its_thoughts(
    alice: Client, rows: Rows, model: ModelServer
) -> None:
    path, answer = begun(alice, rows)
    model.behave = says("<think>\nThey want to bake.\n</think>\n\nBread at Home")
    assert deliver(improve, answer) == []
    assert title_of(alice, path) == ("Bread at Home", "auto")


@pytest.mark.parametrize("said", ["<think>They want", "I am not sure", "a0"])
def test_the_sentence_stays_where_the_model_has_nothing_better(
    alice: Client, rows: Rows, model: ModelServer, said: str
) -> None:
    path, answer = begun(alice, rows)
    model.behave = says(said)
    assert deliver(improve, answer) == ["1"]
    assert title_of(alice, path) == ("How do I bake bread?", "auto")


@pytest.mark.parametrize("status", [401, 403])
def test_denied_access_is_not_counted_against_the_conversation(
    alice: Client, rows: Rows, model: ModelServer, status: int
) -> None:
    path, answer = begun(alice, rows)
    model.behave = refuses(status)
    for _ in range(5):
        assert deliver(improve, answer) == ["1"]
    assert len(model.asked) == 5

    model.behave = says("Baking Bread at Home")
    assert deliver(improve, answer) == []
    assert title_of(alice, path) == ("Baking Bread at Home", "auto")
