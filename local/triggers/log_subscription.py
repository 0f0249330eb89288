"""Hands lines of one function's log to another, as a subscription filter of CloudWatch Logs does.

Lines are gathered for a second and delivered from the log's end onwards: what was written while
nothing ran is not delivered again. A delivery that fails is tried again as an asynchronous
invocation is.
"""

import asyncio
import base64
import gzip
import json
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from local.functions.pool import Outcome
from local.template.event_patterns import has_field
from local.template.intrinsics import ACCOUNT
from local.template.resources import Subscription
from local.triggers.schedule import RETRY_SECONDS

log = logging.getLogger(__name__)

_GATHER_SECONDS: Final = 1.0


async def run(
    subscription: Subscription,
    invoke: Callable[[bytes], Awaitable[Outcome]],
    logs: Path,
    pauses: Sequence[float] = RETRY_SECONDS,
) -> None:
    """Deliver matching lines as they are written, until cancelled."""
    path = logs / f"{subscription.source}.log"
    position = path.stat().st_size if path.exists() else 0
    while True:
        await asyncio.sleep(_GATHER_SECONDS)
        position, lines = _written_since(path, position)
        found = [line for line in lines if has_field(subscription.field, line)]
        if found:
            await _deliver(subscription, invoke, payload_of(subscription, found), pauses)


def payload_of(subscription: Subscription, lines: Sequence[str]) -> bytes:
    """Return the event of one delivery."""
    now = int(time.time() * 1000)
    delivery = {
        "messageType": "DATA_MESSAGE",
        "owner": ACCOUNT,
        "logGroup": f"/aws/lambda/{subscription.source}",
        "logStream": "local",
        "subscriptionFilters": [subscription.name],
        "logEvents": [
            {"id": uuid.uuid4().hex, "timestamp": now, "message": line} for line in lines
        ],
    }
    packed = base64.b64encode(gzip.compress(json.dumps(delivery).encode())).decode()
    return json.dumps({"awslogs": {"data": packed}}).encode()


async def _deliver(
    subscription: Subscription,
    invoke: Callable[[bytes], Awaitable[Outcome]],
    payload: bytes,
    pauses: Sequence[float],
) -> None:
    for pause in (*pauses, None):
        outcome = await invoke(payload)
        if outcome.error is None:
            return
        if pause is not None:
            await asyncio.sleep(pause)
    log.error("%s: a delivery of %s was given up", subscription.function, subscription.name)


def _written_since(path: Path, position: int) -> tuple[int, Iterator[str]]:
    """Return where the log's last whole line ends, and the whole lines behind ``position``."""
    if not path.exists():
        return 0, iter(())
    with path.open("rb") as file:
        file.seek(position)
        written = file.read()
    whole = written[: written.rfind(b"\n") + 1]
    return position + len(whole), iter(whole.decode("utf-8", "replace").splitlines())
