"""Delete many conversations in one request: those that are named, or all of the caller's."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from colloquy.domain import ids
from colloquy.domain.errors import UnavailableError, UnfinishedError
from colloquy.domain.receipt import AlreadyDoneError, Facts, Once, Written
from colloquy.services.ports import Clock, DeletionRows

MAX_NAMED: Final = 100
"""Conversations one request may name: the guide, "Limitations & Known Issues"."""

_BULK_SECONDS: Final = 10.0
"""How long what is refused is tried again; the last try may take 12 seconds (see wiring), and the
request has 28."""
_ALL_SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True)
class Deleted:
    """What became of the conversations a request named, each in the order they were named."""

    deleted: list[str]
    failed: list[str]


class Deletions:
    """What a caller can delete at once; every call names the owner."""

    def __init__(self, rows: DeletionRows, clock: Clock) -> None:
        self._rows = rows
        self._clock = clock

    def delete_many(
        self, owner_id: str, named: Sequence[str], once: Once | None = None
    ) -> Written[Deleted]:
        """Delete the conversations that are the caller's; the other ids have failed.

        An id counts as deleted when its conversation was there as the request came in and is gone
        as it is answered. What the table refuses to the end has failed too: it may be asked for
        again. ``named`` holds each id once.

        With ``once`` the receipt comes before the deletion, and says what is to go: a repetition
        finds it, finishes what may be left and gives the same answer (docs/adr/0022).

        Raises:
            IdempotencyMismatchError: the key was used for another request.
            UnavailableError: the table could not be read; nothing was changed.
        """
        until = time.monotonic() + _BULK_SECONDS
        possible = [each for each in named if ids.is_id(ids.CONVERSATION, each)]
        there, receipt = self._rows.look(owner_id, possible, once.key if once else None, until)
        now = self._clock()
        to_go = [each for each in named if each in there]
        replayed = False
        if once is not None and receipt is not None and receipt.expires_at > now:
            to_go, replayed = _ids_from(named, AlreadyDoneError(receipt).facts_for(once)), True
        elif once is not None:
            try:
                self._rows.remember(owner_id, once.receipt(now, _facts(named, to_go)), until)
            except AlreadyDoneError as done:  # by the same request, sent twice at the same time
                to_go, replayed = _ids_from(named, done.facts_for(once)), True
        left = self._rows.delete_many(owner_id, [each for each in to_go if each in there], until)
        deleted = [each for each in to_go if each not in left]
        if left and once is not None and not replayed:
            # Should this fail too, a repetition deletes the rest and says so: no harm in that.
            with suppress(UnavailableError):
                self._rows.correct(owner_id, once.receipt(now, _facts(named, deleted)), until)
        failed = [each for each in named if each not in set(deleted)]
        return Written(Deleted(deleted, failed), replayed)

    def delete_all(self, owner_id: str) -> int:
        """Delete every conversation that was there as the request came in; return how many.

        Raises:
            UnfinishedError: they are more than one request can delete; call again.
            UnavailableError: the table could not be read.
        """
        gone, all_gone = self._rows.delete_all(owner_id, time.monotonic() + _ALL_SECONDS)
        if not all_gone:
            raise UnfinishedError(
                f"{gone:,} of your conversations were deleted, and some are left."
            )
        return gone


def _facts(named: Sequence[str], to_go: Sequence[str]) -> Facts:
    """Return which of the ids are to go, by their places: the request brings the ids again."""
    chosen = set(to_go)
    return {"to_go": " ".join(str(n) for n, each in enumerate(named) if each in chosen)}


def _ids_from(named: Sequence[str], facts: Facts) -> list[str]:
    return [named[int(n)] for n in facts["to_go"].split()]
