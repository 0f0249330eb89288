"""What a signed-in viewer writes: a copy of what a link shows, a message through the link."""

from collections.abc import Sequence
from datetime import datetime

from colloquy.domain.conversation import Conversation
from colloquy.domain.errors import NotFoundError
from colloquy.domain.item import Item
from colloquy.domain.receipt import Receipt
from colloquy.domain.share import AbandonedFork, Share
from colloquy.store import keys
from colloquy.store.copies import copied, finishing, put_copies
from colloquy.store.expressions import receipt_put
from colloquy.store.items import append_writes
from colloquy.store.refusals import Write
from colloquy.store.rows import Row, encode, item_to_row
from colloquy.store.share_rows import fork_to_row
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
            ConversationFullError: it holds 10,000 messages.
            OutOfOrderError: its id does not sort behind the newest.
            AlreadyDoneError: the receipt's key has a receipt.
        """
        link_is_not_revoked = {
            "Key": keys.link(share.id).as_dict(),
            "ConditionExpression": "attribute_exists(PK)",
        }
        writes = [
            Write({"ConditionCheck": link_is_not_revoked}, _revoked),
            *append_writes(share.owner_id, [item], None),
        ]
        if receipt is not None:
            writes.insert(0, receipt_put(viewer_id, receipt))
        self._table.transact(writes)


def _revoked(_: Row | None) -> Exception:
    return NotFoundError("share link")
