"""What the owner reads of a message: who speaks, and every part of its content."""

import json
from collections.abc import Iterator
from typing import Final, Literal

from colloquy.domain.item import Content, ContentPart, Item

_WHO: Final = {
    "user": "User",
    "assistant": "Assistant",
    "system": "System",
    "developer": "Developer",
    "tool": "Tool",
}
_TEXTS: Final = frozenset({"text", "input_text", "output_text"})

_LONGEST_INDENTED: Final = 20_000
_MAX_NESTED: Final = 200
_MAX_INDENTED_FACTOR: Final = 4

Kind = Literal["text", "image", "data"]


def speaker(item: Item) -> str:
    """Return who wrote a message: its role, or a guest through a share link."""
    return "Guest" if item.via_share else _WHO[item.role]


def facts(item: Item) -> list[str]:
    """Return what else there is to know of a message: model, call and edits."""
    found = [item.model] if item.model else []
    if item.call_id is not None:
        found.append(f"call {item.call_id}")
    if item.edited_at is not None:
        found.append(f"edited {item.edited_at:%Y-%m-%d %H:%M} UTC")
    return found


def readable(content: Content) -> Iterator[tuple[Kind, str]]:
    """Yield a content's parts: texts, addresses of images, and JSON of what is neither."""
    if isinstance(content, str):
        yield "text", content
        return
    for part in content:
        kind, text, address = part.get("type"), part.get("text"), part.get("image_url")
        if kind in _TEXTS and isinstance(text, str):
            yield "text", text
        elif kind == "input_image" and isinstance(address, str):
            yield "image", address
        else:
            yield "data", _laid_out(part)


def _laid_out(part: ContentPart) -> str:
    """Return a part as JSON, indented unless that makes it many times as long."""
    compact = json.dumps(part, ensure_ascii=False)
    if len(compact) > _LONGEST_INDENTED or compact.count("[") + compact.count("{") > _MAX_NESTED:
        return compact
    indented = json.dumps(part, ensure_ascii=False, indent=2)
    return indented if len(indented) <= _MAX_INDENTED_FACTOR * len(compact) else compact
