"""What reaches functions without a request: logs, the stream, the schedule."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.support.rows import Rows
from tests.support.server import Api
from tests.support.stack import Stack


@pytest.fixture
def alice(api: Api) -> Iterator[httpx.Client]:
    with api.client("alice of the events") as client:
        yield client


@pytest.fixture
def link(alice: httpx.Client) -> dict[str, str]:
    """A link to a conversation of alice's."""
    items = [{"role": "user", "content": "Hello"}]
    conversation = alice.post("/v1/conversations", json={"items": items}).json()["id"]
    made: dict[str, str] = alice.post(f"/v1/conversations/{conversation}/share", json={}).json()
    return {**made, "conversation": conversation}


def wait_for(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"it has not come to that within {seconds:g} s"
        time.sleep(0.2)


def test_a_view_is_counted_from_the_log(alice: httpx.Client, link: dict[str, str]) -> None:
    assert httpx.get(link["url"], timeout=40).status_code == 200

    def views() -> int:
        listed = alice.get(f"/v1/conversations/{link['conversation']}/shares").json()["data"]
        return int(listed[0]["view_count"])

    wait_for(lambda: views() == 1, 30)


def test_what_belongs_to_an_expired_link_is_erased_after_it(
    alice: httpx.Client, link: dict[str, str]
) -> None:
    rows = Rows.deployed()
    (row,) = [row for row in rows.of_type("share") if row["share_id"] == link["share_id"]]
    past = int((datetime.now(UTC) - timedelta(minutes=1)).timestamp())
    rows.put({**row, "ttl": past})

    wait_for(lambda: not any(link["share_id"] in str(row) for row in rows.all()), 60)
    opened = alice.get(f"/v1/conversations/{link['conversation']}")
    assert opened.status_code == 200


def test_the_schedule_runs_the_cleanup(stack: Stack) -> None:
    wait_for(lambda: any("REPORT" in line for line in stack.log_of("CleanupLogs")), 90)
