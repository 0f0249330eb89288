"""Counts what requests cost at the DynamoDB client, by AWS's own rules from item sizes.

Emulators report capacity wrongly or not at all, so the units are worked out here. Sources: the
DynamoDB Developer Guide, "Capacity unit consumption for on-demand mode" and "Item sizes and
formats"; a condition check is charged like the transactional write it stands beside.
"""

import math
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Long enough that calls meant to run side by side do overlap, also on a busy machine.
_NETWORK_SECONDS = 0.4


@dataclass
class Cost:
    """What was spent between two moments."""

    reads: float = 0.0
    writes: float = 0.0
    calls: list[tuple[str, float, float]] = field(default_factory=list)

    @property
    def round_trips(self) -> int:
        """How many calls had to wait for each other: those side by side count once."""
        trips, until = 0, 0.0
        for _, start, end in sorted(self.calls, key=lambda call: call[2]):
            if start >= until:
                trips, until = trips + 1, end
        return trips


class Meter:
    """Watches the calls of one boto3 client; looks rows up with another."""

    def __init__(self, client: "DynamoDBClient", looker: "DynamoDBClient", table: str) -> None:
        self._looker = looker
        self._table = table
        self._cost = Cost()
        self._measuring = False
        self._pending = threading.local()
        self._lock = threading.Lock()
        events = client.meta.events
        events.register("provide-client-params.dynamodb.*", self._start)
        events.register("after-call.dynamodb.*", self._end)

    @contextmanager
    def measuring(self) -> Iterator[Cost]:
        """Collect the cost of what happens inside."""
        self._cost = Cost()
        self._measuring = True
        yield self._cost
        self._measuring = False

    def _start(self, params: dict[str, Any], **_: Any) -> None:
        if not self._measuring:
            return
        start = time.monotonic()
        self._pending.call = (start, params, [self._look(key) for key in _keys_written(params)])
        time.sleep(_NETWORK_SECONDS)

    def _end(self, model: Any, parsed: Mapping[str, Any], **_: Any) -> None:
        if not self._measuring:
            return
        start, params, before = self._pending.call
        end = time.monotonic()
        reads, writes = self._units(model.name, params, parsed, before)
        with self._lock:
            self._cost.calls.append((model.name, start, end))
            self._cost.reads += reads
            self._cost.writes += writes

    def _units(
        self,
        name: str,
        params: dict[str, Any],
        parsed: Mapping[str, Any],
        before: list[Mapping[str, Any]],
    ) -> tuple[float, float]:
        strong = 1.0 if params.get("ConsistentRead") else 0.5
        match name:
            case "GetItem":
                return strong * _read_units(parsed.get("Item", {})), 0
            case "Query":
                # What a filter drops is paid for as well, but not seen here.
                assert parsed["ScannedCount"] == parsed["Count"], "a filter passed rows over"
                return strong * _read_units(*parsed["Items"]), 0
            case "BatchGetItem":
                return self._batch_read(params, parsed), 0
            case "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem":
                return 0, self._written(params, before, transactional=False)
            case "TransactWriteItems":
                return 0, self._written(params, before, transactional=True)
        raise AssertionError(f"nobody has said what {name} costs")

    def _batch_read(self, params: Mapping[str, Any], parsed: Mapping[str, Any]) -> float:
        total = 0.0
        for table, asked in params["RequestItems"].items():
            strong = 1.0 if asked.get("ConsistentRead") else 0.5
            found = parsed["Responses"].get(table, [])
            absent = len(asked["Keys"]) - len(found)
            total += strong * (absent + sum(_read_units(item) for item in found))
        return total

    def _written(
        self, params: Mapping[str, Any], before: list[Mapping[str, Any]], *, transactional: bool
    ) -> int:
        after = [self._look(key) for key in _keys_written(params)]
        return sum(
            _write_units(was, now, transactional=transactional)
            for was, now in zip(before, after, strict=True)
        )

    def _look(self, key: Mapping[str, Any]) -> Mapping[str, Any]:
        reply = self._looker.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return reply.get("Item", {})


def _keys_written(params: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the keys of the rows a call writes or checks."""
    if "TransactItems" in params:
        actions = params["TransactItems"]
    elif "RequestItems" in params:
        batches = params["RequestItems"].values()
        actions = [action for batch in batches if isinstance(batch, list) for action in batch]
    elif "KeyConditionExpression" in params or "ConsistentRead" in params:
        return []
    else:
        actions = [{"": params}]
    return [_key_of(words) for action in actions for words in action.values()]


def _key_of(words: Mapping[str, Any]) -> Mapping[str, Any]:
    source = words.get("Key") or words["Item"]
    return {"PK": source["PK"], "SK": source["SK"]}


def _read_units(*items: Mapping[str, Any]) -> int:
    return max(1, math.ceil(sum(size_of(item) for item in items) / 4096))


def _write_units(
    before: Mapping[str, Any], after: Mapping[str, Any], *, transactional: bool = False
) -> int:
    size = max(size_of(before), size_of(after))
    factor = 2 if transactional else 1
    return factor * max(1, math.ceil(size / 1024)) + _index_units(before, after)


def _index_units(before: Mapping[str, Any], after: Mapping[str, Any]) -> int:
    """Return what a keys-only index is charged: one unit for an entry that goes, one that comes."""
    total = 0
    for index in ("GSI1", "GSI2"):
        names = [f"{index}PK", f"{index}SK"]
        was, now = ([item.get(name) for name in names] for item in (before, after))
        if was != now:
            total += sum(1 for entry in (was, now) if all(entry))
    return total


def size_of(item: Mapping[str, Any]) -> int:
    """Return an item's size in bytes as DynamoDB counts it."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: Mapping[str, Any]) -> int:
    ((kind, held),) = value.items()
    match kind:
        case "S":
            return len(held.encode())
        case "N":
            return math.ceil(len(held.strip("-").strip("0").replace(".", "")) / 2) + 1
        case "B":
            return len(held)
        case "BOOL" | "NULL":
            return 1
        case "M":
            return 3 + sum(1 + len(name.encode()) + _value_size(v) for name, v in held.items())
        case "L":
            return 3 + sum(1 + _value_size(v) for v in held)
    raise AssertionError(f"nobody has said how large {kind} is")
