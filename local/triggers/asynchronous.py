"""Asynchronous invocations: an event that fails is retried twice, and then dropped."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from local.functions.pool import Outcome

log = logging.getLogger(__name__)

RETRY_SECONDS = (60.0, 120.0)
"""One minute after the first failure, two more after the second (Lambda guide)."""

Invoke = Callable[[bytes], Awaitable[Outcome]]


async def invoke_asynchronously(
    invoke: Invoke, payload: bytes, name: str, pauses: Sequence[float] = RETRY_SECONDS
) -> None:
    """Return when an event has been processed, or dropped; ``name`` is for the log."""
    for pause in (*pauses, None):
        outcome = await invoke(payload)
        if outcome.error is None:
            return
        if pause is not None:
            await asyncio.sleep(pause)
    log.error("%s: an event was dropped after its last retry", name)
