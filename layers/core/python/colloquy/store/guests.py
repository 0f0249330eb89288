"""What a signed-in viewer writes: a copy of what a link shows, a message through the link."""

from collections.abc import Sequence
from datetime import datetime
from math import ceil

from colloquy.domain.conversation import Conversation
from colloquy.domain.errors import (
    ConflictError,
    NotFoundError,
    RateLimitedError,
    ShareFullError,
)
from colloquy.domain.item import Item
from colloquy.domain.receipt import Receipt
from colloquy.domain.share import (
    GUEST_MESSAGES_PER_MINUTE,
    MAX_GUEST_MESSAGES,
    AbandonedFork,
    Share,
)
from colloquy.store import keys
from colloquy.store.copies import copied, finishing, put_copies
from colloquy.store.expressions import receipt_put
from colloquy.store.items import append_writes
from colloquy.store.refusals import Write
from colloquy.store.rows import Row, encode, item_to_row, timestamp
from colloquy.store.share_rows import fork_to_row, guest_reference_to_row
from colloquy.store.table import Table


class GuestStore:
    """Writes of a link's viewers."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def begin_fork(self, owner_id: str, conversation_id: str, due_at: datetime) -> None:
        """Note that a copy begins: should it never end, the cleanup erases it from ``due_at``."""
        note = AbandonedFork(owner_id=owner_id, conversation_id=conversation_id)
        self._table.put_new(encode(fork_to_row(note, due_at)))

    def copy(self, owner_id: str, items: Sequence[Item]) -> None:
        """Write messages of a conversation that has no header yet, so that nobody sees them.

        Raises:
            UnavailableError: the table was too busy.
        """
        put_copies(self._table, [copied(item_to_row(owner_id, item)) for item in items])

    def finish_fork(self, conversation: Conversation, receipt: Receipt | None) -> None:
        """Give the copy its header: from here on it is a conversation like any other.

        Raises:
            ConflictError: the copy took so long that the cleanup has begun to erase it.
            AlreadyDoneError: the receipt's key has a receipt.
        """
        self._table.transact(finishing(conversation, receipt, {}))

    def append(self, share: Share, viewer_id: str, item: Item, receipt: Receipt | None) -> None:
        """Write a viewer's message at the end of the owner's conversation.

        Raises:
            NotFoundError: the link, or its conversation, is not there any more.
            ShareFullError: viewers have written through the link what they may.
            RateLimitedError: ... or what they may in this minute.
            ConversationFullError: it holds 10,000 messages.
            OutOfOrderError: its id does not sort behind the newest.
            AlreadyDoneError: the receipt's key has a receipt.
        """
        reference = {
            "Item": encode(guest_reference_to_row(share, item)),
            "ConditionExpression": "attribute_not_exists(PK)",
        }
        first = [receipt_put(viewer_id, receipt)] if receipt is not None else []
        last = [
            *append_writes(share.owner_id, [item], None),
            Write({"Put": reference}, _already_there),
        ]
        minute = int(item.created_at.timestamp()) // 60
        try:
            self._table.transact([*first, _first_of(minute, share, item), *last])
        except _MinuteBegunError as begun:
            # By another message, maybe of a clock that is ahead: its minute counts.
            self._table.transact([*first, _another_of(begun.minute, share, item), *last])


class _MinuteBegunError(ConflictError):
    """Another message was the first of its minute, and the minute takes more."""

    def __init__(self, minute: int) -> None:
        super().__init__("Others keep writing through this link. Try again in a moment.")
        self.minute = minute


def _first_of(minute: int, share: Share, item: Item) -> Write:
    return _counted(
        share,
        item,
        minute,
        "SET written_minute = :minute, written_in_minute = :one ADD written :one",
        "(attribute_not_exists(written_minute) OR written_minute < :minute)",
    )


def _another_of(minute: int, share: Share, item: Item) -> Write:
    return _counted(
        share,
        item,
        minute,
        "ADD written_in_minute :one, written :one",
        "written_minute = :minute AND written_in_minute < :rate",
        {":rate": GUEST_MESSAGES_PER_MINUTE},
    )


def _counted(
    share: Share, item: Item, minute: int, counts: str, rate: str, values: Row | None = None
) -> Write:
    """Return the write that counts a message on its link, which must work and take it."""
    works = "read_only = :writable AND expires_at > :now"
    takes_it = "(attribute_not_exists(written) OR written < :most)"
    update = {
        "Key": keys.link(share.id).as_dict(),
        "UpdateExpression": counts,
        "ConditionExpression": f"{works} AND {takes_it} AND {rate}",
        "ExpressionAttributeValues": encode(
            {
                ":writable": False,
                ":now": timestamp(item.created_at),
                ":most": MAX_GUEST_MESSAGES,
                ":minute": minute,
                ":one": 1,
                **(values or {}),
            }
        ),
    }

    def refused(row: Row | None) -> Exception:
        if row is None or row["expires_at"] <= timestamp(item.created_at):
            return NotFoundError("share link")
        if row["written"] >= MAX_GUEST_MESSAGES:
            return ShareFullError(MAX_GUEST_MESSAGES)
        if row["written_in_minute"] < GUEST_MESSAGES_PER_MINUTE:
            return _MinuteBegunError(int(row["written_minute"]))
        ends = (int(row["written_minute"]) + 1) * 60
        return RateLimitedError(
            max(1, ceil(ends - item.created_at.timestamp())),
            f"Viewers can write {GUEST_MESSAGES_PER_MINUTE} messages a minute through this link. "
            "Wait as many seconds as Retry-After says, then retry.",
        )

    return Write({"Update": update}, refused)


def _already_there(_: Row | None) -> Exception:
    return ConflictError("The message was written at the same time. Try again.")
