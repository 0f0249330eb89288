"""Virtual time for the product: a pause costs nothing, and each actor's clock may be wrong."""

import random
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from random import Random
from types import SimpleNamespace
from typing import Any, Final
from unittest.mock import patch

import botocore.endpoint

from tests.faults import schedule
from tests.faults.schedule import Pool, Scheduler

_BEGAN: Final = datetime(2031, 5, 1, 12, tzinfo=UTC)
"""When every run begins, so that its ids are the same each time."""


class Clock:
    """The time of a run."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def time(self) -> float:
        """Return the seconds since 1970 by the current actor's clock."""
        skew = self._scheduler.current.skew if self._scheduler.current else 0.0
        return _BEGAN.timestamp() + self.seconds + skew

    def true_time(self) -> float:
        """Return the seconds since 1970 by DynamoDB's clock."""
        return _BEGAN.timestamp() + self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self._scheduler.point()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time(), UTC)


@contextmanager
def installed(clock: Clock, scheduler: Scheduler, seeded: Random) -> Iterator[None]:
    """Take time, threads and randomness of the product from a run.

    Every module of the product that has imported one of them gets the run's in its place; so
    does the module of botocore that pauses between retries.
    """
    ours: dict[int, Any] = {
        id(time): clock,
        id(datetime): _datetime_of(clock.now),
        id(secrets): SimpleNamespace(
            randbits=seeded.getrandbits, token_bytes=seeded.randbytes, token_hex=_hex_of(seeded)
        ),
        id(futures.ThreadPoolExecutor): lambda *_, **__: Pool(scheduler),
        id(futures.wait): schedule.wait,
        id(futures.as_completed): schedule.as_completed,
    }
    product = [module for name, module in sys.modules.items() if name.startswith("colloquy.")]
    found = [
        (module, name, ours[id(value)])
        for module in [*product, botocore.endpoint]
        for name, value in vars(module).items()
        if id(value) in ours
    ]
    state = random.getstate()
    random.seed(seeded.random())  # jitter, the product's and botocore's
    patches = [patch.object(module, name, value) for module, name, value in found]
    for each in patches:
        each.start()
    try:
        yield
    finally:
        for each in patches:
            each.stop()
        random.setstate(state)


def _datetime_of(now: Callable[[], datetime]) -> type[datetime]:
    class AnyDatetime(type):
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, datetime)

    class VirtualDatetime(datetime, metaclass=AnyDatetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return now().astimezone(tz)

    return VirtualDatetime


def _hex_of(seeded: Random) -> Callable[[int], str]:
    def token_hex(count: int = 16) -> str:
        return seeded.randbytes(count).hex()

    return token_hex
