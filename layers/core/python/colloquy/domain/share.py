"""A share link: what of a conversation anyone may see who has it, and until when.

A link refers to the conversation and copies nothing of it but the title: it shows the messages
up to ``up_to``, in the words they had at ``created_at`` (docs/adr/0030).
"""

import base64
import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from colloquy.domain.content import ATTACHMENT, read
from colloquy.domain.item import Content, ContentPart, Item, Role
from colloquy.domain.page import answer_bytes

MIN_EXPIRES_IN: Final = 60
MAX_EXPIRES_IN: Final = 31_536_000
DEFAULT_EXPIRES_IN: Final = 2_592_000
"""Seconds a link works: from a minute to a year, and 30 days where nobody says."""

MAX_GUEST_MESSAGES: Final = 1_000
GUEST_MESSAGES_PER_MINUTE: Final = 60
"""What all viewers together may write through a link, ever and in a minute of the clock."""

REMEMBERED_FOR: Final = timedelta(days=30)
"""How long a link that has expired answers that it has: 410, then 404."""

CHECK_UP_AFTER: Final = timedelta(minutes=5)
"""When the cleanup looks whether a new link's conversation is still there (docs/adr/0031)."""

_SHARE_ID: Final = re.compile(r"(?:msg_)?share_[0-9a-v]{26}")
_RANDOM_BYTES: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A link to a conversation, or to one message of it where ``item_id`` is set.

    ``up_to`` is the newest message at the link's time, None where there was none; ``context_id``
    the user message shown before a single one. ``title_epoch`` is the conversation's at the link's
    time where ``title`` was automatic: with another epoch its source has changed.
    """

    id: str
    owner_id: str
    conversation_id: str
    created_at: datetime
    expires_at: datetime
    title: str | None = None
    title_epoch: int | None = None
    read_only: bool = True
    up_to: str | None = None
    item_id: str | None = None
    include_context: bool = False
    context_id: str | None = None

    @property
    def due_at(self) -> datetime:
        """When the cleanup is to look at a link that has just been made."""
        return min(self.expires_at, self.created_at + CHECK_UP_AFTER)

    @property
    def digest(self) -> str:
        """What stands for the link where reading it must not open it, as in a log."""
        return digest_of(self.id)

    @property
    def answer_bytes(self) -> int:
        """What the link takes of an answer (``page.MAX_ANSWER_BYTES``)."""
        return 2 * answer_bytes(self.title)

    def in_epoch(self, title_epoch: int) -> "Share":
        """Return the link as it is shown now: without a title whose source has changed."""
        if self.title_epoch in {None, title_epoch}:
            return self
        return replace(self, title=None)

    def has_expired(self, now: datetime) -> bool:
        """Say whether the link's time is over."""
        return now >= self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedShare:
    """What is left of a link that has expired: when it did."""

    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownItem:
    """A message as a link shows it: ``guest`` where a viewer wrote it through the link."""

    id: str
    role: Role
    content: Content
    created_at: datetime
    guest: bool = False

    @property
    def answer_bytes(self) -> int:
        """What the message takes of an answer (``page.MAX_ANSWER_BYTES``)."""
        return answer_bytes(self.content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Where a page of what a link shows is: behind a message, before one, or at the start."""

    limit: int
    after: str | None = None
    before: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One page of what a link shows, and the messages the pages around it are asked for with."""

    share: Share
    items: list[ShownItem]
    next_after: str | None = None
    previous_before: str | None = None

    def limited(self, count: int, *, backwards: bool) -> "View":
        """Return the view with its first ``count`` messages, or ``backwards`` its last.

        The rest is left to the page after it, or before it.
        """
        if count == len(self.items):
            return self
        if backwards:
            items = self.items[-count:]
            return replace(self, items=items, previous_before=items[0].id)
        items = self.items[:count]
        return replace(self, items=items, next_after=items[-1].id)


@dataclass(frozen=True, slots=True, kw_only=True)
class AbandonedFork:
    """A copy of a link that never came to its end: messages without a conversation."""

    owner_id: str
    conversation_id: str


def mint_share_id(*, of_message: bool) -> str:
    """Return a new id of a link: 128 bits from the system's source of secrets, and nothing else."""
    encoded = base64.b32hexencode(secrets.token_bytes(_RANDOM_BYTES)).decode("ascii")
    return f"{'msg_' if of_message else ''}share_{encoded.rstrip('=').lower()}"


def digest_of(share_id: str) -> str:
    """Return 128 bits of a link's id's digest: nobody gets from them to the link."""
    return sha256(share_id.encode()).hexdigest()[:32]


def is_share_id(text: str) -> bool:
    """Say whether ``text`` has the shape of a link's id; nothing else can name a row."""
    return _SHARE_ID.fullmatch(text) is not None


def shown(item: Item, share: Share) -> ShownItem:
    """Return a message as a link shows it."""
    return ShownItem(
        id=item.id,
        role=item.role,
        content=_public(item.content),
        created_at=item.created_at,
        guest=item.via_share == share.id,
    )


def _public(content: Content) -> Content:
    """Return the parts anyone may read: texts, pictures, and the names of what is attached.

    Parts of other kinds may be tool traffic, and a file's id is a thing of the owner's.
    """
    if isinstance(content, str):
        return content
    return [shown for part in content or () if (shown := _public_part(part)) is not None]


def _public_part(part: ContentPart) -> dict[str, Any] | None:
    kind, found = read(part)
    match kind:
        case "text":
            field = "refusal" if part["type"] == "refusal" else "text"
            return {"type": part["type"], field: found}
        case "picture" if part["type"] == "image_url":
            return {"type": "image_url", "image_url": {"url": found}}
        case "picture":
            return {"type": "input_image", "image_url": found}
        case "attachment":
            return {"type": ATTACHMENT, "text": found}
        case _:
            return None
