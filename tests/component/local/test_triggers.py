"""The stream reaches its function: in order, after restarts, and with AWS's failures."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.component.local.conftest import Start
from tests.component.local.machine import Machine, copy_of, until


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A run of the feed application; each test watches a partition of its own."""
    directory = tmp_path_factory.mktemp("feed")
    running = Machine(copy_of("feed", directory / "app"), directory / "data").start()
    yield running
    running.stop()


def seen(machine: Machine, partition: str) -> list[dict[str, Any]]:
    """Return the records of a partition that were given to the function, in that order."""
    file = machine.template.parent / "seen.jsonl"
    lines = file.read_text().splitlines() if file.exists() else []
    records: list[dict[str, Any]] = [json.loads(line) for line in lines]
    return [each for each in records if each["dynamodb"]["Keys"]["PK"]["S"] == partition]


def sort_keys(records: list[dict[str, Any]]) -> list[str]:
    return [each["dynamodb"]["Keys"]["SK"]["S"] for each in records]


def write(machine: Machine, *rows: dict[str, Any]) -> None:
    assert machine.client.post("/rows", json=list(rows)).status_code == 204


def test_records_arrive_filtered_in_order_and_in_lambdas_shape(machine: Machine) -> None:
    partitions = [f"watched{number}" for number in range(3)]
    rows = [{"PK": partitions[number % 3], "SK": f"{number:03d}"} for number in range(30)]

    write(machine, {"PK": "other", "SK": "0"}, *rows)
    until(lambda: all(len(seen(machine, each)) == 10 for each in partitions))

    assert seen(machine, "other") == []
    for partition in partitions:
        order = sort_keys(seen(machine, partition))
        assert order == sorted(order)
    record = seen(machine, "watched0")[0]
    assert record["eventName"] == "INSERT"
    assert record["eventSource"] == "aws:dynamodb"
    assert record["eventSourceARN"].startswith("arn:aws:dynamodb:us-east-1:")
    assert set(record["dynamodb"]) == {
        *("ApproximateCreationDateTime", "Keys", "NewImage", "SequenceNumber", "SizeBytes"),
        "StreamViewType",
    }
    assert record["dynamodb"]["SizeBytes"] > 0


def test_an_expired_row_is_removed_by_dynamodb_itself(machine: Machine) -> None:
    write(machine, {"PK": "watched-ttl", "SK": "0", "ttl": int(time.time())})
    until(lambda: len(seen(machine, "watched-ttl")) == 2)

    inserted, removed = seen(machine, "watched-ttl")
    assert "userIdentity" not in inserted
    assert removed["eventName"] == "REMOVE"
    assert removed["userIdentity"] == {
        "type": "Service",
        "principalId": "dynamodb.amazonaws.com",
    }


def test_what_fails_is_retried_then_put_on_the_queue(machine: Machine) -> None:
    write(
        machine,
        {"PK": "watched-bad", "SK": "0"},
        {"PK": "watched-bad", "SK": "1", "fail": True},
    )
    queue = machine.data / "queues" / "Failures.jsonl"
    until(queue.exists)

    assert sort_keys(seen(machine, "watched-bad")) == ["0", "1", "1"]
    note = json.loads(queue.read_text().splitlines()[0])
    assert note["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert note["requestContext"]["approximateInvokeCount"] == 2
    assert note["DDBStreamBatchInfo"]["batchSize"] == 1


def test_what_nobody_had_processed_before_a_kill_is_processed_after_it(
    start: Start, tmp_path: Path
) -> None:
    template = copy_of("feed", tmp_path / "app")
    code = template.parent / "functions" / "purge" / "app.py"
    working = code.read_text()
    code.write_text("import time\n\ndef lambda_handler(event, _):\n    time.sleep(60)\n")
    first = start(template)
    write(first, {"PK": "watched", "SK": "0"})
    until(lambda: first.environments("PurgeFunction")[0]["busy"])
    first.process.kill()
    first.process.wait()
    until(lambda: first.processes() == [], 5)
    code.write_text(working)

    second = start(template)

    until(lambda: sort_keys(seen(second, "watched")) == ["0"])
    write(second, {"PK": "watched", "SK": "1"})
    until(lambda: sort_keys(seen(second, "watched")) == ["0", "1"])
