"""A version: one of the texts a message has had."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from colloquy.domain.item import Content, Item
from colloquy.domain.page import answer_bytes

MAX_VERSIONS: Final = 999_999
"""Versions per message: their numbers sort as text of six digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One text of a message; ``created_at`` is when it was written, ``model`` what wrote it."""

    number: int
    content: Content
    created_at: datetime
    model: str | None = None
    current: bool = False

    @property
    def id(self) -> str:
        """The cursor behind this version: its number."""
        return str(self.number)

    @property
    def answer_bytes(self) -> int:
        """What the version takes of an answer (``page.MAX_ANSWER_BYTES``)."""
        return answer_bytes(self.content, self.model)


def current_version(item: Item) -> Version:
    """Return the text a message has now."""
    return Version(
        number=item.version,
        content=item.content,
        created_at=item.edited_at or item.created_at,
        model=item.model,
        current=True,
    )


def at_version(item: Item, version: Version) -> Item:
    """Return the message as it was answered when it had that version."""
    return replace(
        item,
        version=version.number,
        content=version.content,
        model=version.model,
        edited_at=version.created_at if version.number > 1 else None,
    )


def with_text(item: Item, content: Content, now: datetime, model: str | None = None) -> Item:
    """Return the message with its next version; ``model`` wrote it, or a person did."""
    return replace(item, content=content, version=item.version + 1, model=model, edited_at=now)
