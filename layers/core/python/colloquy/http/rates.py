"""Rate limits per owner: a token bucket for each owner, in this execution environment only.

API Gateway's throttles are shared by all callers, so one owner could use them up for the others.
These buckets reject an owner's surplus before the handler runs, without a call to the table. Each
environment counts for itself (docs/adr/0105-rate-limits-per-owner.md).
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from math import ceil
from typing import Any, Final

from colloquy.domain.errors import RateLimitedError
from colloquy.http.caller import subject_of
from colloquy.settings import RateSettings

MAX_OWNERS: Final = 4096
"""Buckets kept at a time, under 1 MB together; the one unused for longest goes first."""

WEIGHTS: Final[Mapping[str, int]] = {
    # Each starts up to hundreds or thousands of writes.
    "POST /v1/conversations/bulk-delete": 20,
    "DELETE /v1/conversations": 20,
    "DELETE /v1/projects/{project_id}": 10,
    "POST /v1/shares/{share_id}/fork": 10,
    # Megabytes each.
    "GET /v1/conversations/{conversation_id}/export": 10,
    "POST /v1/conversations/import": 10,
    # Seconds of a model each, and its price.
    "POST /v1/conversations/{conversation_id}/items/{item_id}/regenerate": 20,
    "POST /v1/conversations/{conversation_id}/responses": 20,
}
"""Tokens a request takes, by route key; every other request takes one."""

Clock = Callable[[], float]


class OwnerRates:
    """Token buckets by owner: ``burst`` tokens at most, refilled with ``rate`` a second."""

    def __init__(self, rate: float, burst: int, clock: Clock = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def acquire(self, owner: str, weight: int = 1) -> float:
        """Take tokens from an owner's bucket; return 0, or the seconds until there are enough.

        A request that has to wait takes none. A weight above ``burst`` takes a full bucket.
        """
        now = self._clock()
        tokens, filled_at = self._buckets.pop(owner, (float(self._burst), now))
        tokens = min(self._burst, tokens + (now - filled_at) * self._rate)
        needed = min(weight, self._burst)
        missing = max(0.0, needed - tokens)
        self._buckets[owner] = (tokens if missing else tokens - needed, now)
        if len(self._buckets) > MAX_OWNERS:
            self._buckets.popitem(last=False)
        return missing / self._rate

    def check(self, event: Mapping[str, Any]) -> None:
        """Count a request against the bucket of its owner; a request without one is not counted.

        Raises:
            RateLimitedError: the bucket holds fewer tokens than the request takes.
        """
        owner = subject_of(event)
        if isinstance(owner, str):
            seconds = self.acquire(owner, WEIGHTS.get(event["routeKey"], 1))
            if seconds > 0:
                raise RateLimitedError(ceil(seconds))


def owner_rates(settings: RateSettings) -> OwnerRates | None:
    """Return the rates these settings ask for, or None where they switch them off."""
    if settings.requests_per_second == 0:
        return None
    return OwnerRates(settings.requests_per_second, settings.burst)
