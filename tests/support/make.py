"""Entities with everything a test does not care about filled in."""

from datetime import UTC, datetime, timedelta
from typing import Any

from colloquy.domain import ids
from colloquy.domain.conversation import Conversation
from colloquy.domain.item import Item, is_hidden
from colloquy.domain.project import Project
from colloquy.domain.receipt import Once, Receipt
from colloquy.domain.usage import Usage

START = datetime(2026, 11, 22, 10, tzinfo=UTC)


def moment(seconds: int = 0) -> datetime:
    """Return a moment so many seconds into the test's time."""
    return START + timedelta(seconds=seconds)


def conversation(seconds: int = 0, **fields: Any) -> Conversation:
    at = moment(seconds)
    return Conversation(
        **{
            "id": ids.mint(ids.CONVERSATION, at),
            "owner_id": "alice",
            "created_at": at,
            "updated_at": at,
            **fields,
        }
    )


def item(of: Conversation, seconds: int = 0, **fields: Any) -> Item:
    at = moment(seconds)
    facts = {"role": "user", "content": "Hello", "created_at": at, **fields}
    hidden = is_hidden(facts["role"], facts["content"])
    return Item(**{"id": ids.mint(ids.ITEM, at, hidden=hidden), "conversation_id": of.id, **facts})


def usage(**counts: int) -> Usage:
    return Usage(**{"input_tokens": 9, "output_tokens": 4, "reasoning_tokens": 3, **counts})


def project(seconds: int = 0, **fields: Any) -> Project:
    at = moment(seconds)
    return Project(
        **{
            "id": ids.mint(ids.PROJECT, at),
            "owner_id": "alice",
            "title": "A project",
            "created_at": at,
            "updated_at": at,
            **fields,
        }
    )


def receipt(key: str = "key", fingerprint: str = "print") -> Receipt:
    once = Once(key=key, fingerprint=fingerprint)
    return once.receipt(datetime.now(UTC), {"id": "what was minted"})
