"""The fold of a model's deltas: what an answer is, and what is none."""

from typing import Any

import pytest

from colloquy.domain.errors import ModelError
from colloquy.domain.usage import Usage
from colloquy.models.prompt import Tool, ToolCall, ToolChoice
from colloquy.models.responder import (
    MAX_ANSWER_BYTES,
    MAX_TOOL_CALLS,
    Delta,
    Deltas,
    ToolCallDelta,
    collect,
)
from tests.support.prompts import prompt

TOOLS = [Tool(name="add")]


def call(index: int, **more: Any) -> Delta:
    return Delta(tool_calls=[ToolCallDelta(index=index, **more)])


def test_deltas_make_one_answer() -> None:
    usage = Usage(input_tokens=3, output_tokens=2, reasoning_tokens=1)
    deltas = [
        Delta(model="gpt"),
        Delta(reasoning="Hm. "),
        Delta(reasoning="Two?"),
        Delta(text="Tw"),
        Delta(text="o.", logprobs=[{"token": "o."}]),
        Delta(finish_reason="length"),
        Delta(usage=usage),
    ]
    answer = collect(deltas, prompt())
    assert (answer.text, answer.reasoning, answer.model) == ("Two.", "Hm. Two?", "gpt")
    assert (answer.finish_reason, answer.usage) == ("length", usage)
    assert list(answer.logprobs) == [{"token": "o."}]


def test_calls_are_joined_by_their_index() -> None:
    deltas = [
        call(1, id="b", name="add", arguments='{"x"'),
        call(0, id="a", name="add", arguments="{}"),
        call(1, arguments=": 1}"),
    ]
    answer = collect(deltas, prompt(tools=TOOLS))
    assert list(answer.tool_calls) == [
        ToolCall(id="a", name="add", arguments="{}"),
        ToolCall(id="b", name="add", arguments='{"x": 1}'),
    ]
    assert (answer.text, answer.finish_reason) == ("", "tool_calls")


def test_a_call_without_an_id_gets_one() -> None:
    (made,) = collect([call(0, name="add")], prompt(tools=TOOLS)).tool_calls
    assert made.id


@pytest.mark.parametrize(
    "more", [{}, {"tools": TOOLS, "tool_choice": ToolChoice("none")}], ids=["no tools", "none"]
)
def test_calls_of_tools_that_were_not_offered_are_dropped(more: dict[str, Any]) -> None:
    deltas = [Delta(text="Two."), call(0, id="a", name="add")]
    assert collect(deltas, prompt(**more)).tool_calls == []
    with pytest.raises(ModelError, match="empty"):
        collect(deltas[1:], prompt(**more))


def test_a_refusal_is_an_answer() -> None:
    assert collect([Delta(refusal="No.")], prompt()).refusal == "No."


def test_reasoning_inside_the_text_is_separated_from_it() -> None:
    answer = collect([Delta(text="<think>\nHm."), Delta(text="\n</think>\n\nTwo.")], prompt())
    assert (answer.text, answer.reasoning) == ("Two.", "Hm.")


@pytest.mark.parametrize(
    "deltas", [[Delta(reasoning="Hm.")], [Delta(text="<think>Hm.")], [Delta(text="◁think▷Hm.")]]
)
def test_reasoning_alone_is_no_answer(deltas: list[Delta]) -> None:
    with pytest.raises(ModelError, match="reasoned"):
        collect(deltas, prompt())


@pytest.mark.parametrize("deltas", [[], [Delta(text=" \n")], [Delta(finish_reason="stop")]])
def test_nothing_is_no_answer(deltas: list[Delta]) -> None:
    with pytest.raises(ModelError, match="empty"):
        collect(deltas, prompt())


def test_an_answer_has_a_limit_whatever_it_is_made_of() -> None:
    half = "x" * (MAX_ANSWER_BYTES // 2 + 1)
    many = [call(index, name="add") for index in range(MAX_TOOL_CALLS + 2)]
    for deltas in (
        [Delta(text=half)] * 2,
        [Delta(refusal=half)] * 2,
        [Delta(text='"' * (MAX_ANSWER_BYTES // 2 + 1))],
        [call(0, name="add", arguments=half)] * 2,
        many,
    ):
        with pytest.raises(ModelError):
            collect(deltas, prompt(tools=TOOLS))


def test_reasoning_that_leaves_no_room_for_the_text_is_dropped() -> None:
    answer = collect([Delta(reasoning="x" * MAX_ANSWER_BYTES), Delta(text="Two.")], prompt())
    assert (answer.text, answer.reasoning) == ("Two.", "")


def test_a_model_without_a_name_is_called_by_its_id() -> None:
    for name in (None, "", "x" * 300):
        assert collect([Delta(text="Two.", model=name)], prompt()).model == "fake-1"


def test_the_request_ends_when_the_answer_cannot_be_kept() -> None:
    closed = []

    def deltas() -> Deltas:
        try:
            while True:
                yield Delta(text="x" * 1000)
        finally:
            closed.append(True)

    with pytest.raises(ModelError):
        collect(deltas(), prompt())
    assert closed == [True]
