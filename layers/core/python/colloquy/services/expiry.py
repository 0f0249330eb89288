"""Erase links whose time is over, and what was left behind by those who made or copied one."""

import time
from dataclasses import dataclass

from colloquy.domain.share import AbandonedFork, Share
from colloquy.services.ports import Clock, DueRows


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What one run of the cleanup did; ``finished`` says whether nothing that is due is left."""

    shares_erased: int = 0
    shares_checked: int = 0
    forks_erased: int = 0
    finished: bool = True


class Expiry:
    """What the cleanup does; every step can be cut off and done again."""

    def __init__(self, due: DueRows, clock: Clock) -> None:
        self._due = due
        self._clock = clock

    def clean(self, until: float) -> Cleaned:
        """Look at everything that is due, up to ``until`` of ``time.monotonic``.

        Of a link that has expired nothing stays but that (docs/adr/0087). A new one is looked at
        once: if its conversation was deleted while it was being made, it is erased too
        (docs/adr/0031).

        Raises:
            UnavailableError: the table was too busy; the next run goes on.
        """
        now = self._clock()
        erased = checked = forks = 0
        for some in self._due.due(now):
            if time.monotonic() > until:
                return Cleaned(erased, checked, forks, finished=False)
            shares = [entry for entry in some if isinstance(entry, Share)]
            fresh = [share for share in shares if not share.has_expired(now)]
            living = self._due.with_conversation(fresh)
            kept = [share for share in fresh if share.id in living]
            ended = [share for share in shares if share.has_expired(now)]
            orphaned = [share for share in fresh if share.id not in living]
            self._due.retire_links(ended)
            self._due.erase_links(orphaned)
            for share in kept:
                self._due.postpone(share)
            erased += len(ended) + len(orphaned)
            checked += len(fresh)
            for entry in some:
                if isinstance(entry, AbandonedFork):
                    self._due.erase_fork(entry)
                    forks += 1
        return Cleaned(erased, checked, forks)
