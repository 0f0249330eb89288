"""What a link shows, read from the conversation it refers to.

Every read names its attributes: the role of the public function allows no others (template.yaml),
so metadata, call_ids and projects are out of its reach, whatever its code asks for.
"""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from datetime import datetime
from itertools import chain
from typing import Any, Final

from colloquy.domain.errors import NotFoundError
from colloquy.domain.item import Item
from colloquy.domain.page import GaveUp
from colloquy.domain.share import Cut, EndedShare, Share
from colloquy.store import keys
from colloquy.store.bounded import Effort, bounded_pages
from colloquy.store.past_texts import text_at
from colloquy.store.rows import Row, item_from_row, moment_from
from colloquy.store.share_rows import share_from_row
from colloquy.store.table import BATCH_READ, Table

_LINK: Final = (
    "PK, SK, #owner, share_id, conversation_id, item_id, include_context, context_id, read_only,"
    " title, title_epoch, up_to, created_at, expires_at"
)
_ITEM: Final = (
    "PK, SK, id, conversation_id, #role, content, parts, version, created_at, edited_at, via_share"
)
_ALIASES: Final = {"#role": "role"}
_WIDEST_LOOK: Final = 400
"""Messages one Query looks at while it passes over those that are not shown."""
_BEHIND_EVERY_ITEM: Final = "~"


class SnapshotStore:
    """Reads links, and conversations as links show them."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def link(self, share_id: str) -> Share | EndedShare | None:
        """Return a link as of now, so that one that is revoked is not found any more."""
        row = self._table.get(keys.link(share_id), _LINK, {"#owner": "owner"})
        if row is None:
            return None
        if "owner" not in row:
            return EndedShare(expires_at=moment_from(row["expires_at"]))
        return share_from_row(row, row["owner"])

    def page(self, share: Share, cut: Cut) -> tuple[Share, Iterator[Item | GaveUp]]:
        """Return a conversation's link as it is shown now, and its messages as of its time.

        Forwards from behind ``cut.after``, or backwards from before ``cut.before``. First what was
        there when the link was made, then what viewers wrote through it, found by their references
        whatever the owner wrote in between. The messages may lag a moment behind, the
        conversation's end does not (design, section 3). Ends with a ``GaveUp`` after a bounded
        effort.

        Raises:
            NotFoundError: the conversation is not there.
        """
        header = self._beside_header(share)
        pages = self._pages(share, cut)
        first = next(pages, [])
        return _as_shown(share, header), self._in_their_words(share, chain([first], pages))

    def message(self, share: Share) -> tuple[Share, list[Item]]:
        """Return a message's link as it is shown now, its context and its message, as of its time.

        Raises:
            NotFoundError: the conversation or the message is not there.
        """
        header = self._beside_header(share)
        wanted = [
            keys.item(share.owner_id, share.conversation_id, item_id)
            for item_id in (share.context_id, share.item_id)
            if item_id is not None
        ]
        found = self._table.get_many(wanted, _ITEM, _ALIASES)
        shown = _as_shown(share, header)
        if wanted[-1] not in found:
            raise NotFoundError("share link")
        items = self._in_their_words(share, [[found[key] for key in wanted if key in found]])
        return shown, [item for item in items if not isinstance(item, GaveUp)]

    def _beside_header(self, share: Share) -> "Future[Row | None]":
        key = keys.conversation(share.owner_id, share.conversation_id)
        return self._table.beside(self._table.get, key, "PK, title_epoch")

    def _pages(self, share: Share, cut: Cut) -> Iterator[list[Row] | GaveUp]:
        parts = [self._of_its_time(share, cut), self._written_through(share, cut)]
        for pages in parts if cut.before is None else reversed(parts):
            for page in pages:
                yield page
                if isinstance(page, GaveUp):
                    return

    def _of_its_time(self, share: Share, cut: Cut) -> Iterator[list[Row] | GaveUp]:
        query = _query(share, cut)
        if query is None:
            return iter(())
        return bounded_pages(self._table, query, Effort(max(_WIDEST_LOOK, cut.limit)))

    def _written_through(self, share: Share, cut: Cut) -> Iterator[list[Row] | GaveUp]:
        if share.read_only:
            return
        query = _references(share, cut)
        if query is None:
            return
        for page in bounded_pages(self._table, query, Effort(BATCH_READ)):
            if isinstance(page, GaveUp):
                yield page
                return
            wanted = [
                keys.item(share.owner_id, share.conversation_id, row["item_id"])
                for row in page
                if row["item_id"] != cut.before
            ]
            found = self._table.get_many(wanted, _ITEM, _ALIASES)
            yield [found[key] for key in wanted if key in found]

    def _in_their_words(
        self, share: Share, pages: Iterable[list[Row] | GaveUp]
    ) -> Iterator[Item | GaveUp]:
        for page in pages:
            if isinstance(page, GaveUp):
                yield page
                return
            items = [item_from_row(row) for row in page]
            earlier = {
                item.id: self._table.beside(
                    text_at, self._table, share.owner_id, item, _as_of(share, item)
                )
                for item in items
                if item.edited_at is not None and item.edited_at > _as_of(share, item)
            }
            for item in items:
                version = earlier[item.id].result() if item.id in earlier else item
                # A text that is not found is not shown: the one of today would be a leak.
                if version is not None:
                    yield version


def _as_shown(share: Share, header: "Future[Row | None]") -> Share:
    row = header.result()
    if row is None:
        raise NotFoundError("share link")
    return share.in_epoch(int(row.get("title_epoch", 0)))


def _as_of(share: Share, item: Item) -> datetime:
    """Return the moment whose text is shown; of what came through the link, its first."""
    return max(share.created_at, item.created_at)


def _query(share: Share, cut: Cut) -> dict[str, Any] | None:
    """Return the Query of what was there when the link was made, or None for nothing."""
    if share.up_to is None:
        return None
    first, last = keys.SHOWN, f"{keys.SHOWN}{share.up_to}"
    if cut.after is not None:
        # Ids are equally long, so nothing sorts between this and the next message. Not an
        # ExclusiveStartKey, which DynamoDB refuses outside the range; and not the key that the
        # id has by itself, for it may be that of a hidden item.
        first = f"{keys.SHOWN}{cut.after} "
    # Rows of before hidden items had a range of their own (docs/adr/0085) are passed over.
    wanted = ["#role IN (:user, :assistant)"]
    values = {":user": "user", ":assistant": "assistant"}
    if cut.before is not None:
        last = min(last, f"{keys.SHOWN}{cut.before}")
        wanted.append("id <> :before")
        values[":before"] = cut.before
    if first > last:
        return None
    return {
        **_range(share, cut, first, last, values),
        "FilterExpression": " AND ".join(wanted),
        "ProjectionExpression": _ITEM,
        "ExpressionAttributeNames": _ALIASES,
    }


def _references(share: Share, cut: Cut) -> dict[str, Any] | None:
    """Return the Query of the references to what viewers wrote, or None for nothing."""
    prefix = keys.written_through(share.digest)
    first = f"{prefix}{cut.after} " if cut.after is not None else prefix
    last = f"{prefix}{cut.before or _BEHIND_EVERY_ITEM}"
    if first > last:  # DynamoDB rejects such a range
        return None
    return {**_range(share, cut, first, last, {}), "ProjectionExpression": "item_id"}


def _range(
    share: Share, cut: Cut, first: str, last: str, values: Mapping[str, str]
) -> dict[str, Any]:
    partition = keys.content_partition(share.owner_id, share.conversation_id)
    given = {":conversation": partition, ":first": first, ":last": last, **values}
    return {
        "KeyConditionExpression": "PK = :conversation AND SK BETWEEN :first AND :last",
        "ExpressionAttributeValues": {name: {"S": value} for name, value in given.items()},
        "Select": "SPECIFIC_ATTRIBUTES",
        "ScanIndexForward": cut.before is None,
        "Limit": cut.limit + 1,
    }
