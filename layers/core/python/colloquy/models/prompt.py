"""What a model is asked: turns, tools, and how it is to write."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from colloquy.models.names import Model

TurnRole = Literal["system", "developer", "user", "assistant", "tool"]
ToolKind = Literal["function", "custom"]


@dataclass(frozen=True, slots=True)
class Image:
    """An image in a turn: a ``data:`` URL, or an address on the web."""

    url: str
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class OtherPart:
    """A part of a turn, as a client sent it, that only OpenAI-compatible servers may know."""

    part: Mapping[str, Any]


Part = str | Image | OtherPart


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A model's call of a tool; ``arguments`` is JSON text, or a custom tool's input."""

    id: str
    name: str
    arguments: str
    kind: ToolKind = "function"


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the prompt.

    ``tool_calls`` are an assistant's; ``tool_call_id`` names the call whose output a ``tool`` turn
    holds.
    """

    role: TurnRole
    parts: Sequence[Part] = ()
    name: str | None = None
    tool_calls: Sequence[ToolCall] = ()
    tool_call_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool the model may call.

    ``parameters`` is the JSON Schema of a function's arguments, ``format`` the grammar of a custom
    tool's input.
    """

    name: str
    description: str | None = None
    parameters: Mapping[str, Any] | None = None
    strict: bool | None = None
    kind: ToolKind = "function"
    format: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ToolChoice:
    """Whether the model may, must or must not call a tool; ``names`` limits it to some of them."""

    mode: Literal["auto", "none", "required"]
    names: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseFormat:
    """The form of the response: any JSON object, or one that a JSON Schema describes."""

    kind: Literal["json_object", "json_schema"]
    name: str = ""
    schema: Mapping[str, Any] | None = None
    description: str | None = None
    strict: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How the model chooses its words; whatever is not set is left to the model's own default."""

    temperature: float | None = None
    top_p: float | None = None
    stop: Sequence[str] = ()
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    logit_bias: Mapping[str, float] = field(default_factory=dict)
    logprobs: bool = False
    top_logprobs: int | None = None
    reasoning_effort: str | None = None
    verbosity: str | None = None
    user: str | None = None


DEFAULT_SAMPLING: Final = Sampling()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """Everything a model is asked.

    ``deadline`` is the moment on ``time.monotonic``'s clock by which the response must be complete.
    With ``stream`` it comes as it is written; then ``first_delta_seconds`` bounds the wait for the
    first delta and ``pause_seconds`` that for each further one.
    """

    model: Model
    turns: Sequence[Turn]
    max_tokens: int
    deadline: float
    sampling: Sampling = DEFAULT_SAMPLING
    tools: Sequence[Tool] = ()
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    stream: bool = False
    first_delta_seconds: float | None = None
    pause_seconds: float | None = None
