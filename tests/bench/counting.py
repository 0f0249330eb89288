"""Counts the units of what the cost page prices, as tests/bench/test_budgets.py does."""

import base64
import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from colloquy import wiring
from tests.bench.operations import (
    CLEANUP,
    IN_LONG_ONES,
    MESSAGE,
    OPERATIONS,
    PAGE,
    PURGE,
    TITLES,
    VIEWS,
    Operation,
    delete,
)
from tests.bench.test_budgets import FULL, NAME, Bench
from tests.support.capacity import size_of
from tests.support.client import Context
from tests.support.functions import declared, handler_of
from tests.support.in_process import Database, emulated, new_client
from tests.support.stream import Stream

SIZES = (PAGE, FULL)
"""Messages in the conversation: as few as a page holds, and as good as the most there can be."""


@dataclass(frozen=True)
class Units:
    """What one of something costs at DynamoDB; ``trips`` are those one after the other."""

    trips: float = 0
    writes: float = 0
    reads: float = 0

    def __add__(self, other: "Units") -> "Units":
        return Units(self.trips + other.trips, self.writes + other.writes, self.reads + other.reads)

    def __sub__(self, other: "Units") -> "Units":
        return Units(self.trips - other.trips, self.writes - other.writes, self.reads - other.reads)

    def shared_by(self, number: int) -> "Units":
        """Return each one's part."""
        return Units(self.trips / number, self.writes / number, self.reads / number)


@dataclass(frozen=True)
class Counted:
    """What is counted of an operation: in its request, and later."""

    request: Units
    later: Units = Units()


@dataclass(frozen=True)
class Counts:
    """All that is counted; ``operations`` by name."""

    operations: dict[str, Counted]
    full: dict[str, Units]
    """Some requests again, in a conversation of as many messages as there can be."""
    message_bytes: int
    """Of the table's storage, for a message of 500 characters."""
    idle_cleanup: Units


def count() -> Counts:
    """Count everything, in a fake DynamoDB."""
    few, many = SIZES
    with emulated() as database:
        counting = Counting(Bench(few), database)
        operations = {each.name: counting.operation(each) for each in OPERATIONS}
        idle = counting.cleanup()
        size = counting.message_bytes()
    with emulated() as database:
        counting = Counting(Bench(many), database)
        long = [each for each in OPERATIONS if each.name in IN_LONG_ONES]
        full = {each.name: counting.request(each) for each in long}
    return Counts(operations, full, size, idle)


class Counting:
    """Runs operations against a bench, and what goes on later."""

    def __init__(self, bench: Bench, database: Database) -> None:
        self._bench = bench
        self._database = database
        self.client, self.path = bench.client, bench.path

    def talk(self) -> str:
        """Return the path of a new conversation of 20 messages."""
        return f"/v1/conversations/{self._bench.fill(PAGE)}"

    def operation(self, operation: Operation) -> Counted:
        """Return what one costs, its request and what follows."""
        if operation.later is None:
            return Counted(self.request(operation))
        if operation.later == CLEANUP:
            return Counted(self.request(operation), self._life_of_a_link())
        if operation.later == VIEWS:
            return Counted(self.request(operation), self._view())
        return Counted(self.request(operation), self._from_stream(operation))

    def request(self, operation: Operation) -> Units:
        """Return what one costs in its request."""
        call = operation.prepare(self)
        with self._measured() as units:
            reply = call()
        assert reply.status < 300, reply.text
        return units().shared_by(operation.size)

    def cleanup(self, after: timedelta = timedelta()) -> Units:
        """Return what a run of the cleanup costs at some time from now."""

        def later() -> datetime:
            return datetime.now(UTC) + after

        with patch.object(wiring, "_utc_now", later), self._measured() as units:
            wiring.expiry.cache_clear()
            handler_of(CLEANUP)({}, LongContext())
        return units()

    def message_bytes(self) -> int:
        """Return what a message takes of the storage, with DynamoDB's 100 bytes for the key."""
        body = {"role": "user", "content": MESSAGE}
        item = self.client.post(f"{self.path}/items", body).body["id"]
        rows = new_client().scan(TableName=NAME)["Items"]
        (row,) = (row for row in rows if row["SK"]["S"].endswith(item.removeprefix("item_")))
        return size_of(row) + 100

    def _life_of_a_link(self) -> Units:
        """Return what the cleanup spends on a link: it looks at it once, and erases it."""
        nothing_due = self.cleanup()
        looked, erased = timedelta(minutes=10), timedelta(days=40)
        spent = self.cleanup(looked) + self.cleanup(erased)
        return spent - nothing_due - nothing_due

    def _view(self) -> Units:
        """Return what counting one view costs where no other comes with it."""
        until = int(datetime.now(UTC).timestamp()) + 86_400
        line = json.dumps({"viewed_share": "0" * 32, "viewed_until": until})
        told = {
            "messageType": "DATA_MESSAGE",
            "owner": "123456789012",
            "logGroup": "group",
            "logStream": "stream",
            "subscriptionFilters": ["views"],
            "logEvents": [{"id": "1", "timestamp": 0, "message": line}],
        }
        packed = base64.b64encode(gzip.compress(json.dumps(told).encode())).decode()
        with self._measured() as units:
            handler_of(VIEWS)({"awslogs": {"data": packed}}, Context())
        return units()

    def _from_stream(self, operation: Operation) -> Units:
        """Return what one more costs the function that the table's stream feeds."""
        function = operation.later
        assert function in {PURGE, TITLES}
        # Of many that are deleted at once, each is erased as one is.
        call = delete(self) if function == PURGE else operation.prepare(self)
        stream = Stream(self._database, declared(), function)
        stream.take()
        call()
        with self._measured() as units:
            stream.feed(lambda event, _: handler_of(function)(event, Context()))
        return units()

    @contextmanager
    def _measured(self) -> Iterator[Callable[[], Units]]:
        with self._bench.meter.measuring() as cost:
            yield lambda: Units(cost.round_trips, cost.writes, cost.reads)


class LongContext(Context):
    """An invocation that has just begun its five minutes."""

    def get_remaining_time_in_millis(self) -> int:
        return 300_000
