"""Schedules know their next time, and an event that fails is tried twice more."""

import asyncio
import json
from datetime import UTC, datetime

import pytest

from local.functions.pool import Outcome
from local.template.intrinsics import TemplateError
from local.template.resources import Schedule
from local.template.schedule_expressions import next_time
from local.triggers.schedule import run_once

NOW = datetime(2026, 11, 22, 23, 30, 15, tzinfo=UTC)  # a Sunday


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("rate(1 minute)", "2026-11-22 23:31:15"),
        ("rate(2 hours)", "2026-11-23 01:30:15"),
        ("cron(0 * * * ? *)", "2026-11-23 00:00:00"),
        ("cron(0/20 23 * * ? *)", "2026-11-22 23:40:00"),
        ("cron(15 10 ? * MON-FRI *)", "2026-11-23 10:15:00"),
        ("cron(0 8 1,15 * ? *)", "2026-12-01 08:00:00"),
        ("cron(0 0 L FEB ? *)", "2027-02-28 00:00:00"),
        ("cron(0 0 ? * 1 *)", "2026-11-29 00:00:00"),
    ],
)
def test_the_next_time_is_the_first_after_now(expression: str, expected: str) -> None:
    found = next_time(expression, NOW)

    assert found is not None
    assert found.strftime("%Y-%m-%d %H:%M:%S") == expected


def test_a_time_that_is_over_never_comes() -> None:
    assert next_time("cron(0 0 1 1 ? 2020)", NOW) is None


@pytest.mark.parametrize("expression", ["rate(0 minutes)", "at(2030)", "cron(0 0 ? * 2#1 *)", "x"])
def test_an_unknown_schedule_is_refused(expression: str) -> None:
    with pytest.raises(TemplateError):
        next_time(expression, NOW)


@pytest.mark.parametrize(("failures", "calls"), [(0, 1), (1, 2), (5, 3)])
def test_an_event_is_tried_three_times_at_most(failures: int, calls: int) -> None:
    payloads: list[bytes] = []

    async def invoke(payload: bytes) -> Outcome:
        payloads.append(payload)
        return Outcome(b"", "failed" if len(payloads) <= failures else None, "e")

    schedule = Schedule("Daily", "F", "rate(1 day)", None, "aws.events")
    asyncio.run(run_once(schedule, invoke, NOW, (0.0, 0.0)))

    assert len(payloads) == calls
    assert json.loads(payloads[0])["time"] == "2026-11-22T23:30:15Z"
