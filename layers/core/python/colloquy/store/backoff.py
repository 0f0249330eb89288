"""How often, and after which pauses, a call is tried again while DynamoDB is busy."""

import random
import time
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

from colloquy.domain.errors import UnavailableError

T = TypeVar("T")

_FIRST_PAUSE_SECONDS: Final = 0.02
_LONGEST_PAUSE_SECONDS: Final = 0.5


def tries(until: float) -> Iterator[None]:
    """Yield at once, then after growing pauses, until ``until`` of ``time.monotonic``.

    Full jitter: each pause is anything up to its length, so that those who were refused together
    do not come back together.
    """
    yield
    pause = _FIRST_PAUSE_SECONDS
    while time.monotonic() < until:
        time.sleep(random.uniform(0, pause))  # noqa: S311 - spreads writers, keeps no secret
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
        yield


def patiently(call: Callable[[], T], until: float) -> T:
    """Return what the call returns, calling again while the table is unavailable.

    Raises:
        UnavailableError: it still was at ``until``.
    """
    refusal = UnavailableError()
    for _ in tries(until):
        try:
            return call()
        except UnavailableError as error:
            refusal = error
    raise refusal
