"""The text a message had at a moment, found among its older versions by their numbers."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from colloquy.domain.item import Item
from colloquy.store import keys
from colloquy.store.rows import Row, item_from_row, moment_from
from colloquy.store.table import Table

_VERSION: Final = "content, parts, version, created_at"


def text_at(table: Table, owner_id: str, item: Item, at: datetime) -> Item | None:
    """Return a message that was edited since with the text it had at a moment, or None.

    One row is read where it was edited once since; of many versions, one for each halving of
    their number, for a later version is never of an earlier time.
    """
    found: Row | None = None
    lowest, highest = 1, item.version - 1
    middle = highest
    while lowest <= highest:
        row = _newest(table, owner_id, item, middle)
        if row is None:
            break
        if moment_from(row["created_at"]) <= at:
            found, lowest = row, middle + 1
        else:
            highest = int(row["version"]) - 1
        middle = (lowest + highest + 1) // 2
    if found is None:
        return None
    shared = {"id": item.id, "conversation_id": item.conversation_id, "role": item.role}
    then = item_from_row({**found, **shared})
    return replace(item, content=then.content, version=then.version, edited_at=None)


def _newest(table: Table, owner_id: str, item: Item, number: int) -> Row | None:
    """Return the newest version a message has kept up to a number."""
    last = keys.version(owner_id, item.conversation_id, item.id, number)
    page, _ = table.query_page(
        KeyConditionExpression="PK = :conversation AND SK BETWEEN :first AND :last",
        ExpressionAttributeValues={
            ":conversation": {"S": last.partition},
            ":first": {"S": keys.versions(item.id)},
            ":last": {"S": last.sort},
        },
        ProjectionExpression=_VERSION,
        Select="SPECIFIC_ATTRIBUTES",
        ScanIndexForward=False,
        ConsistentRead=True,
        Limit=1,
    )
    return page[0] if page else None
