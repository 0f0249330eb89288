"""Messages as a model is told them: texts, images, tool calls and their outputs.

Tool traffic is kept in several forms: messages of Chat Completions (``tool_calls``, and role
``tool`` with ``tool_call_id``), and parts or whole items of the Responses API (``function_call``,
``function_call_output``) or of Anthropic's (``tool_use``, ``tool_result``). Models take a tool's
output only right after the call it belongs to, and no call without one: ``turns_of`` puts them
there.
"""

import json
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from colloquy.domain.images import is_public_image
from colloquy.domain.item import Content, Item, ItemDraft, Role
from colloquy.domain.reasoning import split_reasoning
from colloquy.models.names import Model
from colloquy.models.prompt import Image, Part, ToolCall, ToolKind, Turn

Message = Item | ItemDraft
EntryRole = Literal["system", "user", "assistant", "output"]

_REASONING: Final = frozenset({"reasoning", "reasoning_text", "thinking", "redacted_thinking"})
_CALLS: Final = frozenset({"function_call", "custom_tool_call", "tool_use"})
_OUTPUTS: Final = frozenset({"function_call_output", "custom_tool_call_output", "tool_result"})
# Calls of tools that a provider runs itself, and what goes with them: no other provider knows them.
_HOSTED: Final = ("_call", "_output", "_tools", "_request", "_response")
_ROLES: Final[Mapping[Role, "EntryRole"]] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "output",
}
_NOTHING: Final = "(nothing)"
_LONGEST_ID: Final = 256


@dataclass(slots=True)
class Entry:
    """One message, or one of several in an item: ``call_id`` names the call of an output."""

    role: EntryRole
    parts: list[Part] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    call_id: str = ""
    name: str | None = None


def entries_of(message: Message, model: Model) -> list[Entry]:
    """Return what a model is told of a message: nothing where it holds only reasoning."""
    own = Entry(
        _ROLES[message.role],
        call_id=message.tool_call_id or message.call_id or "",
        name=message.name,
    )
    own.calls += map(_chat_call, message.tool_calls)
    outputs: list[Entry] = []
    is_left_out = False
    for part in _parts_of(message.content):
        kind = part["type"]
        if kind in _CALLS:
            own.calls.append(_call(part))
        elif kind in _OUTPUTS:
            outputs.append(_output(part, model))
        elif kind in _REASONING or kind.endswith(_HOSTED):
            is_left_out = True
        else:
            own.parts += _part(part, own, model)
    if own.calls and own.role != "assistant":
        outputs.insert(0, Entry("assistant", calls=own.calls))
        own.calls = []
        is_left_out = True
    if own.parts or own.calls:
        return [own, *outputs]
    if not outputs and not is_left_out:
        own.parts.append(_NOTHING)
        return [own]
    return outputs


def _parts_of(content: Content) -> Sequence[Mapping[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content or ()


def _texts(text: str, entry: Entry) -> Iterator[str]:
    """Yield a text without a model's reasoning; providers reject texts without anything in them."""
    said = split_reasoning(text).text if entry.role == "assistant" else text
    if said.strip():
        yield said


def _part(part: Mapping[str, Any], entry: Entry, model: Model) -> Iterator[Part]:
    kind, text, url = part["type"], part.get("text"), part.get("image_url")
    if kind == "refusal" and isinstance(part.get("refusal"), str):
        text = part["refusal"]
    if isinstance(text, str):
        yield from _texts(text, entry)
        return
    if kind == "image_url" and isinstance(url, dict):
        # As in OpenAI's chat completions: {"type": "image_url", "image_url": {"url": "…"}}.
        url = url.get("url")
    is_image = model.images and kind in {"input_image", "image_url"}
    if is_image and isinstance(url, str) and is_public_image(url):
        yield Image(url)
    else:
        yield f"({kind[:40]})"


def _call(part: Mapping[str, Any]) -> ToolCall:
    is_custom = part["type"] == "custom_tool_call"
    given = part.get("arguments", part.get("input", ""))
    return ToolCall(
        id=_id(part.get("call_id", part.get("id"))),
        name=_id(part.get("name")) or "tool",
        arguments=given if isinstance(given, str) else json.dumps(given, ensure_ascii=False),
        kind="custom" if is_custom else "function",
    )


def _chat_call(call: Mapping[str, Any]) -> ToolCall:
    """Return a call as Chat Completions have it; what is inside is kept as clients send it."""
    kind: ToolKind = "custom" if isinstance(call.get("custom"), dict) else "function"
    called = call.get(kind)
    inner = called if isinstance(called, dict) else {}
    given = inner.get("input" if kind == "custom" else "arguments", "")
    return ToolCall(
        id=_id(call.get("id")),
        name=_id(inner.get("name")) or "tool",
        arguments=given if isinstance(given, str) else json.dumps(given, ensure_ascii=False),
        kind=kind,
    )


def _output(part: Mapping[str, Any], model: Model) -> Entry:
    call_id = _id(part.get("call_id", part.get("tool_use_id")))
    entry = Entry("output", call_id=call_id)
    said = part.get("output", part.get("content", ""))
    if isinstance(said, list) and all(isinstance(each, dict) and "type" in each for each in said):
        for each in said:
            entry.parts += _part({**each, "type": str(each["type"])}, entry, model)
    elif said:
        entry.parts.append(said if isinstance(said, str) else json.dumps(said, ensure_ascii=False))
    return entry


def _id(value: Any) -> str:
    return value[:_LONGEST_ID] if isinstance(value, str) else ""


def turns_of(entries: Iterable[Entry]) -> list[Turn]:
    """Return the turns of entries in reading order, those of the system left out.

    Turns of one side that follow on each other become one. A call whose output is not there gets
    an empty one; an output whose call is not there is told as the user's.
    """
    turns: list[Turn] = []
    for turn in _placed(_grouped(entry for entry in entries if entry.role != "system")):
        if turns and _can_join(turns[-1], turn):
            turns[-1] = replace(turn, parts=[*turns[-1].parts, *turn.parts])
        else:
            turns.append(turn)
    return turns


def _grouped(entries: Iterable[Entry]) -> list[Entry]:
    """Join the entries of an assistant that follow on each other: its calls are made together."""
    grouped: list[Entry] = []
    for entry in entries:
        if grouped and entry.role == grouped[-1].role == "assistant":
            before = grouped.pop()
            entry = Entry(  # noqa: PLW2901 - the two as one
                "assistant", [*before.parts, *entry.parts], [*before.calls, *entry.calls]
            )
        grouped.append(entry)
    return grouped


def _placed(entries: Sequence[Entry]) -> Iterator[Turn]:
    """Yield a turn for each entry, the outputs of calls right after their calls."""
    waiting: dict[str, deque[int]] = defaultdict(deque)
    for place, entry in enumerate(entries):
        if entry.role == "output":
            waiting[entry.call_id].append(place)
    taken: set[int] = set()
    for place, entry in enumerate(entries):
        if entry.role == "assistant":
            yield Turn("assistant", entry.parts, entry.name, tool_calls=tuple(entry.calls))
            for call in entry.calls:
                output = _next_after(place, waiting[call.id])
                taken.add(output)
                parts = entries[output].parts if output else []
                yield Turn("tool", parts or [_NOTHING], tool_call_id=call.id)
        elif entry.role == "user":
            yield Turn("user", entry.parts, entry.name)
        elif place not in taken:
            yield Turn("user", _labelled(entry))


def _next_after(place: int, places: deque[int]) -> int:
    """Take the first of ``places`` after a place; 0, where no output can be, if there is none."""
    while places and places[0] < place:
        places.popleft()
    return places.popleft() if places else 0


def _can_join(before: Turn, turn: Turn) -> bool:
    is_one_side = before.role == turn.role and before.name == turn.name
    return is_one_side and turn.role != "tool" and not before.tool_calls


def _labelled(entry: Entry) -> list[Part]:
    label = f"Output of the tool call {entry.call_id}:" if entry.call_id else "Output of a tool:"
    return [label, *(entry.parts or [_NOTHING])]
