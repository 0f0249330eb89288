"""Share links in DynamoDB, as their owner makes, lists and revokes them."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final

from colloquy.domain import ids
from colloquy.domain.conversation import Conversation
from colloquy.domain.errors import ConflictError, NotFoundError
from colloquy.domain.item import Item
from colloquy.domain.page import GaveUp
from colloquy.domain.receipt import Receipt
from colloquy.domain.share import Share, digest_of
from colloquy.store import keys
from colloquy.store.bounded import Effort, bounded_rows
from colloquy.store.expressions import receipt_put
from colloquy.store.refusals import Write
from colloquy.store.rows import Row, conversation_from_row, encode, item_from_row, receipt_from_row
from colloquy.store.share_rows import link_to_row, owned_link_to_row, share_from_row
from colloquy.store.table import Table

_IS_NEW: Final = {"ConditionExpression": "attribute_not_exists(PK)"}
_FIRST_LOOK: Final = 4
"""Messages read at first for one with its context: the question is nearly always next to it."""
_WIDEST_LOOK: Final = 100


class ShareStore:
    """Reads and writes share links on their owner's side."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def receipt(self, owner_id: str, key: str) -> Receipt | None:
        """Return the receipt of an Idempotency-Key, whether or not it still holds."""
        row = self._table.get(keys.receipt(owner_id, key))
        return receipt_from_row(row) if row else None

    def header(self, owner_id: str, conversation_id: str) -> Conversation:
        """Return the conversation a link is to be made to.

        Raises:
            NotFoundError: the conversation is not there.
        """
        row = self._table.get(keys.conversation(owner_id, conversation_id))
        if row is None:
            raise NotFoundError("conversation")
        return conversation_from_row(row)

    def message(
        self, owner_id: str, conversation_id: str, item_id: str, *, with_context: bool
    ) -> tuple[Conversation, Item, Item | None]:
        """Return the message a link is to be made to, and the nearest user message before it.

        One round trip, unless that user message is further away than most are. It is looked for
        among the 100 messages before that a link could show, no further (docs/adr/0086).

        Raises:
            NotFoundError: the conversation or the message is not there.
        """
        header = self._table.beside(self._table.get, keys.conversation(owner_id, conversation_id))
        found = self._backwards(owner_id, conversation_id, item_id, context=with_context)
        item = next(found, None)
        row = header.result()
        if row is None:
            raise NotFoundError("conversation")
        if item is None or item.id != item_id:
            raise NotFoundError("message")
        context = None
        if with_context and not ids.is_hidden(item_id):
            context = next((before for before in found if before.role == "user"), None)
        return conversation_from_row(row), item, context

    def add(self, share: Share, receipt: Receipt | None) -> None:
        """Write a new link and its owner's row, both or neither.

        Whether the conversation is still there is not asked: the cleanup looks after every new
        link once (docs/adr/0031).

        Raises:
            AlreadyDoneError: the receipt's key has a receipt.
        """
        rows = (link_to_row(share), owned_link_to_row(share))
        writes = [Write({"Put": {"Item": encode(row), **_IS_NEW}}, _already_there) for row in rows]
        if receipt is not None:
            writes.insert(0, receipt_put(share.owner_id, receipt))
        self._table.transact(writes)

    def find(self, owner_id: str) -> Iterator[Share]:
        """Yield all of the owner's links, the expired ones included."""
        return self._owned(owner_id, keys.SHARE)

    def find_of(self, owner_id: str, conversation_id: str, after: str | None) -> Iterator[Share]:
        """Yield the links of a conversation by id, the expired ones included, behind a cursor."""
        start = keys.owned_link(owner_id, conversation_id, after) if after is not None else None
        return self._owned(owner_id, keys.owned_links(conversation_id), start)

    def _owned(
        self, owner_id: str, sort_prefix: str, start: keys.Key | None = None
    ) -> Iterator[Share]:
        query: dict[str, Any] = {
            "KeyConditionExpression": "PK = :owner AND begins_with(SK, :kind)",
            "ExpressionAttributeValues": {
                ":owner": {"S": keys.owner_partition(owner_id)},
                ":kind": {"S": sort_prefix},
            },
            "ConsistentRead": True,
        }
        if start is not None:
            query["ExclusiveStartKey"] = start.as_dict()
        return (share_from_row(row, owner_id) for row in self._table.query(**query))

    def living(self, shares: Sequence[Share]) -> Mapping[str, Share]:
        """Return the links whose conversation, and message, exist, by id, as they are shown now."""
        needs = {share.id: _needed_by(share) for share in shares}
        wanted = list(dict.fromkeys(chain.from_iterable(needs.values())))
        found = self._table.get_many(wanted, "PK, SK, title_epoch")
        return {
            share.id: share.in_epoch(int(found[needs[share.id][0]].get("title_epoch", 0)))
            for share in shares
            if found.keys() >= set(needs[share.id])
        }

    def view_counts(self, share_ids: Sequence[str]) -> Mapping[str, int]:
        """Return how often these links were opened; one that never was is left out."""
        rows = {share_id: keys.views(digest_of(share_id)) for share_id in share_ids}
        found = self._table.get_many(list(rows.values()), "PK, SK, seen")
        return {share_id: int(found[key]["seen"]) for share_id, key in rows.items() if key in found}

    def conversation_of(self, owner_id: str, share_id: str) -> str:
        """Return the conversation that one of the owner's links shows.

        Raises:
            NotFoundError: the owner has no such link.
        """
        row = self._table.get(keys.link(share_id), "#owner, conversation_id", {"#owner": "owner"})
        if row is None or row.get("owner") != owner_id:
            raise NotFoundError("share link")
        found: str = row["conversation_id"]
        return found

    def revoke(self, owner_id: str, conversation_id: str, share_id: str) -> None:
        """Delete a link, its owner's row and its count: from here on nobody can open it.

        Raises:
            NotFoundError: the owner has no such link.
        """
        owned = keys.owned_link(owner_id, conversation_id, share_id)
        is_the_owners = "attribute_exists(PK)"
        writes = [
            Write(
                {"Delete": {"Key": owned.as_dict(), "ConditionExpression": is_the_owners}},
                _absent,
            ),
            # Both are there exactly as long as the owner's row, or expired and erased before it.
            *(
                Write({"Delete": {"Key": key.as_dict()}}, _absent)
                for key in (keys.link(share_id), keys.views(digest_of(share_id)))
            ),
        ]
        self._table.transact(writes)

    def _backwards(
        self, owner_id: str, conversation_id: str, item_id: str, *, context: bool
    ) -> Iterator[Item]:
        query: dict[str, Any] = {
            "KeyConditionExpression": "PK = :conversation AND SK BETWEEN :first AND :item",
            "ExpressionAttributeValues": {
                ":conversation": {"S": keys.content_partition(owner_id, conversation_id)},
                ":first": {"S": keys.items(item_id)},
                ":item": {"S": keys.item(owner_id, conversation_id, item_id).sort},
            },
            "ScanIndexForward": False,
            "ConsistentRead": True,
            # Before a hidden item in its range are only hidden ones.
            "Limit": _FIRST_LOOK if context and not ids.is_hidden(item_id) else 1,
        }
        effort = Effort(_WIDEST_LOOK, rows=_WIDEST_LOOK)
        found = bounded_rows(self._table, query, effort)
        return (item_from_row(row) for row in found if not isinstance(row, GaveUp))


def _needed_by(share: Share) -> list[keys.Key]:
    owner_id, conversation_id = share.owner_id, share.conversation_id
    needed = [keys.conversation(owner_id, conversation_id)]
    if share.item_id is not None:
        needed.append(keys.item(owner_id, conversation_id, share.item_id))
    return needed


def _absent(_: Row | None) -> Exception:
    return NotFoundError("share link")


def _already_there(_: Row | None) -> Exception:
    return ConflictError("The link was made at the same time. Try again.")
