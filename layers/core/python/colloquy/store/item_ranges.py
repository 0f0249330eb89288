"""A conversation's items in order: those that links show and those they do not are two ranges.

Both are read concurrently and merged by id, so that a read costs one round trip and, where
nothing is hidden, one read unit more than the items themselves (docs/adr/0085).
"""

from collections.abc import Iterator
from heapq import merge
from itertools import chain
from operator import itemgetter
from typing import Any, Final

from colloquy.domain.page import Order
from colloquy.store import keys
from colloquy.store.rows import Row
from colloquy.store.table import Table

_AFTER_EVERY_ITEM: Final = "~"


def item_rows(
    table: Table,
    partition: str,
    order: Order,
    *,
    after: str | None = None,
    first: str | None = None,
    limit: int | None = None,
) -> Iterator[Row]:
    """Return the rows of all items in order, strongly consistent (``item_pages``)."""
    return item_pages(table, partition, order, after=after, first=first, limit=limit)[1]


def item_pages(
    table: Table,
    partition: str,
    order: Order,
    *,
    after: str | None = None,
    first: str | None = None,
    limit: int | None = None,
) -> tuple[list[Row], Iterator[Row]]:
    """Return the rows of both ranges' first pages, and those of all items in order.

    The first pages are read before this returns.

    ``after`` is an id, of an item that exists or not, in either range; ``first`` likewise, but
    that item is included (ascending only). ``limit`` bounds the rows of a page of each range.
    """
    shown, hidden = (
        table.query_pages(**_query(prefix, partition, order, after, first, limit))
        for prefix in (keys.SHOWN, keys.HIDDEN)
    )
    first_hidden = table.beside(next, hidden)
    first_shown = next(shown)
    first_hidden_page = first_hidden.result()
    ranges = [
        chain(page, chain.from_iterable(pages))
        for page, pages in ((first_shown, shown), (first_hidden_page, hidden))
    ]
    merged = merge(*ranges, key=itemgetter("id"), reverse=order == "desc")
    return [*first_shown, *first_hidden_page], merged


def shown_rows(
    table: Table, partition: str, order: Order, *, after: str | None = None, limit: int
) -> Iterator[Row]:
    """Return the rows of the items that links show, ``limit`` to a page; reads none of the others.

    The first page is read before this returns.
    """
    pages = table.query_pages(**_query(keys.SHOWN, partition, order, after, None, limit))
    return chain(next(pages), chain.from_iterable(pages))


def _query(
    prefix: str,
    partition: str,
    order: Order,
    after: str | None,
    first: str | None,
    limit: int | None,
) -> dict[str, Any]:
    # Not the key an id has by itself: a cursor counts in both ranges.
    query: dict[str, Any] = {
        "KeyConditionExpression": "PK = :conversation AND SK BETWEEN :first AND :last",
        "ExpressionAttributeValues": {
            ":conversation": {"S": partition},
            ":first": {"S": f"{prefix}{first or ''}"},
            ":last": {"S": f"{prefix}{_AFTER_EVERY_ITEM}"},
        },
        "ScanIndexForward": order == "asc",
        "ConsistentRead": True,
    }
    if after is not None:
        query["ExclusiveStartKey"] = keys.Key(partition, f"{prefix}{after}").as_dict()
    if limit is not None:
        query["Limit"] = limit
    return query
