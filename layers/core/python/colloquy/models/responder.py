"""The port to a language model: a prompt goes in, deltas come out, and how it fails.

``Responder.stream`` is the only way to ask. ``collect`` folds its deltas into an ``Answer``: what
is streamed and what is not takes the same path.
"""

import json
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

from colloquy.domain.errors import ModelError
from colloquy.domain.reasoning import split_reasoning
from colloquy.domain.usage import Usage
from colloquy.models.prompt import Prompt, ToolCall, ToolKind

MAX_ANSWER_BYTES: Final = 256 * 1024
"""An answer in UTF-8 JSON: with its message's metadata it stays under a message's 350 KB."""
MAX_TOOL_CALLS: Final = 128
"""Tool calls of one answer: as many as OpenAI lets a request define tools."""
_LONGEST_NAME: Final = 256

FinishReason = Literal["stop", "length", "tool_calls", "content_filter"]
Deltas = Generator["Delta", None, None]
"""The deltas of an answer as they come; closing it ends the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCallDelta:
    """A piece of the tool call number ``index``; id and name come once, arguments in pieces."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""
    kind: ToolKind = "function"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """What has been added to an answer; a server that does not stream sends all of it in one."""

    text: str = ""
    reasoning: str = ""
    refusal: str = ""
    tool_calls: Sequence[ToolCallDelta] = ()
    logprobs: Sequence[Mapping[str, Any]] = ()
    finish_reason: FinishReason | None = None
    usage: Usage | None = None
    model: str | None = None
    """The model's name as its provider gives it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A complete response of a model: it has a text, a refusal or a tool call.

    ``model`` is the name of the model that wrote it, as its provider gives it.
    """

    model: str
    text: str = ""
    reasoning: str = ""
    refusal: str = ""
    tool_calls: Sequence[ToolCall] = ()
    logprobs: Sequence[Mapping[str, Any]] = ()
    finish_reason: FinishReason = "stop"
    usage: Usage | None = None


class Responder(Protocol):
    """Something that answers prompts."""

    def stream(self, prompt: Prompt) -> Deltas:
        """Yield the model's answer as it comes.

        A delta with a finish reason makes the answer complete; only its usage may follow.

        Raises:
            InvalidRequestError: the model cannot do what the prompt asks for; ``param`` names it.
            ModelTimeoutError: the first delta, the next one or the end was late.
            ModelUnavailableError: the model cannot be reached, or takes no more requests now.
            ModelError: it failed, broke off, or its answer cannot be read.
        """
        ...


def ask(responder: Responder, prompt: Prompt) -> Answer:
    """Return the whole answer of a model (``Responder.stream`` and ``collect``)."""
    return collect(responder.stream(prompt), prompt)


def collect(deltas: Iterable[Delta], prompt: Prompt) -> Answer:
    """Return the answer that deltas make together, its reasoning separated from its text.

    Raises:
        ModelError: there is nothing in it but reasoning, or it is too long to keep.
    """
    pieces = _Pieces()
    try:
        for delta in deltas:
            pieces.add(delta)
    finally:
        if isinstance(deltas, Generator):
            deltas.close()
    return pieces.answer(prompt)


@dataclass(slots=True)
class _Pieces:
    """An answer under construction."""

    text: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    refusal: list[str] = field(default_factory=list)
    calls: dict[int, list[ToolCallDelta]] = field(default_factory=dict)
    logprobs: list[Mapping[str, Any]] = field(default_factory=list)
    finish_reason: FinishReason | None = None
    usage: Usage | None = None
    model: str | None = None
    size: int = 0
    reasoning_size: int = 0

    def add(self, delta: Delta) -> None:
        """Add a delta."""
        self.size += len(delta.text) + len(delta.refusal)
        self.size += sum(len(call.arguments) + len(call.name) for call in delta.tool_calls)
        if self.size > MAX_ANSWER_BYTES or len(self.calls) > MAX_TOOL_CALLS:
            raise _too_long()
        if delta.text:
            self.text.append(delta.text)
        if delta.refusal:
            self.refusal.append(delta.refusal)
        self.reasoning_size += len(delta.reasoning)
        if delta.reasoning and self.reasoning_size <= MAX_ANSWER_BYTES:
            self.reasoning.append(delta.reasoning)
        for call in delta.tool_calls:
            self.calls.setdefault(call.index, []).append(call)
        self.logprobs += delta.logprobs
        self.finish_reason = delta.finish_reason or self.finish_reason
        self.usage = delta.usage or self.usage
        self.model = self.model or delta.model

    def answer(self, prompt: Prompt) -> Answer:
        """Return the answer.

        Raises:
            ModelError: it cannot be used.
        """
        # A model that was given no tools, or told not to, has called nothing that exists.
        may_call = prompt.tools and not (prompt.tool_choice and prompt.tool_choice.mode == "none")
        calls = [_call(pieces) for _, pieces in sorted(self.calls.items())] if may_call else []
        thought, text = split_reasoning("".join(self.text))
        reasoning = "\n\n".join(filter(None, ("".join(self.reasoning).strip(), thought)))
        refusal = "".join(self.refusal)
        if not text.strip() and not refusal.strip() and not calls:
            raise _empty(reasoning)
        said = [text, refusal, *((call.id, call.name, call.arguments) for call in calls)]
        room = MAX_ANSWER_BYTES - _size(said)
        if room < 0:
            raise _too_long()
        named = self.model is not None and 0 < len(self.model) <= _LONGEST_NAME
        return Answer(
            model=str(self.model) if named else prompt.model.id,
            text=text,
            # A message has one limit for both: its text is what must be kept.
            reasoning=reasoning if _size(reasoning) <= room else "",
            refusal=refusal,
            tool_calls=calls,
            logprobs=self.logprobs,
            finish_reason=self.finish_reason or ("tool_calls" if calls else "stop"),
            usage=self.usage,
        )


def _call(pieces: Sequence[ToolCallDelta]) -> ToolCall:
    call_id = next((piece.id for piece in pieces if piece.id), "")
    name = next((piece.name for piece in pieces if piece.name), "")
    if not name or len(name) > _LONGEST_NAME or len(call_id) > _LONGEST_NAME:
        raise ModelError
    arguments = "".join(piece.arguments for piece in pieces)
    index, kind = pieces[0].index, pieces[0].kind
    return ToolCall(id=call_id or f"call_{index}", name=name, arguments=arguments, kind=kind)


def _size(said: object) -> int:
    return len(json.dumps(said, ensure_ascii=False).encode())


def _empty(reasoning: str) -> ModelError:
    if reasoning:
        return ModelError(
            "The model reasoned and gave no answer. Nothing was changed; try again, with more "
            "'max_tokens'."
        )
    return ModelError("The model's answer was empty. Nothing was changed; try again.")


def _too_long() -> ModelError:
    return ModelError(
        "The model's answer is longer than a message may be. Nothing was changed; ask for "
        "fewer 'max_tokens'."
    )
