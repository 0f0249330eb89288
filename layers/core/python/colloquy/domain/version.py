"""A version: one of the texts a message has had."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from colloquy.domain.item import Content, Item, Status
from colloquy.domain.page import answer_bytes
from colloquy.domain.usage import Usage

MAX_VERSIONS: Final = 999_999
"""Versions per message: their numbers sort as text of six digits."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text a message is to have: a person's, or the answer of a ``model``."""

    content: Content
    model: str | None = None
    usage: Usage | None = None
    status: Status = "completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One text of a message; ``created_at`` is when it was written, ``model`` what wrote it.

    ``usage`` and ``status`` as those of an item.
    """

    number: int
    content: Content
    created_at: datetime
    model: str | None = None
    usage: Usage | None = None
    status: Status = "completed"
    current: bool = False

    @property
    def id(self) -> str:
        """The cursor behind this version: its number."""
        return str(self.number)

    @property
    def answer_bytes(self) -> int:
        """What the version takes of an answer (``page.MAX_ANSWER_BYTES``)."""
        return answer_bytes(self.content, self.model, self.usage.counts if self.usage else None)


def current_version(item: Item) -> Version:
    """Return the text a message has now."""
    return Version(
        number=item.version,
        content=item.content,
        created_at=item.edited_at or item.created_at,
        model=item.model,
        usage=item.usage,
        status=item.status,
        current=True,
    )


def at_version(item: Item, version: Version) -> Item:
    """Return the message as it was answered when it had that version."""
    return replace(
        item,
        version=version.number,
        content=version.content,
        model=version.model,
        usage=version.usage,
        status=version.status,
        edited_at=version.created_at if version.number > 1 else None,
    )


def with_text(item: Item, text: Text, now: datetime) -> Item:
    """Return the message with its next version."""
    return replace(
        item,
        content=text.content,
        version=item.version + 1,
        model=text.model,
        usage=text.usage,
        status=text.status,
        edited_at=now,
    )
