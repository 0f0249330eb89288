"""Messages in DynamoDB: reads start from the conversation's header, writes count in it."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from itertools import chain
from typing import Any, Final

from colloquy.domain.conversation import MAX_MESSAGES, Conversation
from colloquy.domain.errors import (
    ConflictError,
    ConversationFullError,
    ItemExistsError,
    NotFoundError,
    OutOfOrderError,
)
from colloquy.domain.item import Item
from colloquy.domain.page import GaveUp, Order, PageRequest
from colloquy.domain.receipt import Once, Receipt
from colloquy.domain.title import AutomaticTitle
from colloquy.store import keys
from colloquy.store.bounded import Effort, bounded_pages
from colloquy.store.expressions import receipt_put, valid_receipt
from colloquy.store.header_reads import conversation_with_items
from colloquy.store.item_ranges import item_pages, item_rows, shown_rows
from colloquy.store.refusals import Write
from colloquy.store.rows import (
    Row,
    alias_to_row,
    conversation_from_row,
    encode,
    item_from_row,
    item_to_row,
    reference_to_row,
    timestamp,
)
from colloquy.store.table import BATCH_READ, Table

_IS_NEW: Final = {"ConditionExpression": "attribute_not_exists(PK)"}


class ItemStore:
    """Reads and writes the messages of conversations."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def append(
        self,
        owner_id: str,
        items: Sequence[Item],
        title: AutomaticTitle | None,
        receipt: Receipt | None,
    ) -> None:
        """Write messages at the end of their conversation, all or nothing, and count them.

        The header's condition makes the order of ids the order of writes, whatever the clocks
        say: a list that was read up to an id never gets a message before that id afterwards
        (docs/adr/0005). ``title`` becomes the conversation's if it has none.

        Raises:
            NotFoundError: the conversation is not there.
            ConversationFullError: they would be more than 10,000.
            OutOfOrderError: their ids do not sort behind the newest.
            AlreadyDoneError: the receipt's key has a receipt.
        """
        writes = append_writes(owner_id, items, title)
        if receipt is not None:
            writes.insert(0, receipt_put(owner_id, receipt))
        self._table.transact(writes)

    def read(
        self, owner_id: str, conversation_id: str, order: Order, page: PageRequest | None = None
    ) -> tuple[Conversation, Iterator[Item]]:
        """Return the conversation as it is now and its messages in order, from behind a cursor.

        Without ``page`` the messages are read as far as the caller goes on, 1 MB at a time, and are
        never older than the conversation.

        Raises:
            NotFoundError: the conversation is not there.
        """
        partition = keys.content_partition(owner_id, conversation_id)
        if page is None:
            return conversation_with_items(
                self._table,
                owner_id,
                conversation_id,
                lambda: item_pages(self._table, partition, order),
            )
        header = self._header(owner_id, conversation_id)
        found = item_rows(self._table, partition, order, after=page.after, limit=page.limit + 1)
        return _conversation(header), map(item_from_row, found)

    def read_shown(
        self, owner_id: str, conversation_id: str, page: PageRequest
    ) -> tuple[Conversation, Iterator[Item]]:
        """Return the conversation and, of its messages, those of users and assistants.

        Costs what those cost, however much tool traffic is between them.

        Raises:
            NotFoundError: the conversation is not there.
        """
        header = self._header(owner_id, conversation_id)
        partition = keys.content_partition(owner_id, conversation_id)
        found = shown_rows(
            self._table, partition, page.order, after=page.after, limit=page.limit + 1
        )
        return _conversation(header), map(item_from_row, found)

    def latest(
        self, owner_id: str, conversation_id: str, page: int, once: Once | None
    ) -> tuple[Conversation, Iterator[Item], Receipt | None]:
        """Return the conversation, its messages newest first, and the receipt ``once`` has.

        One round trip as long as no more than ``page`` messages are taken.

        Raises:
            NotFoundError: the conversation is not there.
        """
        key = keys.receipt(owner_id, once.key) if once else None
        receipt = self._table.beside(self._table.get, key) if key else None
        conversation, found = self.read(owner_id, conversation_id, "desc", PageRequest(page))
        row = receipt.result() if receipt else None
        return conversation, found, valid_receipt(row)

    def find_by_call_id(
        self, owner_id: str, conversation_id: str, call_id: str, page: PageRequest
    ) -> Iterator[Item | GaveUp]:
        """Return the messages with a call_id, at the cost of those alone.

        Ends with a ``GaveUp`` where so many are gone that it does not look any further.

        Raises:
            NotFoundError: the conversation is not there.
        """
        query = _query(owner_id, conversation_id, keys.references(call_id), page.order)
        query["Limit"] = page.limit + 1
        if page.after is not None:
            start = keys.reference(owner_id, conversation_id, call_id, page.after)
            query["ExclusiveStartKey"] = start.as_dict()
        header = self._header(owner_id, conversation_id)
        pages = bounded_pages(self._table, query, Effort(BATCH_READ))
        first = next(pages)
        _conversation(header)
        return self._referred_to(owner_id, conversation_id, chain([first], pages))

    def get(self, owner_id: str, conversation_id: str, item_id: str) -> Item:
        """Return one message as it is now.

        Raises:
            NotFoundError: the conversation or the message is not there.
        """
        header = keys.conversation(owner_id, conversation_id)
        key = keys.item(owner_id, conversation_id, item_id)
        found = self._table.get_many([header, key])
        if header not in found or key not in found:
            raise NotFoundError("message" if header in found else "conversation")
        return item_from_row(found[key])

    def id_of_alias(self, owner_id: str, conversation_id: str, client_id: str) -> str | None:
        """Return the id of the item a client brought under an id of its own, or None."""
        row = self._table.get(keys.alias(owner_id, conversation_id, client_id), "item_id")
        return row["item_id"] if row else None

    def _header(self, owner_id: str, conversation_id: str) -> "Future[Row | None]":
        """Start to read the header, concurrently with what is read of the messages."""
        return self._table.beside(self._table.get, keys.conversation(owner_id, conversation_id))

    def _referred_to(
        self, owner_id: str, conversation_id: str, pages: Iterator[list[Row] | GaveUp]
    ) -> Iterator[Item | GaveUp]:
        for references in pages:
            if isinstance(references, GaveUp):
                yield references
                return
            wanted = [
                keys.item(owner_id, conversation_id, reference["item_id"])
                for reference in references
            ]
            found = self._table.get_many(wanted)
            yield from (item_from_row(found[key]) for key in wanted if key in found)


def _conversation(header: "Future[Row | None]") -> Conversation:
    row = header.result()
    if row is None:
        raise NotFoundError("conversation")
    return conversation_from_row(row)


def item_puts(owner_id: str, items: Sequence[Item]) -> Iterator[Write]:
    """Yield the writes of new messages and of what finds them by call_id or by their own id."""
    for item in items:
        put = {"Item": encode(item_to_row(owner_id, item)), **_IS_NEW}
        yield Write({"Put": put}, _already_there)
        if item.call_id is not None:
            row = encode(reference_to_row(owner_id, item, item.call_id))
            yield Write({"Put": {"Item": row, **_IS_NEW}}, _already_there)
        if item.client_id is not None:
            row = encode(alias_to_row(owner_id, item, item.client_id))
            yield Write({"Put": {"Item": row, **_IS_NEW}}, lambda _: ItemExistsError())


def append_writes(
    owner_id: str, items: Sequence[Item], title: AutomaticTitle | None
) -> list[Write]:
    """Return the writes that append messages and count them in their conversation's header."""
    return [_count_in(owner_id, items, title), *item_puts(owner_id, items)]


def _count_in(owner_id: str, items: Sequence[Item], title: AutomaticTitle | None) -> Write:
    conversation_id, first, last = items[0].conversation_id, items[0], items[-1]
    sets = ["updated_at = :now", "newest_item = :last"]
    values: Row = {
        ":now": timestamp(last.created_at),
        ":first": first.id,
        ":last": last.id,
        ":count": len(items),
        ":room": MAX_MESSAGES - len(items),
        ":one": 1,
    }
    if title is not None:
        sets += [
            "title = if_not_exists(title, :title)",
            # An automatic title has both of these, and no title has neither.
            "title_source = if_not_exists(title_source, :auto)",
            "title_item = if_not_exists(title_item, :source)",
        ]
        values |= {":title": title.text, ":auto": "auto", ":source": title.item_id}
    is_there_with_room_and_in_order = (
        "attribute_exists(PK) AND item_count <= :room"
        " AND (attribute_not_exists(newest_item) OR newest_item < :first)"
    )
    update = {
        "Key": keys.conversation(owner_id, conversation_id).as_dict(),
        "UpdateExpression": f"SET {', '.join(sets)} ADD item_count :count, revision :one",
        "ConditionExpression": is_there_with_room_and_in_order,
        "ExpressionAttributeValues": encode(values),
    }

    def refused(header: Row | None) -> Exception:
        if header is None:
            return NotFoundError("conversation")
        if header["item_count"] > MAX_MESSAGES - len(items):
            return ConversationFullError(MAX_MESSAGES)
        return OutOfOrderError(header["newest_item"])

    return Write({"Update": update}, refused)


def _query(owner_id: str, conversation_id: str, sort_prefix: str, order: Order) -> dict[str, Any]:
    return {
        "KeyConditionExpression": "PK = :conversation AND begins_with(SK, :kind)",
        "ExpressionAttributeValues": {
            ":conversation": {"S": keys.content_partition(owner_id, conversation_id)},
            ":kind": {"S": sort_prefix},
        },
        "ScanIndexForward": order == "asc",
        "ConsistentRead": True,
    }


def _already_there(_: Row | None) -> Exception:
    return ConflictError("The message was written at the same time. Try again.")
