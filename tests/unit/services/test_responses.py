"""Responses against a table in memory and a model that follows a script."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from colloquy.domain import ids
from colloquy.domain.conversation import Conversation
from colloquy.domain.errors import (
    ConflictError,
    InvalidRequestError,
    ModelTimeoutError,
    ModelUnavailableError,
    OutOfOrderError,
    TooLargeError,
)
from colloquy.domain.item import Item, ItemDraft
from colloquy.domain.receipt import Once, Receipt, Written
from colloquy.domain.usage import Usage
from colloquy.domain.version import Version, current_version
from colloquy.models.names import Model, ModelTable
from colloquy.models.prompt import Sampling, Tool, Turn
from colloquy.models.responder import Delta, ToolCallDelta, collect
from colloquy.services import responses
from colloquy.services.models import Models, ResponseParameters
from colloquy.services.responses import Responses
from tests.support import make
from tests.support.fakes import FakeConversations, FakeItems, FakeProjects, Memory
from tests.support.prompts import ScriptedResponder

PLAIN = ResponseParameters()
QUESTION = ItemDraft(role="user", content="And of Italy?")
ROME = [
    Delta(text="Rome.", model="fake-1", finish_reason="stop"),
    Delta(usage=Usage(input_tokens=9, output_tokens=2)),
]


class FakeVersions:
    """Messages of which each has only the text it has now."""

    def __init__(self, memory: Memory) -> None:
        self._items = FakeItems(memory)

    def read(
        self, owner_id: str, conversation_id: str, item_id: str, once: Once | None = None
    ) -> tuple[Conversation, Item, Receipt | None]:
        assert once is None
        header, _ = self._items.read(owner_id, conversation_id, "asc")
        return header, self._items.get(owner_id, conversation_id, item_id), None

    def version(self, owner_id: str, item: Item, number: int) -> Version | None:
        assert (owner_id, number) == ("alice", item.version)
        return current_version(item)


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def conversation(memory: Memory) -> Conversation:
    """A conversation of one question and its answer."""
    made = make.conversation(item_count=2)
    question = make.item(made, 1, content="Capital of France?")
    answer = make.item(made, 2, role="assistant", content="Paris.")
    made = make.conversation(id=made.id, item_count=2, newest_item=answer.id)
    FakeConversations(memory).add(made, [question, answer], None)
    return made


def service(
    memory: Memory, *scripts: Sequence[Delta] | Exception, items: FakeItems | None = None
) -> tuple[Responses, ScriptedResponder]:
    responder = ScriptedResponder(list(scripts))
    table = ModelTable({"small": Model(id="fake-1", context=1000)})
    made = Responses(
        items or FakeItems(memory),
        FakeVersions(memory),
        FakeProjects(memory),
        Models(table, responder),
        lambda: datetime.now(UTC),
    )
    return made, responder


def test_the_drafts_and_the_answer_are_written_together(
    memory: Memory, conversation: Conversation
) -> None:
    to, responder = service(memory, ROME)
    written = to.respond("alice", conversation.id, [QUESTION], PLAIN)
    said, answer = written.value
    assert (said.content, answer.content) == ("And of Italy?", "Rome.")
    assert (answer.role, answer.model) == ("assistant", "fake-1")
    assert answer.usage == Usage(input_tokens=9, output_tokens=2)
    assert [memory.items["alice", conversation.id, each.id] for each in written.value] == [
        said,
        answer,
    ]
    assert [turn.parts for turn in responder.asked[0].turns] == [
        ["Capital of France?"],
        ["Paris."],
        ["And of Italy?"],
    ]


def test_a_dialect_keeps_an_answer_as_the_items_it_wants(
    memory: Memory, conversation: Conversation
) -> None:
    call = ToolCallDelta(index=0, id="c1", name="capital", arguments="{}")
    to, responder = service(memory, [Delta(text="Let me see.", tool_calls=[call])])
    parameters = ResponseParameters(
        tools=[Tool(name="capital")], sampling=Sampling(temperature=0.5)
    )
    written = to.respond(
        "alice",
        conversation.id,
        [QUESTION],
        parameters,
        outputs=lambda answer: [
            ItemDraft(role="assistant", content=answer.text),
            *(
                ItemDraft(role="assistant", content=[{"type": "function_call"}], call_id=each.id)
                for each in answer.tool_calls
            ),
        ],
    )
    assert [each.call_id for each in written.value] == [None, None, "c1"]
    assert responder.asked[0].tools == [Tool(name="capital")]
    assert responder.asked[0].sampling.temperature == 0.5


def test_begin_and_finish_are_the_halves_of_a_streamed_response(
    memory: Memory, conversation: Conversation
) -> None:
    to, responder = service(memory, ROME)
    pending = to.begin("alice", conversation.id, [QUESTION], PLAIN)
    assert not isinstance(pending, Written)
    assert len(memory.items) == 2
    answer = collect(responder.stream(pending.prompt), pending.prompt)
    written = to.finish(pending, responses.message_of(answer))
    assert [each.content for each in written.value] == ["And of Italy?", "Rome."]


def test_the_same_request_again_asks_no_model(memory: Memory, conversation: Conversation) -> None:
    once = Once(key="k", fingerprint="f")
    to, responder = service(memory, ROME)
    first = to.respond("alice", conversation.id, [QUESTION], PLAIN, once)
    again = to.respond("alice", conversation.id, [QUESTION], PLAIN, once)
    assert (again.value, again.replayed) == (first.value, True)
    assert len(responder.asked) == 1


def test_a_model_that_fails_leaves_nothing(memory: Memory, conversation: Conversation) -> None:
    to, _ = service(memory, ModelTimeoutError())
    with pytest.raises(ModelTimeoutError):
        to.respond("alice", conversation.id, [QUESTION], PLAIN)
    assert len(memory.items) == 2


def test_drafts_must_leave_room_for_an_answer(memory: Memory, conversation: Conversation) -> None:
    to, responder = service(memory)
    large = ItemDraft(role="user", content="x" * 300_000)
    with pytest.raises(TooLargeError):
        to.respond("alice", conversation.id, [large] * 13, PLAIN, within="items")
    assert responder.asked == []


class Outrun(FakeItems):
    """Others write before each of our writes."""

    def append(self, *_: Any) -> None:
        raise OutOfOrderError(ids.mint(ids.ITEM, datetime.now(UTC)))


def test_who_is_outrun_for_ever_gives_up(
    memory: Memory, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(responses, "_WRITE_SECONDS", 0.01)
    to, _ = service(memory, ROME, items=Outrun(memory))
    with pytest.raises(ConflictError):
        to.respond("alice", conversation.id, [QUESTION], PLAIN)


def test_a_completion_reads_and_writes_nothing(memory: Memory) -> None:
    to, responder = service(memory, ROME)
    answer = to.complete(ResponseParameters(max_tokens=5), [Turn("user", ["Capital of Italy?"])])
    assert answer.text == "Rome."
    assert responder.asked[0].max_tokens == 5
    assert memory == Memory()


def test_a_completion_needs_a_model_that_takes_it(memory: Memory) -> None:
    to, _ = service(memory)
    for parameters in (
        ResponseParameters(model="gpt-9"),
        ResponseParameters(max_tokens=501),
        ResponseParameters(sampling=Sampling(temperature=2.5)),
    ):
        with pytest.raises(InvalidRequestError):
            to.complete(parameters, [Turn("user", ["?"])])
    none = Responses(
        FakeItems(memory), FakeVersions(memory), FakeProjects(memory), None, make.moment
    )
    with pytest.raises(ModelUnavailableError):
        none.complete(PLAIN, [Turn("user", ["?"])])
