"""Give a conversation out whole, in parts that fit an answer each."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from colloquy.domain import ids
from colloquy.domain.conversation import Conversation
from colloquy.domain.errors import InvalidCursorError
from colloquy.domain.export import PART_BYTES, ExportPart, fill
from colloquy.domain.item import Item
from colloquy.domain.place import Place, place_from
from colloquy.services.arguments import known_id
from colloquy.services.ports import ExportRows

_READ_SECONDS: Final = 15.0
"""When a part ends though it has room; the request has 28."""


class Exports:
    """What a caller can take away; every call names the owner."""

    def __init__(self, rows: ExportRows) -> None:
        self._rows = rows

    def part(self, owner_id: str, conversation_id: str, after: str | None) -> ExportPart:
        """Return the part of an export behind a place, with every text the messages have had.

        Raises:
            NotFoundError: the conversation is not the caller's.
            InvalidCursorError: ``after`` is no place.
        """
        until = time.monotonic() + _READ_SECONDS
        place = _place(after)
        known_id(ids.CONVERSATION, conversation_id, "conversation")
        conversation, found = self._rows.read(owner_id, conversation_id, place)
        items, has_more = fill(found, PART_BYTES - conversation.answer_bytes, until)
        if place is None and not has_more:
            # Messages written or deleted since the header was read count as the export has them.
            conversation = replace(conversation, item_count=len(items))
        return ExportPart(
            conversation=conversation,
            items=items,
            after=place,
            next_after=items[-1].place if has_more else None,
        )

    def messages(
        self, owner_id: str, conversation_id: str, after: str | None
    ) -> tuple[Conversation, Iterator[Item]]:
        """Return a conversation and its messages behind a place, in the words they have now.

        Raises:
            NotFoundError: the conversation is not the caller's.
            InvalidCursorError: ``after`` is no place.
        """
        place = _place(after)
        known_id(ids.CONVERSATION, conversation_id, "conversation")
        conversation, found = self._rows.read(owner_id, conversation_id, place)
        return conversation, (item for item, _ in found)


def _place(after: str | None) -> Place | None:
    place = place_from(after) if after is not None else None
    if after is not None and place is None:
        raise InvalidCursorError("message")
    return place
