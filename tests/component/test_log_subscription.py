"""Lines of one function's log that another one gets, as on AWS."""

import asyncio
import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from local.functions.pool import Outcome
from local.template.event_patterns import has_field
from local.template.resources import Subscription
from local.triggers import log_subscription

VIEWED = Subscription(name="Viewed", function="Views", source="Public", field="viewed_share")


@pytest.mark.parametrize(
    ("line", "matches"),
    [
        ('{"viewed_share": "x"}', True),
        ('{"other": "viewed_share"}', False),
        ("viewed_share", False),
        ('["viewed_share"]', False),
        ("", False),
    ],
)
def test_only_lines_with_the_field_match(line: str, *, matches: bool) -> None:
    assert has_field("viewed_share", line) is matches


def test_whole_lines_are_delivered_once_and_again_when_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_subscription, "_GATHER_SECONDS", 0.01)
    log = tmp_path / "Public.log"
    log.write_text('{"viewed_share": "before"}\n')
    got: list[list[str]] = []
    outcomes = [Outcome(b"", "broken", "x"), Outcome(b"", None, "x"), Outcome(b"", None, "x")]

    async def invoke(payload: bytes) -> Outcome:
        packed = json.loads(payload)["awslogs"]["data"]
        delivery: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(packed)))
        got.append([event["message"] for event in delivery["logEvents"]])
        return outcomes.pop(0)

    async def scenario() -> None:
        running = asyncio.create_task(log_subscription.run(VIEWED, invoke, tmp_path, [0.01]))
        await asyncio.sleep(0.05)
        with log.open("a") as file:
            file.write('{"viewed_share": "one"}\nnoise\n{"viewed_share": "tw')
        await _until(lambda: len(got) == 2)
        with log.open("a") as file:
            file.write('o"}\n')
        await _until(lambda: len(got) == 3)
        running.cancel()

    asyncio.run(scenario())
    one, two = '{"viewed_share": "one"}', '{"viewed_share": "two"}'
    assert got == [[one], [one], [two]]


async def _until(true: Any) -> None:
    for _ in range(500):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came")
