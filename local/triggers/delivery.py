"""Hands batches of stream records to a function until each is done with, as Lambda does.

Lambda guide, "Process DynamoDB records": a batch whose function fails is tried again, whole or
from the first record it reports as failed; with bisect it is split in two first, which costs no
retry; what has been tried too often, or is too old, goes to the on-failure destination as a note
of which records those were, not of what they held.
"""

import asyncio
import json
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.functions.pool import Outcome
from local.template.intrinsics import ACCOUNT, REGION
from local.template.resources import Stream

Record = dict[str, Any]
_LONGEST_PAUSE = 10.0


@dataclass(frozen=True)
class Source:
    """Where a batch came from, for the note about one that failed."""

    stream_arn: str
    shard: str


@dataclass(frozen=True)
class Delivery:
    """Feeds one function from one mapping."""

    stream: Stream
    invoke: Callable[[bytes], Awaitable[Outcome]]
    queues: Path
    """The directory of queues: a file each, one message a line."""
    pause: float = 0.1
    """Seconds before the first retry; doubled each time."""

    async def deliver(self, source: Source, records: list[Record], attempt: int = 0) -> None:
        """Return when every record has been processed or given up, in order."""
        while records:
            records = self._without_old(source, records, attempt)
            if not records:
                return
            outcome = await self.invoke(json.dumps({"Records": records}).encode())
            done = self._done(records, outcome)
            if done == len(records):
                return
            records = records[done:]
            if self.stream.bisect and done == 0 and len(records) > 1:
                half = len(records) // 2
                await self.deliver(source, records[:half], attempt)
                await self.deliver(source, records[half:], attempt)
                return
            if 0 <= self.stream.retries <= attempt:
                self._give_up(source, records, "RetryAttemptsExhausted", attempt + 1)
                return
            await asyncio.sleep(min(self.pause * 2**attempt, _LONGEST_PAUSE))
            attempt += 1

    def _done(self, records: list[Record], outcome: Outcome) -> int:
        """Return how many records, from the first, need no retry."""
        if outcome.error is not None:
            return 0
        if not self.stream.partial:
            return len(records)
        try:
            failures = (json.loads(outcome.payload) or {}).get("batchItemFailures") or []
            failed = {failure["itemIdentifier"] for failure in failures}
        except (ValueError, AttributeError, KeyError, TypeError):
            # An answer Lambda cannot read counts as a failure of the whole batch.
            return 0
        numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
        if not failed:
            return len(records)
        return min(numbers.index(number) if number in numbers else 0 for number in failed)

    def _without_old(self, source: Source, records: list[Record], attempt: int) -> list[Record]:
        if self.stream.max_age < 0:
            return records
        oldest = time.time() - self.stream.max_age
        old = [each for each in records if _created(each) < oldest]
        if old:
            self._give_up(source, old, "RecordAgeExceeded", attempt)
        return [each for each in records if _created(each) >= oldest]

    def _give_up(
        self, source: Source, records: list[Record], condition: str, attempts: int
    ) -> None:
        if self.stream.on_failure is None:
            return
        first, last = records[0], records[-1]
        note = {
            "requestContext": {
                "requestId": str(uuid.uuid4()),
                "functionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.stream.function}",
                "condition": condition,
                "approximateInvokeCount": attempts,
            },
            "responseContext": {
                "statusCode": 200,
                "executedVersion": "$LATEST",
                "functionError": "Unhandled",
            },
            "version": "1.0",
            "timestamp": _timestamp(time.time()),
            "DDBStreamBatchInfo": {
                "shardId": source.shard,
                "startSequenceNumber": first["dynamodb"]["SequenceNumber"],
                "endSequenceNumber": last["dynamodb"]["SequenceNumber"],
                "approximateArrivalOfFirstRecord": _timestamp(_created(first)),
                "approximateArrivalOfLastRecord": _timestamp(_created(last)),
                "batchSize": len(records),
                "streamArn": source.stream_arn,
            },
        }
        self.queues.mkdir(parents=True, exist_ok=True)
        with (self.queues / f"{self.stream.on_failure}.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(note) + "\n")


def _created(record: Record) -> float:
    return float(record["dynamodb"]["ApproximateCreationDateTime"])


def _timestamp(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
