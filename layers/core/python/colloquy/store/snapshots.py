"""What a link shows, read from the conversation it refers to.

Every read names its attributes: the role of the public function allows no others (template.yaml),
so metadata, call_ids and projects are out of its reach, whatever its code asks for.
"""

from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from colloquy.domain.errors import NotFoundError
from colloquy.domain.item import Item
from colloquy.domain.share import Cut, Share
from colloquy.store import keys
from colloquy.store.rows import Row, item_from_row, moment_from
from colloquy.store.share_rows import share_from_row
from colloquy.store.table import Table

_LINK: Final = (
    "PK, SK, #owner, share_id, conversation_id, item_id, include_context, context_id, read_only,"
    " title, title_epoch, up_to, created_at, expires_at"
)
_ITEM: Final = (
    "PK, SK, id, conversation_id, #role, content, parts, version, created_at, edited_at, via_share"
)
_VERSION: Final = "content, parts, version, created_at"
_WIDEST_LOOK: Final = 400
"""Messages one Query looks at while it passes over those that are not shown."""
_BEHIND_EVERY_ITEM: Final = f"{keys.SHOWN}~"


class SnapshotStore:
    """Reads links, and conversations as links show them."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def link(self, share_id: str) -> Share | None:
        """Return a link as of now, so that one that is revoked is not found any more."""
        row = self._table.get(keys.link(share_id), _LINK, {"#owner": "owner"})
        return share_from_row(row, row["owner"]) if row else None

    def page(self, share: Share, cut: Cut) -> tuple[Share, Iterator[Item]]:
        """Return a conversation's link as it is shown now, and its messages as of its time.

        Forwards from behind ``cut.after``, or backwards from before ``cut.before``. The messages
        may lag a moment behind, the conversation's end does not (design, section 3).

        Raises:
            NotFoundError: the conversation is not there.
        """
        header = self._beside_header(share)
        query = _query(share, cut)
        pages = (
            self._table.query_pages(widest=max(_WIDEST_LOOK, cut.limit), **query)
            if query
            else iter(())
        )
        first = next(pages, [])
        return _as_shown(share, header), self._in_their_words(share, first, pages)

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
        found = self._table.get_many(wanted, _ITEM, {"#role": "role"})
        shown = _as_shown(share, header)
        if wanted[-1] not in found:
            raise NotFoundError("share link")
        items = [found[key] for key in wanted if key in found]
        return shown, list(self._in_their_words(share, items, iter(())))

    def _beside_header(self, share: Share) -> "Future[Row | None]":
        key = keys.conversation(share.owner_id, share.conversation_id)
        return self._table.beside(self._table.get, key, "PK, title_epoch")

    def _in_their_words(
        self, share: Share, first: list[Row], pages: Iterator[list[Row]]
    ) -> Iterator[Item]:
        page: list[Row] | None = first
        while page is not None:
            items = [item_from_row(row) for row in page]
            earlier = {
                item.id: self._table.beside(self._version_of, share, item, _as_of(share, item))
                for item in items
                if item.edited_at is not None and item.edited_at > _as_of(share, item)
            }
            for item in items:
                version = earlier[item.id].result() if item.id in earlier else item
                # A text that is not found is not shown: the one of today would be a leak.
                if version is not None:
                    yield version
            page = next(pages, None)

    def _version_of(self, share: Share, item: Item, at: datetime) -> Item | None:
        """Return the message with the text it had at a moment, or None."""
        found = self._table.query(
            KeyConditionExpression="PK = :conversation AND begins_with(SK, :versions)",
            ExpressionAttributeValues={
                ":conversation": {
                    "S": keys.content_partition(share.owner_id, share.conversation_id)
                },
                ":versions": {"S": keys.versions(item.id)},
            },
            ProjectionExpression=_VERSION,
            Select="SPECIFIC_ATTRIBUTES",
            ScanIndexForward=False,
            ConsistentRead=True,
        )
        for row in found:
            if moment_from(row["created_at"]) <= at:
                shared = {"id": item.id, "conversation_id": item.conversation_id}
                then = item_from_row({**row, **shared, "role": item.role})
                return replace(item, content=then.content, version=then.version, edited_at=None)
        return None


def _as_shown(share: Share, header: "Future[Row | None]") -> Share:
    row = header.result()
    if row is None:
        raise NotFoundError("share link")
    return share.in_epoch(int(row.get("title_epoch", 0)))


def _as_of(share: Share, item: Item) -> datetime:
    """Return the moment whose text is shown; of what came through the link, its first."""
    return max(share.created_at, item.created_at)


def _query(share: Share, cut: Cut) -> dict[str, Any] | None:
    """Return the Query of a page, or None where nothing can be in it."""
    owner_id, conversation_id = share.owner_id, share.conversation_id
    first, last = keys.SHOWN, _BEHIND_EVERY_ITEM
    if share.read_only:
        if share.up_to is None:
            return None
        last = f"{keys.SHOWN}{share.up_to}"
    if cut.after is not None:
        # Ids are equally long, so nothing sorts between this and the next message. Not an
        # ExclusiveStartKey, which DynamoDB refuses outside the range; and not the key that the
        # id has by itself, for it may be that of a hidden item.
        first = f"{keys.SHOWN}{cut.after} "
    wanted = ["#role IN (:user, :assistant)"]
    values = {":user": "user", ":assistant": "assistant"}
    if cut.before is not None:
        last = min(last, f"{keys.SHOWN}{cut.before}")
        wanted.append("id <> :before")
        values[":before"] = cut.before
    if not share.read_only:
        written_before = "id <= :up_to OR " if share.up_to is not None else ""
        wanted.append(f"({written_before}via_share = :share)")
        values[":share"] = share.id
        if share.up_to is not None:
            values[":up_to"] = share.up_to
    if first > last:
        return None
    return {
        "KeyConditionExpression": "PK = :conversation AND SK BETWEEN :first AND :last",
        "FilterExpression": " AND ".join(wanted),
        "ProjectionExpression": _ITEM,
        "Select": "SPECIFIC_ATTRIBUTES",
        "ExpressionAttributeNames": {"#role": "role"},
        "ExpressionAttributeValues": {
            ":conversation": {"S": keys.content_partition(owner_id, conversation_id)},
            ":first": {"S": first},
            ":last": {"S": last},
            **{name: {"S": value} for name, value in values.items()},
        },
        "ScanIndexForward": cut.before is None,
        "Limit": cut.limit + 1,
    }
