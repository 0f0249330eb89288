"""What a change of a message writes to its conversation's header: the count, and the title."""

from datetime import datetime
from typing import Any, Final

from colloquy.domain.errors import ChangedMeanwhileError, NotFoundError
from colloquy.domain.item import Item, automatic_title
from colloquy.domain.retitle import Retitle
from colloquy.store import keys
from colloquy.store.refusals import Write
from colloquy.store.rows import Row, encode, item_from_row, timestamp
from colloquy.store.table import Table

_FIRST_LOOK: Final = 4
"""Messages read at first for a title: a user message is nearly always the first or second."""
_LOOKS: Final = 6
"""Queries for one title, each of twice as many messages: 252 in all, 6 MB at most."""


def header_changes(
    owner_id: str, item: Item, now: datetime, retitle: Retitle | None, *, messages: int = 0
) -> list[Write]:
    """Return the writes that go with the change of a message in the same transaction.

    They move ``updated_at``, count the messages, and replace an automatic title that was taken from
    the message: its own condition keeps the title from being taken from it in between.
    """
    sets: Row = {"updated_at": timestamp(now)}
    counts: Row = {"revision": 1}
    if messages:
        counts["item_count"] = messages
    removes: list[str] = []
    if retitle is None:
        condition = "attribute_exists(PK) AND NOT title_item = :item"
        values: Row = {":item": item.id}
    else:
        condition, values = _title_as_read(retitle)
        removes += ["title_tries", "title_asked_at"]
        counts["title_epoch"] = 1
        if retitle.before.title_source != "auto":
            removes.append("title_item")
        elif retitle.title is None:
            removes += ["title", "title_source", "title_item"]
        else:
            sets |= {"title": retitle.title.text, "title_item": retitle.title.item_id}
    expression = "SET " + ", ".join(f"{name} = :{name}" for name in sets)
    if removes:
        expression += " REMOVE " + ", ".join(removes)
    expression += " ADD " + ", ".join(f"{name} :{name}" for name in counts)
    update = {
        "Key": keys.conversation(owner_id, item.conversation_id).as_dict(),
        "UpdateExpression": expression,
        "ConditionExpression": condition,
        "ExpressionAttributeValues": encode(
            values | {f":{name}": value for name, value in {**sets, **counts}.items()}
        ),
    }
    writes = [Write({"Update": update}, _gone_or_retitled)]
    if retitle is not None and retitle.checked is not None:
        writes.append(unchanged(owner_id, retitle.checked))
    return writes


def unchanged(owner_id: str, item: Item) -> Write:
    """Return the check that a message still has the text that was read."""
    check = {
        "Key": keys.item(owner_id, item.conversation_id, item.id).as_dict(),
        **has_version(item.version),
    }
    return Write({"ConditionCheck": check}, lambda _: ChangedMeanwhileError())


def has_version(number: int) -> dict[str, Any]:
    """Return the condition that a message is there and has the version that was read."""
    return {
        "ConditionExpression": "#version = :read",
        "ExpressionAttributeNames": {"#version": "version"},
        "ExpressionAttributeValues": {":read": {"N": str(number)}},
    }


def first_titling(table: Table, owner_id: str, conversation_id: str, without: str) -> Item | None:
    """Return the first message that gives the conversation a title, ``without`` left out.

    Bounded: None where there is none among the messages of a few queries.
    """
    # User messages are shown items, so the hidden ones need not be read.
    query: dict[str, Any] = {
        "KeyConditionExpression": "PK = :conversation AND begins_with(SK, :kind)",
        "ExpressionAttributeValues": {
            ":conversation": {"S": keys.content_partition(owner_id, conversation_id)},
            ":kind": {"S": keys.SHOWN},
        },
        "ConsistentRead": True,
    }
    for look in range(_LOOKS):
        page, following = table.query_page(**query, Limit=_FIRST_LOOK << look)
        for row in page:
            item = item_from_row(row)
            if item.id != without and automatic_title([item]):
                return item
        if following is None:
            return None
        query["ExclusiveStartKey"] = following
    return None


def _title_as_read(retitle: Retitle) -> tuple[str, Row]:
    """Return the condition that the title has the source and the kind that were read."""
    before = retitle.before
    condition, values = "attribute_exists(PK)", {}
    for name in ("title_item", "title_source"):
        value = getattr(before, name)
        if value is None:
            condition += f" AND attribute_not_exists({name})"
        else:
            condition += f" AND {name} = :read_{name}"
            values[f":read_{name}"] = value
    return condition, values


def _gone_or_retitled(row: Row | None) -> Exception:
    return NotFoundError("conversation") if row is None else ChangedMeanwhileError()
