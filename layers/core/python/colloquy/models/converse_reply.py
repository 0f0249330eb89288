"""Answers of Bedrock's Converse API, and events of ConverseStream, as deltas."""

import json
from collections.abc import Mapping
from typing import Any, Final

from colloquy.domain.errors import ModelError
from colloquy.domain.usage import Usage
from colloquy.models.responder import Delta, FinishReason, ToolCallDelta

_FINISH_REASONS: Final[Mapping[str, FinishReason]] = {
    "content_filtered": "content_filter",
    "guardrail_intervened": "content_filter",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
}
_BROKEN: Final = frozenset({"malformed_model_output", "malformed_tool_use"})


def delta_of_reply(reply: Mapping[str, Any]) -> Delta:
    """Return the whole answer of Converse.

    Raises:
        ModelError: Bedrock says that the model's output is malformed.
    """
    blocks = reply.get("output", {}).get("message", {}).get("content", [])
    thoughts = [block.get("reasoningContent", {}).get("reasoningText", {}) for block in blocks]
    return Delta(
        text="".join(block["text"] for block in blocks if isinstance(block.get("text"), str)),
        reasoning="".join(thought.get("text", "") for thought in thoughts),
        tool_calls=[
            _call(index, block["toolUse"])
            for index, block in enumerate(blocks)
            if "toolUse" in block
        ],
        finish_reason=_finish_reason(reply.get("stopReason", "end_turn")),
        usage=_usage(reply.get("usage")),
    )


def delta_of_event(event: Mapping[str, Any]) -> Delta | None:
    """Return what an event of ConverseStream adds, or None where that is nothing.

    Raises:
        ModelError: as ``delta_of_reply``.
    """
    match event:
        case {"contentBlockStart": {"contentBlockIndex": index, "start": {"toolUse": used}}} | {
            "contentBlockDelta": {"contentBlockIndex": index, "delta": {"toolUse": used}}
        }:
            return Delta(tool_calls=[_call(index, used)])
        case {"contentBlockDelta": {"delta": {"reasoningContent": thought}}}:
            return Delta(reasoning=thought.get("text", ""))
        case {"contentBlockDelta": {"delta": {"text": str(text)}}}:
            return Delta(text=text)
        case {"messageStop": {"stopReason": stopped}}:
            return Delta(finish_reason=_finish_reason(stopped))
        case {"metadata": {"usage": usage}}:
            return Delta(usage=_usage(usage))
    return None


def _call(index: int, used: Mapping[str, Any]) -> ToolCallDelta:
    """Return a call, whose input is an object in a reply and a piece of its JSON in an event."""
    given = used.get("input", "")
    return ToolCallDelta(
        index=index,
        id=used.get("toolUseId", ""),
        name=used.get("name", ""),
        arguments=given if isinstance(given, str) else json.dumps(given, ensure_ascii=False),
    )


def _finish_reason(stopped: str) -> FinishReason:
    if stopped in _BROKEN:
        raise ModelError
    return _FINISH_REASONS.get(stopped, "stop")


def _usage(usage: Mapping[str, Any] | None) -> Usage | None:
    """Return the usage; Bedrock counts what was cached beside the other input."""
    if usage is None:
        return None
    cached = usage.get("cacheReadInputTokens", 0)
    written = usage.get("cacheWriteInputTokens", 0)
    return Usage(
        input_tokens=usage.get("inputTokens", 0) + cached + written,
        output_tokens=usage.get("outputTokens", 0),
        cached_tokens=cached,
        cache_write_tokens=written,
    )
