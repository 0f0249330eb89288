"""Append, list and read the messages of a conversation."""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from colloquy.domain import ids
from colloquy.domain.errors import TooLargeError
from colloquy.domain.item import (
    MAX_MESSAGE_BYTES,
    Item,
    ItemDraft,
    automatic_title,
)
from colloquy.domain.page import MAX_ANSWER_BYTES, Page, PageRequest, take
from colloquy.domain.receipt import AlreadyDoneError, Facts, Once, Written
from colloquy.services.appending import APPEND_SECONDS, append_in_order
from colloquy.services.arguments import known_id, valid_cursor
from colloquy.services.ports import Clock, ItemRows

MAX_WRITE_BYTES: Final = 3_900_000
"""Messages of one request together: DynamoDB takes 4 MB in a transaction, keys included."""


class Items:
    """What a caller can do with messages; every call names their owner."""

    def __init__(self, items: ItemRows, clock: Clock) -> None:
        self._items = items
        self._clock = clock

    def append(
        self,
        owner_id: str,
        conversation_id: str,
        drafts: Sequence[ItemDraft],
        once: Once | None = None,
        *,
        within: str | None = None,
    ) -> Written[list[Item]]:
        """Write messages at the end of a conversation, all or nothing, in the order given.

        ``within`` names the list they came in, for the error; None for one that came alone.

        Raises:
            NotFoundError: the conversation is not the caller's.
            ConversationFullError: it would hold more than 10,000.
            TooLargeError: a message, or all together, are over the limit.
            IdempotencyMismatchError: the key was used for another request.
            ConflictError: others kept writing before us.
        """
        known_id(ids.CONVERSATION, conversation_id, "conversation")
        refuse_too_large(drafts, within=within)
        deadline = time.monotonic() + APPEND_SECONDS
        where = (owner_id, conversation_id)
        try:
            return Written(append_drafts(self._items, self._clock, where, drafts, once, deadline))
        except AlreadyDoneError as done:
            earlier = done.facts_for(once)
            at = datetime.fromisoformat(earlier["at"])
            again = items_from(drafts, conversation_id, earlier["items"].split(), at)
            return Written(again, replayed=True)

    def find(
        self,
        owner_id: str,
        conversation_id: str,
        page: PageRequest,
        call_id: str | None = None,
    ) -> Page[Item]:
        """Return a page of a conversation's messages, of one call_id if so asked.

        Raises:
            NotFoundError: the conversation is not the caller's.
            InvalidCursorError: the cursor is no message's id.
        """
        known_id(ids.CONVERSATION, conversation_id, "conversation")
        if page.after is not None:
            page = replace(page, after=ids.item_id_from(page.after))
        valid_cursor(ids.ITEM, page.after, "message")
        if call_id is not None:
            by_call = self._items.find_by_call_id(owner_id, conversation_id, call_id, page)
            return take(by_call, page.limit)
        _, found = self._items.read(owner_id, conversation_id, page.order, page)
        return take(found, page.limit)

    def stored_id(
        self, owner_id: str, conversation_id: str, client_id: str, *, otherwise: str
    ) -> str:
        """Return the id of the item that came under an id of its client's.

        Where there is none it is ``otherwise``: the id that the client's may be a spelling of.
        """
        known_id(ids.CONVERSATION, conversation_id, "conversation")
        return self._items.id_of_alias(owner_id, conversation_id, client_id) or otherwise

    def get(self, owner_id: str, conversation_id: str, item_id: str) -> Item:
        """Return one message.

        Raises:
            NotFoundError: the conversation or the message is not the caller's.
        """
        known_id(ids.CONVERSATION, conversation_id, "conversation")
        item_id = known_id(ids.ITEM, ids.item_id_from(item_id), "message")
        return self._items.get(owner_id, conversation_id, item_id)


def append_drafts(
    rows: ItemRows,
    clock: Clock,
    where: tuple[str, str],
    drafts: Sequence[ItemDraft],
    once: Once | None,
    deadline: float,
) -> list[Item]:
    """Write messages at the end of a conversation (owner and id), all or nothing, in their order.

    ``deadline`` as that of ``append_in_order``. The facts of the receipt are ``items``, the ids,
    and ``at``.

    Raises:
        NotFoundError: the conversation is not there.
        ConversationFullError: it would hold more than 10,000.
        AlreadyDoneError: the request was done before.
        ConflictError: others kept writing before us.
    """
    owner_id, conversation_id = where

    def write(minted: list[str], now: datetime) -> list[Item]:
        facts: Facts = {"items": " ".join(minted), "at": now.isoformat()}
        items = items_from(drafts, conversation_id, minted, now)
        receipt = once.receipt(now, facts) if once else None
        rows.append(owner_id, items, automatic_title(items), receipt)
        return items

    return append_in_order(drafts, clock, deadline, write)


def items_from(
    drafts: Sequence[ItemDraft], conversation_id: str, minted: Sequence[str], at: datetime
) -> list[Item]:
    """Return the messages that drafts become with these ids at this time."""
    return [
        Item(
            id=item_id,
            conversation_id=conversation_id,
            role=draft.role,
            content=draft.content,
            call_id=draft.call_id,
            metadata=draft.metadata,
            name=draft.name,
            tool_calls=draft.tool_calls,
            tool_call_id=draft.tool_call_id,
            model=draft.model,
            usage=draft.usage,
            status=draft.status,
            kind=draft.kind,
            client_id=draft.client_id,
            phase=draft.phase,
            created_at=at,
        )
        for draft, item_id in zip(drafts, minted, strict=True)
    ]


def refuse_too_large(
    drafts: Sequence[ItemDraft], *, within: str | None = None, reserved: int = 0
) -> None:
    """Pass messages that fit a row each and a transaction together.

    ``within`` names the field whose list they are; None for one that is the body itself.
    ``reserved`` bytes are kept for a message that is written with them.

    Raises:
        TooLargeError: they do not.
    """
    total = reserved
    for number, draft in enumerate(drafts):
        total += draft.size
        if draft.size > MAX_MESSAGE_BYTES:
            raise TooLargeError(
                f"A message may hold {MAX_MESSAGE_BYTES:,} bytes in UTF-8 JSON, "
                f"but this one has {draft.size:,}.",
                param=f"{within}[{number}]" if within else None,
            )
    if total > MAX_WRITE_BYTES:
        most = MAX_WRITE_BYTES - reserved
        raise TooLargeError(
            f"The messages of one request are written together or not at all, and may hold "
            f"{most:,} bytes together, but these have {total - reserved:,}. "
            "Send them in several requests.",
            param=within,
        )
    answer = sum(draft.answer_bytes for draft in drafts)
    # Of what is reserved every character may be one that is escaped once more.
    if answer + 2 * reserved > MAX_ANSWER_BYTES:
        raise TooLargeError(
            "The answer to these messages would be too large, for their quotes and backslashes "
            "are escaped in it. Send them in several requests.",
            param="items",
        )
