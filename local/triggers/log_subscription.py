"""Hands lines of one function's log to another, as a subscription filter of CloudWatch Logs does.

Lines are gathered for a second and delivered from the log's end onwards: what was written while
nothing ran is not delivered again. A delivery that fails is tried again as an asynchronous
invocation is.
"""

import asyncio
import base64
import gzip
import json
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from local.functions.logs import lines_from
from local.template.event_patterns import has_field
from local.template.intrinsics import ACCOUNT
from local.template.resources import Subscription
from local.triggers.asynchronous import RETRY_SECONDS, Invoke, invoke_asynchronously

_GATHER_SECONDS: Final = 1.0


async def run(
    subscription: Subscription,
    invoke: Invoke,
    logs: Path,
    pauses: Sequence[float] = RETRY_SECONDS,
) -> None:
    """Deliver matching lines as they are written, until cancelled."""
    path = logs / f"{subscription.source}.log"
    position = path.stat().st_size if path.exists() else 0
    name = f"{subscription.function}, {subscription.name}"
    while True:
        await asyncio.sleep(_GATHER_SECONDS)
        lines, position = lines_from(path, position)
        found = [line for line in lines if has_field(subscription.field, line)]
        if found:
            await invoke_asynchronously(invoke, payload_of(subscription, found), name, pauses)


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
