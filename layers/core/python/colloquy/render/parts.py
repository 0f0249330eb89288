"""What the owner reads of a message: who speaks, and every part of its content."""

import json
from collections.abc import Iterator, Mapping
from typing import Final

from colloquy.domain.content import Kind, read
from colloquy.domain.item import Content, ContentPart, Item

_WHO: Final = {
    "user": "User",
    "assistant": "Assistant",
    "system": "System",
    "developer": "Developer",
    "tool": "Tool",
}

_LONGEST_INDENTED: Final = 20_000
_MAX_NESTED: Final = 200
_MAX_INDENTED_FACTOR: Final = 4


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
    """Yield a content's parts: texts, addresses of pictures, what is attached, JSON of the rest."""
    if isinstance(content, str):
        yield "text", content
        return
    for part in content or ():
        kind, text = read(part)
        if kind == "attachment":
            yield kind, " ".join([text, *_file_id(part)])
        elif kind == "other":
            yield kind, _laid_out(part)
        else:
            yield kind, text


def _file_id(part: ContentPart) -> list[str]:
    """Return by which id the owner's client keeps a file: links do not show it."""
    within = part.get("file")
    found = part.get("file_id") or (within.get("file_id") if isinstance(within, Mapping) else None)
    return [f"({found})"] if isinstance(found, str) else []


def _laid_out(part: ContentPart) -> str:
    """Return a part as JSON, indented unless that makes it many times as long."""
    compact = json.dumps(part, ensure_ascii=False)
    if len(compact) > _LONGEST_INDENTED or compact.count("[") + compact.count("{") > _MAX_NESTED:
        return compact
    indented = json.dumps(part, ensure_ascii=False, indent=2)
    return indented if len(indented) <= _MAX_INDENTED_FACTOR * len(compact) else compact
