"""Invokes functions at their times, one event after the other."""

import asyncio
import json
import uuid
from datetime import UTC, datetime

from local.template.intrinsics import ACCOUNT, REGION
from local.template.resources import Schedule
from local.template.schedule_expressions import interval
from local.triggers.asynchronous import Invoke, invoke_asynchronously


async def run(schedule: Schedule, invoke: Invoke) -> None:
    """Invoke the function at each of its times, until cancelled."""
    due = datetime.now(UTC) + interval(schedule.expression)
    while True:
        await asyncio.sleep((due - datetime.now(UTC)).total_seconds())
        name = f"{schedule.function}, {schedule.name}"
        await invoke_asynchronously(invoke, event_of(schedule, due), name)
        due = max(due, datetime.now(UTC)) + interval(schedule.expression)


def event_of(schedule: Schedule, due: datetime) -> bytes:
    """Return the event that EventBridge Scheduler sends."""
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": ACCOUNT,
        "time": due.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/{schedule.name}"],
        "detail": "{}",
    }
    return json.dumps(event).encode()
