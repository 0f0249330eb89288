"""A conversation's header and its items, read concurrently and never contradicting each other.

Both are strongly consistent, but not one snapshot: a header that is read a moment after the items
may already have the revision of a change that the items do not show. Then the items are read once
more, after the header. That costs a second round trip only where the header has just changed and
the items do not show that change (docs/adr/0090).
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from colloquy.domain.conversation import Conversation
from colloquy.domain.errors import NotFoundError
from colloquy.domain.item import Item
from colloquy.store import keys
from colloquy.store.rows import Row, conversation_from_row, item_from_row
from colloquy.store.table import Table

SETTLED_AFTER: Final = timedelta(seconds=5)
"""A header last changed this long before the request was no newer than anything it reads: several
times the difference between two functions' clocks (docs/adr/0005)."""

ReadItems = Callable[[], tuple[list[Row], Iterator[Row]]]
"""Reads the items: the rows of the first pages, and all rows in order."""


def conversation_with_items(
    table: Table, owner_id: str, conversation_id: str, read: ReadItems
) -> tuple[Conversation, Iterator[Item]]:
    """Return a conversation and its items, which are never older than the conversation.

    Raises:
        NotFoundError: the conversation is not there.
    """
    begun_at = datetime.now(UTC)
    header = table.beside(table.get, keys.conversation(owner_id, conversation_id))
    seen, rows = read()
    row = header.result()
    if row is None:
        raise NotFoundError("conversation")
    conversation = conversation_from_row(row)
    if conversation.updated_at > begun_at - SETTLED_AFTER and not _shows(seen, row):
        _, rows = read()
    return conversation, map(item_from_row, rows)


def _shows(items: list[Row], header: Row) -> bool:
    """Report whether the items show the header's last change and every message it counts."""
    last = header["updated_at"]
    changed = {item.get(name) for item in items for name in ("created_at", "edited_at")}
    return len(items) >= header["item_count"] and (not items or last in changed)
