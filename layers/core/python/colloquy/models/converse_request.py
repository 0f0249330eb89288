"""Prompts as requests of Bedrock's Converse API."""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from colloquy.domain.errors import InvalidRequestError
from colloquy.models.prompt import Image, Part, Prompt, ResponseFormat, Tool, ToolCall, Turn

_DATA_URL: Final = re.compile(r"data:image/(png|jpeg|gif|webp);base64,(.+)", re.DOTALL)
_EFFORTS: Final = frozenset({"low", "medium", "high", "xhigh", "max"})
# Converse takes letters, digits, _ and - in the names of tools and the ids of their calls.
_NOT_IN_NAMES: Final = re.compile(r"[^a-zA-Z0-9_-]")
_LONGEST_NAME: Final = 64


def request_of(prompt: Prompt) -> dict[str, Any]:
    """Return the request for a prompt.

    Raises:
        InvalidRequestError: it asks for what Converse cannot do; ``param`` names it.
    """
    _refuse_what_it_lacks(prompt)
    sampling = prompt.sampling
    limits = {
        "maxTokens": prompt.max_tokens,
        "temperature": sampling.temperature,
        "topP": sampling.top_p,
        "stopSequences": list(sampling.stop) or None,
    }
    asked: dict[str, Any] = {
        "modelId": prompt.model.id,
        "messages": _messages(prompt.turns),
        "inferenceConfig": {name: value for name, value in limits.items() if value is not None},
    }
    system = [
        {"text": part}
        for turn in prompt.turns
        if _is_system(turn)
        for part in turn.parts
        if isinstance(part, str) and part.strip()
    ]
    if system:
        asked["system"] = system
    if tools := _tool_config(prompt):
        asked["toolConfig"] = tools
    output: dict[str, Any] = {}
    if prompt.response_format is not None:
        output["textFormat"] = _text_format(prompt.response_format)
    if sampling.reasoning_effort is not None:
        output["effort"] = sampling.reasoning_effort
    if output:
        asked["outputConfig"] = output
    return asked


def _refuse_what_it_lacks(prompt: Prompt) -> None:
    """Reject parameters Converse has no field for; those set to what holds anyway pass."""
    sampling, effort = prompt.sampling, prompt.sampling.reasoning_effort
    lacking = {
        "seed": sampling.seed is not None,
        "frequency_penalty": bool(sampling.frequency_penalty),
        "presence_penalty": bool(sampling.presence_penalty),
        "logit_bias": bool(sampling.logit_bias),
        "logprobs": sampling.logprobs,
        "top_logprobs": bool(sampling.top_logprobs),
        "verbosity": sampling.verbosity not in {None, "medium"},
        "reasoning_effort": effort is not None and effort not in _EFFORTS,
        "parallel_tool_calls": bool(prompt.tools) and prompt.parallel_tool_calls is False,
        "tools": any(tool.kind == "custom" for tool in prompt.tools),
        "response_format": (
            prompt.response_format is not None and prompt.response_format.kind == "json_object"
        ),
        "messages": any(
            not isinstance(part, str | Image) for turn in prompt.turns for part in turn.parts
        ),
    }
    for name, is_lacking in lacking.items():
        if is_lacking:
            raise InvalidRequestError(
                f"This model does not take '{name}' as it is given here. Leave it out, or choose "
                "another model.",
                param=name,
                code="unsupported_parameter",
            )


def _is_system(turn: Turn) -> bool:
    return turn.role in {"system", "developer"}


def _messages(turns: Sequence[Turn]) -> list[dict[str, Any]]:
    """Return messages that alternate, as Converse asks for: a tool's output is the user's."""
    messages: list[dict[str, Any]] = []
    for turn in turns:
        if _is_system(turn):
            continue
        role = "assistant" if turn.role == "assistant" else "user"
        blocks = list(_blocks(turn))
        if messages and messages[-1]["role"] == role:
            messages[-1]["content"] += blocks
        elif blocks:
            messages.append({"role": role, "content": blocks})
    return messages


def _blocks(turn: Turn) -> Iterator[dict[str, Any]]:
    content = [_block(part) for part in turn.parts if not isinstance(part, str) or part.strip()]
    if turn.role == "tool":
        result = {"toolUseId": _name(turn.tool_call_id or ""), "content": content}
        yield {"toolResult": result if content else {**result, "content": [{"text": "(nothing)"}]}}
        return
    yield from content
    for call in turn.tool_calls:
        used = {"toolUseId": _name(call.id), "name": _name(call.name), "input": _input(call)}
        yield {"toolUse": used}


def _block(part: Part) -> dict[str, Any]:
    """Return a content block; an image only where its bytes came with the message.

    Converse takes bytes. Fetching an address that a client wrote would let it reach what only
    we reach.
    """
    if isinstance(part, str):
        return {"text": part}
    if not isinstance(part, Image):  # rejected before
        return {"text": "(a part)"}
    found = _DATA_URL.fullmatch(part.url)
    if found is not None:
        try:
            content = base64.b64decode(found[2], validate=True)
        except binascii.Error:
            return {"text": "(an image that cannot be read)"}
        return {"image": {"format": found[1], "source": {"bytes": content}}}
    return {"text": "(an image elsewhere)"}


def _name(text: str) -> str:
    return _NOT_IN_NAMES.sub("_", text)[:_LONGEST_NAME] or "_"


def _input(call: ToolCall) -> Any:
    """Return a call's arguments as the object Converse takes."""
    try:
        arguments = json.loads(call.arguments)
    except (RecursionError, ValueError):
        arguments = None
    return arguments if isinstance(arguments, dict) else {"arguments": call.arguments}


def _tool_config(prompt: Prompt) -> dict[str, Any] | None:
    """Return the tools the model may call.

    Converse rejects turns with calls in a request without tools: those that were called are named
    then, without anything about them. Calling none is no choice it has; ``collect`` drops calls.
    """
    choice = prompt.tool_choice
    called = {call.name: Tool(name=call.name) for turn in prompt.turns for call in turn.tool_calls}
    tools = [] if choice and choice.mode == "none" else list(prompt.tools)
    if choice and choice.names:
        tools = [tool for tool in tools if tool.name in choice.names]
    asked = [_tool_spec(tool) for tool in tools or called.values()]
    if not asked:
        return None
    if not tools or choice is None or choice.mode == "auto":
        return {"tools": asked}
    forced = {"tool": {"name": _name(choice.names[0])}} if len(choice.names) == 1 else {"any": {}}
    return {"tools": asked, "toolChoice": forced}


def _tool_spec(tool: Tool) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "name": _name(tool.name),
        "inputSchema": {"json": dict(tool.parameters or {"type": "object"})},
    }
    if tool.description:
        spec["description"] = tool.description
    if tool.strict:
        spec["strict"] = True
    return {"toolSpec": spec}


def _text_format(wanted: ResponseFormat) -> dict[str, Any]:
    schema: dict[str, Any] = {"schema": json.dumps(wanted.schema or {}), "name": _name(wanted.name)}
    if wanted.description:
        schema["description"] = wanted.description
    return {"type": "json_schema", "structure": {"jsonSchema": schema}}
