"""Queries that may pass over most of what they find, and give up after a bounded effort.

A filter, or an index that lags behind, can let a page of a list cost a partition. Such reads end
with a ``GaveUp`` in the place of what they did not look at: the page is short, or empty, and its
cursor is the last row that was looked at (docs/adr/0086).
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from colloquy.domain.page import GaveUp
from colloquy.store import keys
from colloquy.store.rows import Row
from colloquy.store.table import Table

MAX_ROWS: Final = 2_000
"""Rows one read looks at: of headers, some 700 KB and 90 read units."""
MAX_SECONDS: Final = 5.0
"""When a read begins no further page; the request has 28 seconds."""


@dataclass(frozen=True, slots=True)
class Effort:
    """What a read may spend; ``widest`` is how many rows one of its pages may look at."""

    widest: int
    rows: int = MAX_ROWS
    seconds: float = MAX_SECONDS


def bounded_pages(
    table: Table, query: dict[str, Any], effort: Effort
) -> Iterator[list[Row] | GaveUp]:
    """Yield the pages of a Query until there are none, or the effort is spent.

    ``query`` has a Limit; each next page may look at twice as many rows.
    """
    deadline = time.monotonic() + effort.seconds
    looked_at = 0
    while True:
        page, following = table.query_page(**query)
        yield page
        if following is None:
            return
        # As many rows, or fewer where 1 MB ended the page: both are effort.
        looked_at += query["Limit"]
        if looked_at >= effort.rows or time.monotonic() > deadline:
            yield GaveUp(keys.last_id(following["SK"]["S"]))
            return
        query = {
            **query,
            "ExclusiveStartKey": following,
            "Limit": min(query["Limit"] * 2, effort.widest),
        }


def bounded_rows(table: Table, query: dict[str, Any], effort: Effort) -> Iterator[Row | GaveUp]:
    """Yield the rows of a Query, as ``bounded_pages`` yields its pages."""
    for page in bounded_pages(table, query, effort):
        if isinstance(page, GaveUp):
            yield page
        else:
            yield from page
