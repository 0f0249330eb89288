"""The wire models of responses: what is asked, and the response object."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import Field

from colloquy.domain import ids
from colloquy.domain.errors import InvalidRequestError
from colloquy.domain.usage import Usage
from colloquy.http.openai.chat import Temperature, TopLogprobs, TopP
from colloquy.http.openai.conversations import MetadataIn, OpenAIBody, seconds
from colloquy.http.openai.items import invalid_type
from colloquy.http.openai.turns import response_format_from, tool_choice_from, tools_from
from colloquy.http.openai.usage import response_usage
from colloquy.models.prompt import Sampling
from colloquy.models.responder import Answer, FinishReason
from colloquy.services.models import ResponseParameters

Json = dict[str, Any]

_MIN_OUTPUT_TOKENS: Final = 1
_INCOMPLETE: Final[Mapping[FinishReason, str]] = {
    "length": "max_output_tokens",
    "content_filter": "content_filter",
}


class OpenAIResponseCreate(OpenAIBody):
    """A response to create; every field may be left out."""

    background: bool | None = None
    conversation: str | Json | None = None
    include: list[str] | None = None
    input: str | list[Json] | None = None
    instructions: str | None = None
    max_output_tokens: Annotated[int | None, Field(ge=_MIN_OUTPUT_TOKENS)] = None
    max_tool_calls: int | None = None
    metadata: MetadataIn = None
    model: str | None = None
    parallel_tool_calls: bool | None = None
    previous_response_id: str | None = None
    prompt_cache_key: str | None = None
    reasoning: Json | None = None
    safety_identifier: str | None = None
    store: bool | None = None
    stream: bool | None = None
    stream_options: Json | None = None
    temperature: Temperature = None
    text: Json | None = None
    tool_choice: str | Json | None = None
    tools: list[Json] | None = None
    top_logprobs: TopLogprobs = None
    top_p: TopP = None
    truncation: str | None = None
    user: str | None = None

    def conversation_id(self) -> str | None:
        """Return the conversation the response continues, if one is named.

        Raises:
            InvalidRequestError: its id cannot be one, or a previous response is named as well.
        """
        named = self.conversation
        if named is None:
            return None
        if self.previous_response_id is not None:
            raise InvalidRequestError(
                "Mutually exclusive parameters: 'previous_response_id' and 'conversation'. Ensure "
                "you are only providing one of: 'previous_response_id' or 'conversation'.",
                param="previous_response_id",
                code="mutually_exclusive_parameters",
            )
        conversation_id = named.get("id") if isinstance(named, dict) else named
        if not isinstance(conversation_id, str):
            raise invalid_type("conversation", "a string or an object with an id")
        if not conversation_id.startswith(f"{ids.CONVERSATION}_"):
            raise InvalidRequestError(
                f"Invalid 'conversation': '{conversation_id[:100]}'. Expected an ID that begins "
                "with 'conv'.",
                param="conversation",
            )
        return conversation_id

    def input_items(self) -> Sequence[Any]:
        """Return the items of the input; a text is a user's message."""
        if self.input is None or self.input == "":
            return ()
        if isinstance(self.input, str):
            return ({"type": "message", "role": "user", "content": self.input},)
        return self.input

    def parameters(self) -> ResponseParameters:
        """Return what the model is asked besides the items.

        Raises:
            InvalidRequestError: a parameter is not of its form, or cannot be had here.
        """
        self.check()
        return ResponseParameters(
            model=self.model,
            instructions=self.instructions,
            max_tokens=self.max_output_tokens,
            sampling=self.sampling(),
            tools=tools_from(self.tools, nested=False),
            tool_choice=tool_choice_from(self.tool_choice),
            parallel_tool_calls=self.parallel_tool_calls,
            response_format=response_format_from((self.text or {}).get("format"), "text.format"),
        )

    def sampling(self) -> Sampling:
        """Return how the model is to choose its words."""
        effort = (self.reasoning or {}).get("effort")
        verbosity = (self.text or {}).get("verbosity")
        return Sampling(
            temperature=self.temperature,
            top_p=self.top_p,
            logprobs=bool(self.top_logprobs),
            top_logprobs=self.top_logprobs or None,
            reasoning_effort=effort if isinstance(effort, str) else None,
            verbosity=verbosity if isinstance(verbosity, str) else None,
            user=self.user,
        )

    def check(self) -> None:
        """Check what cannot be done here.

        Raises:
            InvalidRequestError: it names what.
        """
        if self.max_tool_calls is not None and self.max_tool_calls < 1:
            raise InvalidRequestError(
                "Invalid 'max_tool_calls': integer below minimum value. Expected a value >= 1, but "
                f"got {self.max_tool_calls} instead.",
                param="max_tool_calls",
                code="integer_below_min_value",
            )
        if self.background:
            raise InvalidRequestError(
                "Unsupported parameter: 'background' is not supported here. Leave it out, and the "
                "response is answered at once or streamed.",
                param="background",
                code="unsupported_parameter",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseFrame:
    """What a response repeats of its request, and its identity."""

    id: str
    created_at: datetime
    model: str
    body: OpenAIResponseCreate
    metadata: Mapping[str, str]
    conversation_id: str | None

    def out(
        self,
        status: str,
        output: Sequence[Json] = (),
        usage: Usage | None = None,
        *,
        completed_at: datetime | None = None,
        incomplete: str | None = None,
        error: Json | None = None,
    ) -> Json:
        """Return the response object in a status."""
        body = self.body
        response: Json = {
            "id": self.id,
            "object": "response",
            "created_at": seconds(self.created_at),
            "completed_at": seconds(completed_at) if completed_at else None,
            "status": status,
            "background": False,
            "error": error,
            "incomplete_details": {"reason": incomplete} if incomplete else None,
            "instructions": body.instructions,
            "max_output_tokens": body.max_output_tokens,
            "max_tool_calls": body.max_tool_calls,
            "model": self.model,
            "output": list(output),
            "parallel_tool_calls": body.parallel_tool_calls is not False,
            "previous_response_id": body.previous_response_id,
            "prompt_cache_key": body.prompt_cache_key,
            "reasoning": {"effort": None, "summary": None} | _known_reasoning(body.reasoning),
            "safety_identifier": body.safety_identifier,
            "service_tier": "default",
            "store": body.store is not False,
            "temperature": 1.0 if body.temperature is None else body.temperature,
            "top_p": 1.0 if body.top_p is None else body.top_p,
            "presence_penalty": 0.0,
            "frequency_penalty": 0.0,
            "top_logprobs": body.top_logprobs or 0,
            "text": _text_out(body.text),
            "tool_choice": body.tool_choice or "auto",
            "tools": [_tool_out(tool) for tool in body.tools or ()],
            "truncation": body.truncation or "disabled",
            "usage": response_usage(usage) if status != "in_progress" else None,
            "user": body.user,
            "metadata": dict(self.metadata),
        }
        if self.conversation_id is not None:
            response["conversation"] = {"id": self.conversation_id}
        return response


def _known_reasoning(reasoning: Mapping[str, Any] | None) -> Json:
    return {name: (reasoning or {}).get(name) for name in ("effort", "summary")}


def _text_out(text: Mapping[str, Any] | None) -> Json:
    return {"format": {"type": "text"}, **(text or {})}


def _tool_out(tool: Mapping[str, Any]) -> Json:
    if tool.get("type") != "function":
        return dict(tool)
    return {"description": None, "parameters": None, "strict": None, **tool}


def incomplete_reason(finish_reason: FinishReason) -> str | None:
    """Return why a response ended early; None where it did not."""
    return _INCOMPLETE.get(finish_reason)


def output_of(answer: Answer) -> list[Json]:
    """Return the items a model's answer makes, without ids: reasoning, message, calls."""
    status = "incomplete" if incomplete_reason(answer.finish_reason) else "completed"
    items: list[Json] = []
    if answer.reasoning:
        text = {"type": "reasoning_text", "text": answer.reasoning}
        items.append({"type": "reasoning", "summary": [], "content": [text], "status": status})
    parts: list[Json] = []
    if answer.text:
        parts.append(
            {
                "type": "output_text",
                "text": answer.text,
                "annotations": [],
                "logprobs": list(answer.logprobs),
            }
        )
    if answer.refusal:
        parts.append({"type": "refusal", "refusal": answer.refusal})
    if parts:
        items.append(
            {
                "type": "message",
                "status": status,
                "role": "assistant",
                "phase": "final_answer",
                "content": parts,
            }
        )
    for call in answer.tool_calls:
        made = {"call_id": call.id, "name": call.name, "status": status}
        if call.kind == "custom":
            made.pop("status")
            items.append({"type": "custom_tool_call", **made, "input": call.arguments})
        else:
            items.append({"type": "function_call", **made, "arguments": call.arguments})
    return items
