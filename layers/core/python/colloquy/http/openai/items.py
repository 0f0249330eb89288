"""Items of the dialect: from the shapes OpenAI's clients send to drafts, and back.

A message becomes a message. An item of any other type is kept verbatim as the only part of its
content, under its ``kind``: that is its native face, and what is given back here.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast, get_args

from colloquy.domain.errors import InvalidRequestError, ItemExistsError
from colloquy.domain.item import Content, Item, ItemDraft, Role
from colloquy.http.openai.ids import MESSAGE, item_id_of

Json = dict[str, Any]

MAX_ID: Final = 256
"""Characters of an id that a client brings with an item."""

REFERENCE: Final = "item_reference"

_NATIVE_ROLES: Final = frozenset(get_args(Role))
_OTHER_ROLES: Final = frozenset({"unknown", "critic", "discriminator"})
"""Roles that the guide's API does not know: such a message is kept verbatim under its kind."""
_REQUIRED_PREFIXES: Final[Mapping[str, str]] = {MESSAGE: "msg", "function_call": "fc"}
_PHASES: Final = ("commentary", "final_answer")
_OUTPUT: Final = "_output"

_WITH_STATUS: Final = frozenset(
    {
        MESSAGE,
        "function_call",
        "function_call_output",
        "file_search_call",
        "web_search_call",
        "image_generation_call",
        "computer_call",
        "computer_call_output",
        "tool_search_call",
        "tool_search_output",
        "reasoning",
        "program_output",
        "code_interpreter_call",
        "local_shell_call",
        "shell_call",
        "shell_call_output",
        "apply_patch_call",
        "apply_patch_call_output",
        "mcp_call",
    }
)
"""Types whose items always have a status; one that came without is ``completed``."""


def drafts_from(items: Sequence[Any], name: str) -> list[ItemDraft]:
    """Return the drafts of the items a client sent under ``name``.

    Raises:
        InvalidRequestError: an item is no object, or lacks what tells its type.
        ItemExistsError: two items have the same id.
    """
    drafts = [draft_from(item, f"{name}[{place}]") for place, item in enumerate(items)]
    own_ids = [draft.client_id for draft in drafts if draft.client_id is not None]
    if len(set(own_ids)) < len(own_ids):
        raise ItemExistsError
    return drafts


def draft_from(item: Any, name: str) -> ItemDraft:
    """Return the draft of one item.

    Raises:
        InvalidRequestError: it is no object, or lacks what tells its type.
    """
    if not isinstance(item, dict):
        raise invalid_type(name, "an object")
    kind = item.get("type") or (MESSAGE if "role" in item else None)
    if kind is None:
        raise missing(f"{name}.type")
    if not isinstance(kind, str):
        raise invalid_type(f"{name}.type", "a string")
    client_id = _client_id(item.get("id"), kind, f"{name}.id")
    if kind == MESSAGE:
        return _message(item, client_id, name)
    return ItemDraft(
        role="tool" if kind.endswith(_OUTPUT) else "assistant",
        content=[_verbatim(item, kind)],
        call_id=_call_id(item),
        kind=kind,
        client_id=client_id,
    )


def _message(item: Json, client_id: str | None, name: str) -> ItemDraft:
    role = item.get("role")
    if role is None:
        raise missing(f"{name}.role")
    if not isinstance(role, str) or role not in _NATIVE_ROLES | _OTHER_ROLES:
        raise unsupported_value(f"{name}.role", role, sorted(_NATIVE_ROLES | _OTHER_ROLES))
    content = _content(item.get("content"), f"{name}.content")
    if role in _OTHER_ROLES:
        return ItemDraft(
            role="assistant",
            content=[_verbatim(item, MESSAGE)],
            kind=MESSAGE,
            client_id=client_id,
        )
    phase = item.get("phase")
    status = item.get("status")
    return ItemDraft(
        role=cast("Role", role),
        content=content,
        client_id=client_id,
        phase=phase if phase in _PHASES else None,
        status=status if status in {"in_progress", "incomplete"} else "completed",
    )


def _content(content: Any, name: str) -> Content:
    if content is None:
        raise missing(name)
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise invalid_type(name, "a string or an array of parts")
    for place, part in enumerate(content):
        if not isinstance(part, dict):
            raise invalid_type(f"{name}[{place}]", "an object")
        if not isinstance(part.get("type"), str) or not part["type"]:
            raise missing(f"{name}[{place}].type")
    return content


def _client_id(sent: Any, kind: str, name: str) -> str | None:
    if sent is None or sent == "":
        return None
    if not isinstance(sent, str):
        raise invalid_type(name, "a string")
    if not sent.isprintable():
        raise InvalidRequestError(
            f"Invalid '{name}': it has characters that cannot be printed.", param=name
        )
    if len(sent) > MAX_ID:
        raise InvalidRequestError(
            f"Invalid '{name}': string too long. Expected a string with maximum length {MAX_ID}, "
            f"but got a string with length {len(sent)} instead.",
            param=name,
            code="string_above_max_length",
        )
    prefix = _REQUIRED_PREFIXES.get(kind)
    if prefix is not None and not sent.startswith(prefix):
        raise InvalidRequestError(
            f"Invalid '{name}': {_shortened(sent)}. Expected an ID that begins with '{prefix}'.",
            param=name,
        )
    return sent


def _call_id(item: Json) -> str | None:
    call_id = item.get("call_id")
    return call_id if isinstance(call_id, str) and 0 < len(call_id) <= MAX_ID else None


def _verbatim(item: Json, kind: str) -> Json:
    return {"type": kind} | {name: value for name, value in item.items() if name != "id"}


def item_out(item: Item) -> Json:
    """Return an item as the dialect gives it: its own fields and no others."""
    item_id = item.client_id or item_id_of(item.kind or MESSAGE, item.id)
    if item.kind is not None:
        return _other_out(item.kind, item.content, item_id)
    if traffic := _tool_traffic(item):
        return traffic
    message: Json = {
        "id": item_id,
        "type": MESSAGE,
        "status": item.status,
        "role": item.role,
        "content": _parts_out(item.role, item.content),
    }
    return message if item.phase is None else message | {"phase": item.phase}


def _tool_traffic(item: Item) -> Json | None:
    """Return a Chat Completions message that holds one tool call, or the output of one."""
    if item.role == "tool" and item.tool_call_id is not None:
        content = item.content or ""
        return {
            "id": item.client_id or item_id_of("function_call_output", item.id),
            "type": "function_call_output",
            "call_id": item.tool_call_id,
            "output": content if isinstance(content, str) else _parts_out("tool", content),
            "status": item.status,
        }
    if item.content or len(item.tool_calls) != 1:
        return None
    call = item.tool_calls[0]
    function = call.get("function")
    if not isinstance(function, Mapping):
        return None
    return {
        "id": item.client_id or item_id_of("function_call", item.id),
        "type": "function_call",
        "call_id": call.get("id"),
        "name": function.get("name"),
        "arguments": function.get("arguments"),
        "status": item.status,
    }


def _other_out(kind: str, content: Content, item_id: str) -> Json:
    payload: Json = dict(content[0]) if content and not isinstance(content, str) else {}
    out: Json = {"id": item_id, **payload, "type": kind}
    if kind in _WITH_STATUS and out.get("status") is None:
        out["status"] = "completed"
    if kind == MESSAGE:
        out["content"] = _parts_out(str(out.get("role")), out.get("content") or [])
    if kind == "mcp_approval_response":
        out.setdefault("request_id", out.get("approval_request_id"))
    return out


def _parts_out(role: str, content: Content | None) -> list[Json]:
    if isinstance(content, str):
        return [_part_out(role, {"type": _text_type(role), "text": content})]
    # Reasoning that came inside an answer is no part of an OpenAI message.
    return [_part_out(role, part) for part in content or () if part.get("type") != "reasoning"]


def _part_out(role: str, part: Mapping[str, Any]) -> Json:
    kind = part.get("type")
    if kind == "text":
        kind = _text_type(role)
    if kind == "output_text":
        return {"annotations": [], "logprobs": [], **part, "type": kind}
    if kind == "input_image":
        return {"detail": "auto", **part}
    return {**part, "type": kind}


def _text_type(role: str) -> str:
    return "output_text" if role == "assistant" else "input_text"


def missing(name: str) -> InvalidRequestError:
    """Return the error for a required parameter that was not sent."""
    return InvalidRequestError(
        f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter"
    )


def invalid_type(name: str, expected: str) -> InvalidRequestError:
    """Return the error for a parameter of another type than ``expected``."""
    return InvalidRequestError(
        f"Invalid type for '{name}': expected {expected}.", param=name, code="invalid_type"
    )


def unsupported_value(name: str, sent: object, supported: Sequence[str]) -> InvalidRequestError:
    """Return the error for a value that is not one of those ``supported``."""
    allowed = ", ".join(f"'{value}'" for value in supported)
    return InvalidRequestError(
        f"Invalid value: {_shortened(sent)}. Supported values are: {allowed}.", param=name
    )


def _shortened(value: object) -> str:
    text = value if isinstance(value, str) else type(value).__name__
    return f"'{text[:100]}'"
