"""Prompts as the body of a request for a chat completion."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from colloquy.models.prompt import (
    Image,
    OtherPart,
    Part,
    Prompt,
    ResponseFormat,
    Sampling,
    Tool,
    ToolCall,
    ToolChoice,
    Turn,
)

_QUOTED: Final = re.compile(r"[\"'`]([a-z_]{1,40})[\"'`]")
_OF_A_PARAMETER: Final = re.compile(
    r"unsupported|not support|unrecogni[sz]ed|unknown|unexpected|not permitted|not allowed|extra",
    re.IGNORECASE,
)


def body_of(prompt: Prompt, rejected: Collection[str] = ()) -> dict[str, Any]:
    """Return the request's body, without the parameters its server has rejected before."""
    asked: dict[str, Any] = {
        "model": prompt.model.id,
        "messages": [_message(turn) for turn in prompt.turns],
        _limit_name(rejected): prompt.max_tokens,
        "stream": prompt.stream,
        **_sampling(prompt.sampling),
    }
    if prompt.stream:
        asked["stream_options"] = {"include_usage": True}
    if prompt.tools:
        asked["tools"] = [_tool(tool) for tool in prompt.tools]
        if prompt.tool_choice is not None:
            asked["tool_choice"] = _tool_choice(prompt.tool_choice, prompt.tools)
        if prompt.parallel_tool_calls is not None:
            asked["parallel_tool_calls"] = prompt.parallel_tool_calls
    if prompt.response_format is not None:
        asked["response_format"] = _response_format(prompt.response_format)
    return {name: value for name, value in asked.items() if name not in rejected}


def refused_parameter(error: Mapping[str, Any], asked: Mapping[str, Any]) -> str | None:
    """Return which of the body's parameters an error is about, or None.

    OpenAI names it in ``param``; other servers quote it in their message. Messages and the model
    are no parameters that could be left out.
    """
    named = error.get("param")
    message = error.get("message")
    candidates = [named.split(".")[0].split("[")[0]] if isinstance(named, str) else []
    if isinstance(message, str) and _OF_A_PARAMETER.search(message):
        candidates += _QUOTED.findall(message)
    known = asked.keys() - {"model", "messages", "stream"}
    return next((name for name in candidates if name in known), None)


def _limit_name(rejected: Collection[str]) -> str:
    return "max_completion_tokens" if "max_tokens" in rejected else "max_tokens"


def _sampling(sampling: Sampling) -> dict[str, Any]:
    given = {
        **{each.name: getattr(sampling, each.name) for each in fields(sampling)},
        "stop": list(sampling.stop) or None,
        "logit_bias": dict(sampling.logit_bias) or None,
        "logprobs": sampling.logprobs or None,
    }
    return {name: value for name, value in given.items() if value is not None}


def _message(turn: Turn) -> dict[str, Any]:
    # OpenAI takes 'system' for 'developer' with every model; most others know no 'developer'.
    role = "system" if turn.role == "developer" else turn.role
    message: dict[str, Any] = {"role": role, "content": _content(turn.parts)}
    if turn.name is not None:
        message["name"] = turn.name
    if turn.tool_call_id is not None:
        message["tool_call_id"] = turn.tool_call_id
    if turn.tool_calls:
        message["tool_calls"] = [_tool_call(call) for call in turn.tool_calls]
        message["content"] = message["content"] or None
    return message


def _content(parts: Sequence[Part]) -> str | list[dict[str, Any]]:
    """Return a turn's content: plain text where it can be, which every server takes."""
    if all(isinstance(part, str) for part in parts):
        return "\n\n".join(str(part) for part in parts)
    return [_part(part) for part in parts]


def _part(part: Part) -> dict[str, Any]:
    if isinstance(part, Image):
        detail = {"detail": part.detail} if part.detail else {}
        return {"type": "image_url", "image_url": {"url": part.url, **detail}}
    if isinstance(part, OtherPart):
        return dict(part.part)
    return {"type": "text", "text": part}


def _tool_call(call: ToolCall) -> dict[str, Any]:
    content = "input" if call.kind == "custom" else "arguments"
    called = {"name": call.name, content: call.arguments}
    return {"id": call.id, "type": call.kind, call.kind: called}


def _tool(tool: Tool) -> dict[str, Any]:
    described = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
        "strict": tool.strict,
        "format": tool.format,
    }
    return {
        "type": tool.kind,
        tool.kind: {name: value for name, value in described.items() if value is not None},
    }


def _tool_choice(choice: ToolChoice, tools: Sequence[Tool]) -> str | dict[str, Any]:
    if not choice.names:
        return choice.mode
    kinds = {tool.name: tool.kind for tool in tools}
    named = [
        {"type": kind, kind: {"name": name}}
        for name in choice.names
        for kind in (kinds.get(name, "function"),)
    ]
    if choice.mode == "required" and len(named) == 1:
        return named[0]
    return {"type": "allowed_tools", "allowed_tools": {"mode": choice.mode, "tools": named}}


def _response_format(wanted: ResponseFormat) -> dict[str, Any]:
    if wanted.kind == "json_object":
        return {"type": "json_object"}
    described = {
        "name": wanted.name,
        "description": wanted.description,
        "schema": wanted.schema,
        "strict": wanted.strict,
    }
    schema = {name: value for name, value in described.items() if value is not None}
    return {"type": "json_schema", "json_schema": schema}
