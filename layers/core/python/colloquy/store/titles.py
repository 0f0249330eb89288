"""Better titles in DynamoDB: written only while the header and the title's source are as read."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from colloquy.domain.conversation import Conversation
from colloquy.domain.errors import ChangedMeanwhileError, NotFoundError
from colloquy.domain.item import Item
from colloquy.domain.title import MAX_TRIES
from colloquy.store import keys
from colloquy.store.header_changes import unchanged
from colloquy.store.refusals import Write
from colloquy.store.rows import Row, conversation_from_row, encode, timestamp
from colloquy.store.table import Table


class TitleStore:
    """Reads and writes conversation headers, as far as giving them better titles needs it."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def above(self, partition: str, conversation_id: str) -> Conversation | None:
        """Return the conversation whose messages are in ``partition``, or None."""
        row = self._table.get(keys.header_above(partition, conversation_id))
        return conversation_from_row(row) if row else None

    def count_try(self, conversation: Conversation, now: datetime) -> bool:
        """Count that a model is being asked for a title, and report whether it is to be asked.

        It is not when another invocation is asking, or the title has changed in between.
        """
        sets = {"title_tries": conversation.title_tries + 1, "title_asked_at": timestamp(now)}
        action = _retitling(conversation, sets)
        try:
            self._table.update(action, _gone_or_changed, stamp="title_asked_at")
        except (NotFoundError, ChangedMeanwhileError):
            return False
        return True

    def take_back_try(self, conversation: Conversation) -> None:
        """Uncount the try that was counted for ``conversation``, unless it has changed since."""
        counted = replace(conversation, title_tries=conversation.title_tries + 1)
        action = _retitling(counted, {"title_tries": conversation.title_tries})
        with suppress(NotFoundError, ChangedMeanwhileError):
            self._table.update(action, _gone_or_changed)

    def improve(self, conversation: Conversation, source: Item, title: str, now: datetime) -> bool:
        """Write a model's title, and report whether it was written: a user's title stays.

        ``conversation`` is as it was before the try was counted, ``source`` the message that the
        model has read: the title is written only while that message has the same text, so that it
        never outlives it (docs/adr/0089).
        """
        counted = replace(conversation, title_tries=conversation.title_tries + 1)
        sets = {"title": title, "title_tries": MAX_TRIES, "updated_at": timestamp(now)}
        action = _retitling(counted, sets, " ADD revision :one")
        writes = [
            Write({"Update": action}, _gone_or_changed),
            unchanged(conversation.owner_id, source),
        ]
        try:
            self._table.transact(writes)
        except (NotFoundError, ChangedMeanwhileError):
            return False
        return True


def _retitling(conversation: Conversation, sets: Row, counts: str = "") -> dict[str, Any]:
    """Return an UpdateItem's words for a header whose automatic title is as it was read."""
    values: Row = {f":{name}": value for name, value in sets.items()}
    values |= {
        ":auto": "auto",
        ":source": conversation.title_item,
        ":tried": conversation.title_tries,
        ":none": 0,
    }
    if counts:
        values[":one"] = 1
    has_this_title_and_nobody_else_tried = (
        "title_source = :auto AND title_item = :source AND (title_tries = :tried"
        " OR attribute_not_exists(title_tries) AND :tried = :none)"
    )
    return {
        "Key": keys.conversation(conversation.owner_id, conversation.id).as_dict(),
        "UpdateExpression": "SET " + ", ".join(f"{name} = :{name}" for name in sets) + counts,
        "ConditionExpression": has_this_title_and_nobody_else_tried,
        "ExpressionAttributeValues": encode(values),
    }


def _gone_or_changed(row: Row | None) -> Exception:
    return NotFoundError("conversation") if row is None else ChangedMeanwhileError()
