"""Invokes functions at their times, one event after the other."""

import asyncio
import json
import logging
import uuid
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from local.functions.pool import Outcome
from local.template.intrinsics import ACCOUNT, REGION
from local.template.resources import Schedule
from local.template.schedule_expressions import next_time

log = logging.getLogger(__name__)

RETRY_SECONDS = (60.0, 120.0)
"""An asynchronous event that fails is tried again after one minute, then after two more."""


async def run(
    schedule: Schedule,
    invoke: Callable[[bytes], Awaitable[Outcome]],
    pauses: Sequence[float] = RETRY_SECONDS,
) -> None:
    """Invoke the function at each of its times, one after the other, until cancelled."""
    due = next_time(schedule.expression, datetime.now(UTC))
    while due is not None:
        await asyncio.sleep((due - datetime.now(UTC)).total_seconds())
        await run_once(schedule, invoke, due, pauses)
        due = next_time(schedule.expression, max(due, datetime.now(UTC)))


async def run_once(
    schedule: Schedule,
    invoke: Callable[[bytes], Awaitable[Outcome]],
    due: datetime,
    pauses: Sequence[float],
) -> None:
    """Deliver one event, with the retries of an asynchronous invocation."""
    payload = (schedule.input or json.dumps(_event(schedule, due))).encode()
    for pause in (*pauses, None):
        outcome = await invoke(payload)
        if outcome.error is None:
            return
        if pause is not None:
            await asyncio.sleep(pause)
    log.error("%s: the event of %s was given up", schedule.function, schedule.name)


def _event(schedule: Schedule, due: datetime) -> dict[str, object]:
    kind = "rule" if schedule.source == "aws.events" else "schedule/default"
    service = "events" if schedule.source == "aws.events" else "scheduler"
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": schedule.source,
        "account": ACCOUNT,
        "time": due.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [f"arn:aws:{service}:{REGION}:{ACCOUNT}:{kind}/{schedule.name}"],
        "detail": {} if schedule.source == "aws.events" else "{}",
    }
