"""A scheduled event names its time, and an event that fails is retried twice."""

import asyncio
import json
from datetime import UTC, datetime

import pytest

from local.functions.pool import Outcome
from local.template.resources import Schedule
from local.triggers.asynchronous import invoke_asynchronously
from local.triggers.schedule import event_of


def test_an_event_names_its_time() -> None:
    schedule = Schedule("Daily", "F", "rate(1 day)")
    event = json.loads(event_of(schedule, datetime(2026, 11, 22, 23, 30, 15, tzinfo=UTC)))

    assert (event["time"], event["source"]) == ("2026-11-22T23:30:15Z", "aws.scheduler")


@pytest.mark.parametrize(("failures", "calls"), [(0, 1), (1, 2), (5, 3)])
def test_an_event_is_tried_three_times_at_most(failures: int, calls: int) -> None:
    payloads: list[bytes] = []

    async def invoke(payload: bytes) -> Outcome:
        payloads.append(payload)
        return Outcome(b"", "failed" if len(payloads) <= failures else None, "e")

    asyncio.run(invoke_asynchronously(invoke, b"{}", "F", (0.0, 0.0)))

    assert payloads == [b"{}"] * calls
