"""The wire models of chat completions: what is asked, what is answered, and its event stream."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import Field

from colloquy.domain.errors import InvalidRequestError
from colloquy.http.openai.conversations import MetadataIn, OpenAIBody, seconds
from colloquy.http.openai.turns import response_format_from, tool_choice_from, tools_from
from colloquy.http.openai.usage import chat_usage
from colloquy.models.prompt import Sampling, ToolCall
from colloquy.models.responder import Answer
from colloquy.services.models import ResponseParameters

Json = dict[str, Any]

MAX_STOP: Final = 4

Temperature = Annotated[float | None, Field(ge=0, le=2)]
Penalty = Annotated[float | None, Field(ge=-2, le=2)]
TopLogprobs = Annotated[int | None, Field(ge=0, le=20)]
TopP = Annotated[float | None, Field(ge=0, le=1)]


class ChatCompletionCreate(OpenAIBody):
    """A chat completion to create: the whole conversation is in ``messages``."""

    model: Annotated[str, Field(description="One of the names GET …/models lists.")]
    messages: Annotated[
        list[Json], Field(min_length=1, description="The messages so far, in order.")
    ]
    frequency_penalty: Penalty = None
    logit_bias: dict[str, float] | None = None
    logprobs: bool | None = None
    max_completion_tokens: Annotated[int | None, Field(ge=0)] = None
    max_tokens: Annotated[int | None, Field(ge=0)] = None
    metadata: MetadataIn = None
    n: Annotated[int | None, Field(ge=1, le=128)] = None
    parallel_tool_calls: bool | None = None
    presence_penalty: Penalty = None
    reasoning_effort: str | None = None
    response_format: Json | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    store: bool | None = None
    stream: bool | None = None
    stream_options: Json | None = None
    temperature: Temperature = None
    tool_choice: str | Json | None = None
    tools: list[Json] | None = None
    top_logprobs: TopLogprobs = None
    top_p: TopP = None
    user: str | None = None
    verbosity: str | None = None

    def check(self) -> None:
        """Check what a model server would refuse only later.

        Raises:
            InvalidRequestError: several choices are asked for, or too many stop sequences.
        """
        if self.n is not None and self.n > 1:
            raise InvalidRequestError(
                f"Unsupported value: 'n' does not support {self.n} here. Only 1 is supported.",
                param="n",
                code="unsupported_value",
            )
        if isinstance(self.stop, list) and len(self.stop) > MAX_STOP:
            raise InvalidRequestError(
                f"Invalid 'stop': array too long. Expected an array with maximum length "
                f"{MAX_STOP}, but got an array with length {len(self.stop)} instead.",
                param="stop",
                code="array_above_max_length",
            )

    def parameters(self) -> ResponseParameters:
        """Return what the model is asked besides the messages.

        Raises:
            InvalidRequestError: a parameter is not of its form, or cannot be had here.
        """
        self.check()
        return ResponseParameters(
            model=self.model,
            max_tokens=self.max_completion_tokens or self.max_tokens or None,
            sampling=self.sampling(),
            tools=tools_from(self.tools, nested=True),
            tool_choice=tool_choice_from(self.tool_choice),
            parallel_tool_calls=self.parallel_tool_calls,
            response_format=response_format_from(self.response_format, "response_format"),
        )

    @property
    def include_usage(self) -> bool:
        """Whether the event stream is to end with the tokens used."""
        return bool((self.stream_options or {}).get("include_usage"))

    def sampling(self) -> Sampling:
        """Return how the model is to choose its words."""
        stop = [self.stop] if isinstance(self.stop, str) else self.stop or ()
        return Sampling(
            temperature=self.temperature,
            top_p=self.top_p,
            stop=stop,
            seed=self.seed,
            frequency_penalty=self.frequency_penalty,
            presence_penalty=self.presence_penalty,
            logit_bias=self.logit_bias or {},
            logprobs=bool(self.logprobs),
            top_logprobs=self.top_logprobs if self.logprobs else None,
            reasoning_effort=self.reasoning_effort,
            verbosity=self.verbosity,
            user=self.user,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A chat completion under its id, as it is answered and as it may be stored."""

    id: str
    created_at: datetime
    answer: Answer
    metadata: Mapping[str, str]

    def out(self) -> Json:
        """Return the completion in one piece."""
        return {
            **_frame(self.id, "chat.completion", self.created_at, self.answer.model),
            "choices": [
                {
                    "index": 0,
                    "message": message_out(self.answer),
                    "finish_reason": self.answer.finish_reason,
                    "logprobs": _logprobs(self.answer.logprobs),
                }
            ],
            "usage": chat_usage(self.answer.usage),
            "metadata": dict(self.metadata),
        }


def message_out(answer: Answer) -> Json:
    """Return the assistant's message of a completion."""
    message: Json = {
        "role": "assistant",
        "content": answer.text or None,
        "refusal": answer.refusal or None,
        "annotations": [],
    }
    if answer.tool_calls:
        message["tool_calls"] = [_call(call) for call in answer.tool_calls]
    return message


def completion_events(completion: Completion, *, include_usage: bool) -> Iterator[str]:
    """Yield the event stream of a completion that is complete already, in OpenAI's order."""
    answer = completion.answer
    deltas: list[Json] = [{"role": "assistant", "content": "", "refusal": None}]
    if answer.text:
        deltas.append({"content": answer.text})
    if answer.refusal:
        deltas.append({"refusal": answer.refusal})
    deltas += (
        {"tool_calls": [{"index": index, **_call(call)}]}
        for index, call in enumerate(answer.tool_calls)
    )
    frame = _frame(completion.id, "chat.completion.chunk", completion.created_at, answer.model)
    for delta in deltas:
        yield _event(frame, [_choice(delta, None)], include_usage=include_usage)
    yield _event(frame, [_choice({}, answer.finish_reason)], include_usage=include_usage)
    if include_usage:
        yield _line({**frame, "choices": [], "usage": chat_usage(answer.usage)})
    yield "data: [DONE]\n\n"


def _choice(delta: Json, finish_reason: str | None) -> Json:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}


def _event(frame: Json, choices: list[Json], *, include_usage: bool) -> str:
    return _line({**frame, "choices": choices, **({"usage": None} if include_usage else {})})


def _line(data: Json) -> str:
    return f"data: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n"


def _frame(completion_id: str, kind: str, created_at: datetime, model: str) -> Json:
    return {
        "id": completion_id,
        "object": kind,
        "created": seconds(created_at),
        "model": model,
        "service_tier": "default",
        "system_fingerprint": None,
    }


def _call(call: ToolCall) -> Json:
    if call.kind == "custom":
        inner = {"name": call.name, "input": call.arguments}
    else:
        inner = {"name": call.name, "arguments": call.arguments}
    return {"id": call.id, "type": call.kind, call.kind: inner}


def _logprobs(tokens: Sequence[Mapping[str, Any]]) -> Json | None:
    return {"content": list(tokens), "refusal": None} if tokens else None
