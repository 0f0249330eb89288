"""Append messages after the newest, whoever else does at the same time, within one deadline."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, TypeVar

from colloquy.domain.errors import ConflictError, OutOfOrderError
from colloquy.domain.item import ItemDraft, mint_item_ids
from colloquy.services.ports import Clock

T = TypeVar("T")

APPEND_SECONDS: Final = 10.0
"""When no further attempt is begun, from the request's start; the last may take 8 seconds more,
the request has 28."""

_MAX_ATTEMPTS: Final = 50
"""Each lost attempt means that another message was written in between."""


def append_in_order(
    drafts: Sequence[ItemDraft],
    clock: Clock,
    deadline: float,
    write: Callable[[list[str], datetime], T],
) -> T:
    """Return what ``write`` returns, which gets new ids for the drafts and the time.

    It is called again, with ids behind the newest message, as often as it raises
    ``OutOfOrderError`` before ``deadline`` (of ``time.monotonic``).

    Raises:
        ConflictError: others kept writing before us.
    """
    newest: str | None = None
    for _ in range(_MAX_ATTEMPTS):
        if time.monotonic() > deadline:
            break
        now = clock()
        try:
            return write(mint_item_ids(drafts, now, after=newest), now)
        except OutOfOrderError as late:
            newest = late.newest
    raise ConflictError("Others keep writing to this conversation. Try again in a moment.")
