"""Chat completions and their chunks as deltas, in the forms that servers have for them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from pydantic_core import from_json

from colloquy.domain.errors import ModelError
from colloquy.domain.usage import Usage
from colloquy.models.responder import Delta, FinishReason, ToolCallDelta

_FINISH_REASONS: Final[Mapping[str, FinishReason]] = {
    "content_filter": "content_filter",
    "function_call": "tool_calls",
    "length": "length",
    "max_tokens": "length",
    "tool_calls": "tool_calls",
}
_TEXTS: Final = frozenset({"text", "output_text"})
_REASONING: Final = frozenset({"reasoning", "reasoning_text", "thinking"})
_MOST_TOKENS: Final = 10**9


def object_from(text: bytes) -> dict[str, Any]:
    """Return the object in ``text``, read strictly: no unpaired surrogates, which no row holds.

    Raises:
        ModelError: it is no JSON object.
    """
    try:
        said = from_json(text)
    except ValueError as error:
        raise ModelError from error
    if not isinstance(said, dict):
        raise ModelError
    return said


def delta_of(said: Mapping[str, Any], key: str) -> Delta:
    """Return what a completion (``key`` is ``message``) or a chunk (``delta``) adds.

    Raises:
        ModelError: it is an error, which some servers send with status 200.
    """
    if said.get("error"):
        raise ModelError
    choice = _dig(said, "choices", 0)
    message = _dig(choice, key) or {}
    model = said.get("model")
    texts, thoughts = _content(_dig(message, "content"))
    finished = _dig(choice, "finish_reason")
    return Delta(
        text=texts,
        reasoning=_reasoning(message) or thoughts,
        refusal=_text(_dig(message, "refusal")),
        tool_calls=list(_tool_calls(_dig(message, "tool_calls"))),
        logprobs=[each for each in _list(_dig(choice, "logprobs", "content")) if _is_map(each)],
        finish_reason=_FINISH_REASONS.get(finished, "stop") if _text(finished) else None,
        usage=_usage(said.get("usage")),
        model=model if isinstance(model, str) else None,
    )


def _content(content: Any) -> tuple[str, str]:
    """Return the text and the reasoning of a content, which may be a list of parts (Mistral)."""
    if isinstance(content, str):
        return content, ""
    parts = [part for part in _list(content) if _is_map(part)]
    texts = [_text(part.get("text")) for part in parts if part.get("type") in _TEXTS]
    thoughts = [_thought(part) for part in parts if part.get("type") in _REASONING]
    return "".join(texts), "".join(thoughts)


def _thought(part: Any) -> str:
    """Return the text of a reasoning part, under whichever name its server has for it."""
    names = ("text", "thinking", "reasoning", "content", "summary")
    return next((text for name in names if (text := _flat(_dig(part, name)))), "")


def _flat(value: Any) -> str:
    """Return a text, or the texts of a list of parts; nothing that is nested deeper."""
    if isinstance(value, list):
        return "".join(_text(each) or _text(_dig(each, "text")) for each in value)
    return _text(value)


def _reasoning(message: Any) -> str:
    """Return the reasoning of a message: servers that have both fields send it twice."""
    return _flat(_dig(message, "reasoning_content")) or _flat(_dig(message, "reasoning"))


def _tool_calls(calls: Any) -> Iterator[ToolCallDelta]:
    for place, call in enumerate(_list(calls)):
        index = _dig(call, "index")
        custom = _dig(call, "custom")
        called = custom if _is_map(custom) else _dig(call, "function")
        yield ToolCallDelta(
            index=index if isinstance(index, int) else place,
            id=_text(_dig(call, "id")),
            name=_text(_dig(called, "name")),
            arguments=_text(_dig(called, "arguments")) or _text(_dig(called, "input")),
            kind="custom" if _is_map(custom) else "function",
        )


def _usage(usage: Any) -> Usage | None:
    if not _is_map(usage):
        return None
    return Usage(
        input_tokens=_count(_dig(usage, "prompt_tokens")),
        output_tokens=_count(_dig(usage, "completion_tokens")),
        cached_tokens=_count(_dig(usage, "prompt_tokens_details", "cached_tokens")),
        cache_write_tokens=_count(_dig(usage, "prompt_tokens_details", "cache_write_tokens")),
        reasoning_tokens=_count(_dig(usage, "completion_tokens_details", "reasoning_tokens")),
    )


def _count(value: Any) -> int:
    return value if isinstance(value, int) and 0 <= value <= _MOST_TOKENS else 0


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _list(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else ()


def _is_map(value: Any) -> bool:
    return isinstance(value, dict)


def _dig(value: Any, *path: str | int) -> Any:
    """Return what is at a path, or None where the reply has another shape."""
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and len(value) > step else None
    return value
