"""What Chat Completions and Responses share of a request: turns, tools, and the response's form."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast, get_args

from colloquy.domain.errors import InvalidRequestError
from colloquy.http.openai.items import invalid_type, missing, unsupported_value
from colloquy.models.prompt import (
    Image,
    OtherPart,
    Part,
    ResponseFormat,
    Tool,
    ToolCall,
    ToolChoice,
    Turn,
    TurnRole,
)

Json = dict[str, Any]

MAX_TOOLS: Final = 128
"""Tools of one request: OpenAI's limit."""

_ROLES: Final = get_args(TurnRole)
_TEXTS: Final = frozenset({"text", "input_text", "output_text", "refusal"})
_MODES: Final = ("auto", "none", "required")


def turns_from(messages: Sequence[Any]) -> list[Turn]:
    """Return the turns of Chat Completions' messages.

    Raises:
        InvalidRequestError: one of them is no message; ``param`` names it.
    """
    return [_turn(message, f"messages[{place}]") for place, message in enumerate(messages)]


def _turn(message: Any, name: str) -> Turn:
    if not isinstance(message, dict):
        raise invalid_type(name, "an object")
    role = message.get("role")
    if role is None:
        raise missing(f"{name}.role")
    if role == "function":
        # The name tools had before; its output answers the call of that name.
        return Turn("tool", parts_from(message.get("content"), f"{name}.content"))
    if role not in _ROLES:
        raise unsupported_value(f"{name}.role", role, _ROLES)
    calls = [
        call_from(call, f"{name}.tool_calls[{place}]")
        for place, call in enumerate(_list(message.get("tool_calls"), f"{name}.tool_calls"))
    ]
    if message.get("content") is None and not calls and role != "assistant":
        raise missing(f"{name}.content")
    return Turn(
        role=cast("TurnRole", role),
        parts=parts_from(message.get("content"), f"{name}.content"),
        name=_text_or_none(message.get("name"), f"{name}.name"),
        tool_calls=calls,
        tool_call_id=_text_or_none(message.get("tool_call_id"), f"{name}.tool_call_id"),
    )


def parts_from(content: Any, name: str) -> list[Part]:
    """Return the parts of a message's content: a string, an array of parts, or null.

    Raises:
        InvalidRequestError: it is none of these.
    """
    if content is None or content == "":
        return []
    if isinstance(content, str):
        return [content]
    return [_part(part, f"{name}[{place}]") for place, part in enumerate(_list(content, name))]


def _part(part: Any, name: str) -> Part:
    if not isinstance(part, dict):
        raise invalid_type(name, "an object")
    kind = part.get("type")
    if kind is None:
        raise missing(f"{name}.type")
    if kind in _TEXTS:
        text = part.get("text", part.get("refusal"))
        if not isinstance(text, str):
            raise invalid_type(f"{name}.text", "a string")
        return text
    if kind in {"image_url", "input_image"}:
        image = part.get("image_url")
        url = image.get("url") if isinstance(image, dict) else image
        if isinstance(url, str):
            detail = (image if isinstance(image, dict) else part).get("detail")
            return Image(url, detail if isinstance(detail, str) else None)
    return OtherPart(part)


def call_from(call: Any, name: str) -> ToolCall:
    """Return a tool call of an assistant's message.

    Raises:
        InvalidRequestError: it has no name, or arguments that are no text.
    """
    if not isinstance(call, dict):
        raise invalid_type(name, "an object")
    kind = "custom" if call.get("type") == "custom" else "function"
    inner = call.get(kind)
    if not isinstance(inner, dict):
        raise missing(f"{name}.{kind}")
    written = inner.get("input" if kind == "custom" else "arguments", "")
    if not isinstance(written, str):
        raise invalid_type(f"{name}.{kind}.arguments", "a string")
    return ToolCall(
        id=str(call.get("id") or ""),
        name=_required_text(inner.get("name"), f"{name}.{kind}.name"),
        arguments=written,
        kind=kind,  # type: ignore[arg-type] # one of the two literals above
    )


def tools_from(tools: Any, name: str = "tools", *, nested: bool) -> list[Tool]:
    """Return the tools of a request.

    ``nested`` tells Chat Completions' shape ({"type": "function", "function": {…}}) from
    Responses', which has the same fields beside ``type``.

    Raises:
        InvalidRequestError: one is of a type that no model server takes, or has no name.
    """
    given = _list(tools, name)
    if len(given) > MAX_TOOLS:
        raise InvalidRequestError(
            f"Invalid '{name}': array too long. Expected an array with maximum length {MAX_TOOLS}, "
            f"but got an array with length {len(given)} instead.",
            param=name,
            code="array_above_max_length",
        )
    return [_tool(tool, f"{name}[{place}]", nested=nested) for place, tool in enumerate(given)]


def _tool(tool: Any, name: str, *, nested: bool) -> Tool:
    if not isinstance(tool, dict):
        raise invalid_type(name, "an object")
    kind = tool.get("type")
    if kind is None:
        raise missing(f"{name}.type")
    if kind not in {"function", "custom"}:
        raise unsupported_value(f"{name}.type", kind, ("function", "custom"))
    inner = tool.get(kind) if nested else tool
    if not isinstance(inner, dict):
        raise missing(f"{name}.{kind}")
    inside = f"{name}.{kind}" if nested else name
    strict = inner.get("strict")
    return Tool(
        name=_required_text(inner.get("name"), f"{inside}.name"),
        description=_text_or_none(inner.get("description"), f"{inside}.description"),
        parameters=_object_or_none(inner.get("parameters"), f"{inside}.parameters"),
        strict=strict if isinstance(strict, bool) else None,
        kind=kind,
        format=_object_or_none(inner.get("format"), f"{inside}.format"),
    )


def tool_choice_from(choice: Any) -> ToolChoice | None:
    """Return which tools the model may or must call; None where the client does not say.

    Raises:
        InvalidRequestError: it is neither a mode nor the choice of a tool.
    """
    if choice is None:
        return None
    if isinstance(choice, str):
        if choice not in _MODES:
            raise unsupported_value("tool_choice", choice, _MODES)
        return ToolChoice(choice)  # type: ignore[arg-type] # one of the modes
    if not isinstance(choice, dict):
        raise invalid_type("tool_choice", "a string or an object")
    kind = choice.get("type")
    if kind in {"function", "custom"}:
        inner = choice.get(kind)
        named = inner if isinstance(inner, dict) else choice
        return ToolChoice("required", (_required_text(named.get("name"), "tool_choice.name"),))
    if kind == "allowed_tools":
        allowed = choice.get("allowed_tools")
        allowed = allowed if isinstance(allowed, dict) else choice
        mode = allowed.get("mode", "auto")
        if mode not in _MODES:
            raise unsupported_value("tool_choice.mode", mode, _MODES)
        names = tuple(_allowed_names(allowed.get("tools")))
        return ToolChoice(mode, names)
    raise unsupported_value("tool_choice.type", kind, ("function", "custom", "allowed_tools"))


def _allowed_names(tools: Any) -> list[str]:
    names = []
    for place, tool in enumerate(_list(tools, "tool_choice.tools")):
        inner = tool.get(tool.get("type")) if isinstance(tool, dict) else None
        named = inner if isinstance(inner, dict) else tool
        name = named.get("name") if isinstance(named, dict) else None
        names.append(_required_text(name, f"tool_choice.tools[{place}].name"))
    return names


def response_format_from(form: Any, name: str) -> ResponseFormat | None:
    """Return the form the response must have; None for text.

    Chat Completions' ``response_format`` holds the schema in ``json_schema``, Responses'
    ``text.format`` beside ``type``.

    Raises:
        InvalidRequestError: it is of a type that does not exist, or lacks its schema.
    """
    if form is None:
        return None
    if not isinstance(form, dict):
        raise invalid_type(name, "an object")
    match form.get("type"):
        case "text":
            return None
        case "json_object":
            return ResponseFormat(kind="json_object")
        case "json_schema":
            inner = form.get("json_schema", form)
            if not isinstance(inner, dict):
                raise invalid_type(f"{name}.json_schema", "an object")
            strict = inner.get("strict")
            return ResponseFormat(
                kind="json_schema",
                name=_required_text(inner.get("name"), f"{name}.name"),
                schema=_object_or_none(inner.get("schema"), f"{name}.schema"),
                description=_text_or_none(inner.get("description"), f"{name}.description"),
                strict=strict if isinstance(strict, bool) else None,
            )
        case other:
            raise unsupported_value(f"{name}.type", other, ("text", "json_object", "json_schema"))


def _list(value: Any, name: str) -> Sequence[Any]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise invalid_type(name, "an array")
    return value


def _required_text(value: Any, name: str) -> str:
    if value is None or value == "":
        raise missing(name)
    if not isinstance(value, str):
        raise invalid_type(name, "a string")
    return value


def _text_or_none(value: Any, name: str) -> str | None:
    if value is not None and not isinstance(value, str):
        raise invalid_type(name, "a string")
    return value


def _object_or_none(value: Any, name: str) -> Mapping[str, Any] | None:
    if value is not None and not isinstance(value, dict):
        raise invalid_type(name, "an object")
    return value
