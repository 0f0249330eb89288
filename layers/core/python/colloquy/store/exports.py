"""A conversation read from a place on, with every text its messages have had."""

from collections.abc import Iterator
from typing import Any

from colloquy.domain.conversation import Conversation
from colloquy.domain.export import History
from colloquy.domain.item import Item
from colloquy.domain.place import Place
from colloquy.domain.version import Version
from colloquy.store import keys
from colloquy.store.header_reads import conversation_with_items
from colloquy.store.item_ranges import item_pages
from colloquy.store.rows import Row, version_from_row
from colloquy.store.table import Table


class ExportStore:
    """Reads conversations to the end, as far as the caller goes on."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def read(
        self, owner_id: str, conversation_id: str, after: Place | None
    ) -> tuple[Conversation, History]:
        """Return the conversation as it is now and its messages from behind a place.

        Messages and versions are ranges of one partition in the same order. They are read side by
        side, a megabyte at a time, the versions from the first message on that has some: what a
        conversation costs is its size, and not the number of its edits.

        Raises:
            NotFoundError: the conversation is not there.
        """
        is_whole = after is None or after.is_whole
        partition = keys.content_partition(owner_id, conversation_id)
        conversation, items = conversation_with_items(
            self._table,
            owner_id,
            conversation_id,
            lambda: item_pages(
                self._table,
                partition,
                "asc",
                after=after.item_id if after and is_whole else None,
                first=after.item_id if after and not is_whole else None,
            ),
        )
        return conversation, self._history(owner_id, items, after)

    def _history(self, owner_id: str, items: Iterator[Item], after: Place | None) -> History:
        kept: _Kept | None = None
        for item in items:
            behind = after.version if after is not None and after.item_id == item.id else 0
            if item.version == 1:
                yield item, iter(())
                continue
            if kept is None:
                kept = _Kept(self._table.query(**_versions(owner_id, item, behind)))
            yield item, self._versions_of(owner_id, item, kept, behind)

    def _versions_of(
        self, owner_id: str, item: Item, kept: "_Kept", behind: int
    ) -> Iterator[Version]:
        number = behind
        for version in kept.of(item):
            number = version.number
            yield version
        if number < item.version - 1:
            # The message was edited after that page of versions had been read.
            for row in self._table.query(**_versions(owner_id, item, number)):
                if row["item_id"] != item.id or row["version"] >= item.version:
                    return
                yield version_from_row(row)


class _Kept:
    """The versions' range, of which each message takes its own; read when the first one does."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows
        self._next: Row | None = None
        self._is_begun = False

    def of(self, item: Item) -> Iterator[Version]:
        """Yield the message's older versions."""
        if not self._is_begun:
            self._is_begun, self._next = True, next(self._rows, None)
        # Before them may be those of a message that was deleted a moment ago.
        while self._next is not None and self._next["item_id"] <= item.id:
            row = self._next
            self._next = next(self._rows, None)
            # One that is not older was kept by an edit after the message had been read.
            if row["item_id"] == item.id and row["version"] < item.version:
                yield version_from_row(row)


def _versions(owner_id: str, item: Item, behind: int) -> dict[str, Any]:
    """Return the query for versions from behind one of a message's on, others' after it."""
    start = keys.version(owner_id, item.conversation_id, item.id, behind)
    return {
        "KeyConditionExpression": "PK = :partition AND begins_with(SK, :kind)",
        "ExpressionAttributeValues": {
            ":partition": {"S": start.partition},
            ":kind": {"S": keys.VERSION},
        },
        "ConsistentRead": True,
        "ExclusiveStartKey": start.as_dict(),
    }
