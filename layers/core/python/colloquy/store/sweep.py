"""Deletes many rows by key: 25 to a batch, several batches side by side, what is left over again.

For rows whose keys are never used again (ids are minted once): deleting one that is gone already
does nothing, so a sweep can be cut off and repeated at any point.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from colloquy.domain.errors import UnavailableError
from colloquy.store.backoff import patiently, tries
from colloquy.store.keys import Key
from colloquy.store.table import BATCH_WRITE, Table

_PATIENCE_SECONDS: Final = 8.0
"""How long ``sweep_all`` goes on against a busy table."""


def sweep(table: Table, keys: Sequence[Key], until: float) -> list[Key]:
    """Delete the rows at these keys and return those that were still refused at ``until``.

    Each batch is tried once at least, and with growing pauses up to ``until`` of
    ``time.monotonic`` while DynamoDB leaves rows over or refuses the whole batch.
    """
    starts = range(0, len(keys), BATCH_WRITE)
    batches = [keys[start : start + BATCH_WRITE] for start in starts]
    running = [table.beside(_delete_batch, table, batch, until) for batch in batches]
    return [key for each in running for key in each.result()]


def sweep_all(table: Table, keys: Sequence[Key]) -> None:
    """Delete the rows at these keys, all of them.

    Raises:
        UnavailableError: DynamoDB kept refusing some; the same call goes on.
    """
    if sweep(table, keys, time.monotonic() + _PATIENCE_SECONDS):
        raise UnavailableError


def key_pages(table: Table, query: Mapping[str, Any], until: float) -> Iterator[Sequence[Key]]:
    """Yield the keys a Query finds, page by page to the end, reading patiently.

    Raises:
        UnavailableError: the table could not be read up to ``until``.
    """
    start: Mapping[str, Any] = {}
    while True:
        page, following = patiently(partial(table.query_page, **query, **start), until)
        yield [Key(row["PK"], row["SK"]) for row in page]
        if following is None:
            return
        start = {"ExclusiveStartKey": following}


def _delete_batch(table: Table, batch: Sequence[Key], until: float) -> Sequence[Key]:
    left = batch
    for _ in tries(until):
        try:
            left = table.delete_batch(left)
        except UnavailableError:  # which says nothing of single rows: all of them again
            continue
        if not left:
            break
    return left
