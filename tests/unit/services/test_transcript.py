"""Messages of every form, as the turns a model is given."""

from typing import Any

import pytest

from colloquy.domain.errors import InvalidRequestError
from colloquy.domain.item import ItemDraft
from colloquy.models.names import Model
from colloquy.models.prompt import Image, ToolCall, Turn
from colloquy.services.prompts import prompt_of

_PNG = "data:image/png;base64,iVBORw0KGgo="
MODEL = Model(id="fake", context=10_000, images=True)

CALL: dict[str, Any] = {
    "type": "function_call",
    "call_id": "c1",
    "name": "add",
    "arguments": '{"x": 1}',
}
OUTPUT: dict[str, Any] = {"type": "function_call_output", "call_id": "c1", "output": "2"}
MADE = ToolCall(id="c1", name="add", arguments='{"x": 1}')


def message(role: Any, content: Any, **more: Any) -> ItemDraft:
    return ItemDraft(role=role, content=content, **more)


def turns_of(*messages: ItemDraft, model: Model = MODEL) -> list[Turn]:
    return prompt_of(reversed(messages), [], model, model.context)


def test_a_call_and_its_output_are_the_tools_own_turns() -> None:
    assert turns_of(
        message("user", "One and one?"),
        message("assistant", [CALL]),
        message("tool", [OUTPUT]),
        message("assistant", "Two."),
        message("user", "Sure?"),
    ) == [
        Turn("user", ["One and one?"]),
        Turn("assistant", [], tool_calls=(MADE,)),
        Turn("tool", ["2"], tool_call_id="c1"),
        Turn("assistant", ["Two."]),
        Turn("user", ["Sure?"]),
    ]


def test_the_forms_of_other_dialects_are_read_too() -> None:
    use = {"type": "tool_use", "id": "c1", "name": "add", "input": {"x": 1}}
    text = {"type": "text", "text": "2"}
    result = {"type": "tool_result", "tool_use_id": "c1", "content": [text]}
    turns = turns_of(message("assistant", [text, use]), message("user", [result, text]))
    assert turns[1:] == [
        Turn("assistant", ["2"], tool_calls=(MADE,)),
        Turn("tool", ["2"], tool_call_id="c1"),
        Turn("user", ["2"]),
    ]


def test_a_tools_message_answers_the_call_of_its_call_id() -> None:
    turns = turns_of(message("assistant", [CALL]), message("tool", "2", call_id="c1"))
    assert turns[-1] == Turn("tool", ["2"], tool_call_id="c1")


def test_calls_made_together_are_answered_together() -> None:
    other = CALL | {"call_id": "c2"}
    turns = turns_of(
        message("user", "Go"),
        message("assistant", [CALL]),
        message("assistant", [other]),
        message("tool", [OUTPUT | {"call_id": "c2", "output": "3"}]),
        message("user", "Hurry"),
        message("tool", [OUTPUT]),
    )
    assert [(turn.role, turn.tool_call_id) for turn in turns] == [
        ("user", None),
        ("assistant", None),
        ("tool", "c1"),
        ("tool", "c2"),
        ("user", None),
    ]
    assert [call.id for call in turns[1].tool_calls] == ["c1", "c2"]
    assert turns[2].parts == ["2"]


def test_a_call_without_output_gets_an_empty_one() -> None:
    turns = turns_of(message("user", "Go"), message("assistant", [CALL]), message("user", "Well?"))
    assert turns[2] == Turn("tool", ["(nothing)"], tool_call_id="c1")


def test_an_output_without_its_call_is_told_as_the_users() -> None:
    assert turns_of(message("tool", [OUTPUT]), message("user", "Well?")) == [
        Turn("user", ["Output of the tool call c1:", "2", "Well?"])
    ]


def test_an_output_before_its_call_is_not_its_answer() -> None:
    turns = turns_of(message("tool", [OUTPUT]), message("assistant", [CALL]))
    assert [turn.role for turn in turns] == ["user", "assistant", "tool"]
    assert turns[2].parts == ["(nothing)"]


def test_an_id_that_is_used_again_is_answered_in_order() -> None:
    turns = turns_of(
        message("assistant", [CALL]),
        message("tool", [OUTPUT | {"output": "first"}]),
        message("assistant", [CALL]),
        message("tool", [OUTPUT | {"output": "second"}]),
    )
    assert [turn.parts for turn in turns if turn.role == "tool"] == [["first"], ["second"]]


@pytest.mark.parametrize(
    ("output", "parts"),
    [
        ([{"type": "input_text", "text": "2"}], ["2"]),
        ([{"type": "input_image", "image_url": _PNG}], [Image(_PNG)]),
        ([{"type": "input_image", "image_url": "http://169.254.169.254/"}], ["(input_image)"]),
        ({"sum": 2}, ['{"sum": 2}']),
        ([1, 2], ["[1, 2]"]),
        ([{"type": None}], ["(None)"]),
        ("", ["(nothing)"]),
        (None, ["(nothing)"]),
    ],
)
def test_outputs_have_many_forms(output: Any, parts: list[Any]) -> None:
    told = turns_of(message("assistant", [CALL]), message("tool", [OUTPUT | {"output": output}]))
    assert told[-1].parts == parts


@pytest.mark.parametrize(
    "content",
    [
        [{"type": "reasoning", "text": "Hm."}, {"type": "output_text", "text": "Two."}],
        [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Two."}],
        [{"type": "text", "text": "<think>Hm.</think>Two."}],
        "<think>Hm.</think>\nTwo.",
    ],
)
def test_earlier_reasoning_is_not_sent_back(content: Any) -> None:
    told = turns_of(message("user", "?"), message("assistant", content), message("user", "!"))
    assert told[1] == Turn("assistant", ["Two."])


def test_a_user_may_write_about_thinking() -> None:
    assert turns_of(message("user", "<think>?</think>")) == [Turn("user", ["<think>?</think>"])]


def test_items_that_say_nothing_to_another_model_are_left_out() -> None:
    for payload in ({"type": "reasoning", "summary": []}, {"type": "web_search_call", "id": "ws"}):
        told = turns_of(message("user", "?"), message("assistant", [payload]))
        assert told == [Turn("user", ["?"])]


@pytest.mark.parametrize(
    "part",
    [
        {"type": "function_call"},
        {"type": "function_call", "call_id": 1, "name": {}, "arguments": {"a": 1}},
        {"type": "function_call_output"},
        {"type": "tool_result", "content": [{"type": "image"}]},
        {"type": "refusal", "refusal": 1},
        {"type": "image_url", "image_url": {"url": 1}},
        {"type": "text"},
    ],
)
@pytest.mark.parametrize("role", ["user", "assistant", "tool"])
def test_odd_parts_make_turns_with_something_in_them(role: str, part: dict[str, Any]) -> None:
    for turn in turns_of(message(role, [part])):
        assert turn.parts or turn.tool_calls


def test_calls_count_towards_what_fits() -> None:
    large = CALL | {"arguments": "x" * 40_000}
    with pytest.raises(InvalidRequestError):
        turns_of(message("assistant", [large]))
    told = turns_of(message("assistant", [large]), message("user", "?"))
    assert told == [Turn("user", ["?"])]


def test_a_conversation_cut_between_call_and_output_is_still_one() -> None:
    small = Model(id="fake", context=300)
    told = prompt_of(
        iter([message("user", "?"), message("tool", [OUTPUT]), message("assistant", "x" * 900)]),
        [],
        small,
        100,
    )
    assert told == [Turn("user", ["Output of the tool call c1:", "2", "?"])]


def test_messages_of_chat_completions_are_read_as_they_are() -> None:
    calls = [
        {"id": "c1", "type": "function", "function": {"name": "add", "arguments": '{"x": 1}'}},
        {"id": "c2", "type": "custom", "custom": {"name": "grep", "input": "x"}},
    ]
    assert turns_of(
        message("user", "One and one?", name="ann"),
        message("user", "Well?", name="bob"),
        message("assistant", None, tool_calls=calls),
        message("tool", "2", tool_call_id="c1"),
        message("tool", "", tool_call_id="c2"),
    ) == [
        Turn("user", ["One and one?"], "ann"),
        Turn("user", ["Well?"], "bob"),
        Turn(
            "assistant",
            [],
            tool_calls=(MADE, ToolCall(id="c2", name="grep", arguments="x", kind="custom")),
        ),
        Turn("tool", ["2"], tool_call_id="c1"),
        Turn("tool", ["(nothing)"], tool_call_id="c2"),
    ]


@pytest.mark.parametrize("call", [{}, {"function": 1}, {"id": 1, "function": {"arguments": [1]}}])
def test_odd_calls_are_calls_of_some_tool(call: dict[str, Any]) -> None:
    turns = turns_of(message("user", "?"), message("assistant", None, tool_calls=[call]))
    (made,) = turns[1].tool_calls
    assert made.name == "tool"
