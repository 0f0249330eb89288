"""Batches of stream records are retried, split and given up as Lambda does."""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.functions.pool import Outcome
from local.template.resources import Stream
from local.triggers.delivery import Delivery, Record, Source
from local.triggers.stream import batches, lanes, to_event


def record(number: int, partition: str = "p", age: float = 0) -> Record:
    change = {
        "Keys": {"PK": {"S": partition}, "SK": {"S": str(number)}},
        "SequenceNumber": f"{number:03d}",
        "ApproximateCreationDateTime": time.time() - age,
    }
    return {"eventID": str(number), "dynamodb": change}


def numbers(payload: bytes) -> list[int]:
    return [int(each["eventID"]) for each in json.loads(payload)["Records"]]


def deliver(
    directory: Path,
    answer: Callable[[list[int]], Any],
    records: list[Record],
    **settings: Any,
) -> tuple[list[list[int]], list[dict[str, Any]]]:
    """Return the batches that were tried, and the notes on the queue."""
    tried: list[list[int]] = []

    async def invoke(payload: bytes) -> Outcome:
        tried.append(numbers(payload))
        result = answer(tried[-1])
        if isinstance(result, Exception):
            return Outcome(b"", str(result), "e")
        return Outcome(json.dumps(result).encode(), None, "e")

    stream = Stream("E", "F", "LATEST", on_failure="Queue", **settings)
    delivery = Delivery(stream, invoke, directory, pause=0)
    asyncio.run(delivery.deliver(Source("arn", "shard"), records))
    queue = directory / "Queue.jsonl"
    lines = queue.read_text().splitlines() if queue.exists() else []
    return tried, [json.loads(line) for line in lines]


def fails_for(*bad: int) -> Callable[[list[int]], Any]:
    return lambda batch: ValueError() if set(batch) & set(bad) else None


def reports(*bad: int) -> Callable[[list[int]], Any]:
    return lambda batch: {
        "batchItemFailures": [
            {"itemIdentifier": f"{number:03d}"} for number in batch if number in bad
        ]
    }


FOUR = [record(number) for number in range(4)]


def test_a_batch_that_works_is_delivered_once(tmp_path: Path) -> None:
    assert deliver(tmp_path, fails_for(), FOUR) == ([[0, 1, 2, 3]], [])


def test_a_batch_that_fails_is_retried_whole_then_given_up(tmp_path: Path) -> None:
    tried, notes = deliver(tmp_path, fails_for(2), FOUR, retries=2)

    assert tried == [[0, 1, 2, 3]] * 3
    (note,) = notes
    assert note["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert note["requestContext"]["approximateInvokeCount"] == 3
    info = note["DDBStreamBatchInfo"]
    assert (info["startSequenceNumber"], info["endSequenceNumber"]) == ("000", "003")
    assert info["batchSize"] == 4


def test_bisecting_isolates_the_bad_record_and_costs_no_retry(tmp_path: Path) -> None:
    tried, notes = deliver(tmp_path, fails_for(2), FOUR, retries=0, bisect=True)

    assert tried == [[0, 1, 2, 3], [0, 1], [2, 3], [2], [3]]
    assert [note["DDBStreamBatchInfo"]["startSequenceNumber"] for note in notes] == ["002"]


def test_a_reported_failure_retries_from_there(tmp_path: Path) -> None:
    tried, notes = deliver(tmp_path, reports(2), FOUR, retries=1, partial=True)

    assert tried == [[0, 1, 2, 3], [2, 3]]
    assert notes[0]["DDBStreamBatchInfo"]["startSequenceNumber"] == "002"


@pytest.mark.parametrize(
    "answer", [{"batchItemFailures": [{"itemIdentifier": "999"}]}, {"batchItemFailures": [{}]}, 7]
)
def test_a_report_lambda_cannot_read_fails_the_whole_batch(tmp_path: Path, answer: Any) -> None:
    tried, _ = deliver(tmp_path, lambda _: answer, FOUR, retries=1, partial=True)

    assert tried == [[0, 1, 2, 3]] * 2


@pytest.mark.parametrize("answer", [None, {}, {"batchItemFailures": []}])
def test_an_empty_report_is_success(tmp_path: Path, answer: Any) -> None:
    tried, _ = deliver(tmp_path, lambda _: answer, FOUR, partial=True)

    assert tried == [[0, 1, 2, 3]]


def test_records_that_are_too_old_are_given_up_untried(tmp_path: Path) -> None:
    records = [record(0, age=100), record(1)]

    tried, notes = deliver(tmp_path, fails_for(), records, max_age=60)

    assert tried == [[1]]
    assert notes[0]["requestContext"]["condition"] == "RecordAgeExceeded"


def test_records_of_one_partition_stay_in_one_lane_in_order() -> None:
    records = [record(number, f"p{number % 5}") for number in range(50)]

    spread = lanes(records, 3)

    assert sum(len(lane) for lane in spread) == 50
    for partition in range(5):
        homes = [
            [int(each["eventID"]) for each in lane if int(each["eventID"]) % 5 == partition]
            for lane in spread
        ]
        assert [home for home in homes if home] == [list(range(partition, 50, 5))]


def test_batches_are_cut_by_number_and_by_bytes() -> None:
    large = {**record(0), "padding": "x" * 3_000_000}

    assert [len(batch) for batch in batches(FOUR, 3)] == [3, 1]
    assert [len(batch) for batch in batches([large] * 5, 100)] == [2, 2, 1]


def test_a_record_of_the_streams_api_becomes_one_of_an_event() -> None:
    raw = {
        "eventID": "1",
        "eventName": "REMOVE",
        "eventVersion": "1.1",
        "awsRegion": "us-east-1",
        "dynamodb": {"Keys": {"PK": {"B": b"\xff"}}, "SequenceNumber": "1"},
        "userIdentity": {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"},
    }

    event = to_event(raw, "arn", "us-east-1")

    assert event["dynamodb"]["Keys"] == {"PK": {"B": "/w=="}}
    assert event["userIdentity"] == {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    assert event["eventSourceARN"] == "arn"
