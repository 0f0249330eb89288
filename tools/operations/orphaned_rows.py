"""The search for rows that belong to no existing conversation."""

import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from colloquy.domain.errors import UnavailableError
from colloquy.store import keys
from colloquy.store.backoff import tries
from colloquy.store.keys import Key

# What BatchGetItem takes at a time.
_BATCH = 100
_PATIENCE_SECONDS = 60.0
"""How long keys that a busy table leaves unprocessed are requested again, with growing pauses."""
_READ = {
    "ProjectionExpression": "PK, SK, #type, #owner, conversation_id, asked_at",
    "ExpressionAttributeNames": {"#type": "type", "#owner": "owner"},
}

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Pace:
    """How fast the table may be read: read units a second, over all segments together."""

    units: float
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _spent: list[float] = field(default_factory=lambda: [0.0, time.monotonic()])

    def spend(self, units: float) -> None:
        """Wait until these units, which have just been used, fit the pace."""
        with self._lock:
            self._spent[0] += units
            due = self._spent[1] + self._spent[0] / self.units
        time.sleep(max(0.0, due - time.monotonic()))

    @property
    def spent(self) -> float:
        """Read units used so far."""
        return self._spent[0]


@dataclass
class Suspect:
    """Rows of one partition that belong to something that is not there."""

    missing: Key
    rows: int
    last: Key
    erasing_since: datetime | None = None


@dataclass
class Findings:
    """What a search has found; rows of ``unknown`` kinds are counted by where they stand."""

    rows: int = 0
    suspects: dict[str, Suspect] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)


class Search:
    """Reads a whole table, and never writes."""

    def __init__(self, client: Any, table: str, pace: Pace) -> None:
        """Take a boto3 client for DynamoDB."""
        self._client = client
        self._table = table
        self._pace = pace
        self._lock = threading.Lock()
        self._found = Findings()

    def run(self, segments: int) -> Findings:
        """Scan in segments side by side; what is found may be a deletion that is under way."""
        with ThreadPoolExecutor(segments) as pool:
            for done in [pool.submit(self._scan, each, segments) for each in range(segments)]:
                done.result()
        return self._found

    def still_there(self, suspects: Iterable[Suspect]) -> list[Suspect]:
        """Return those whose last row is still there: purge erases in the order of keys."""
        suspected = list(suspects)
        there = self._existing([each.last for each in suspected])
        return [each for each in suspected if each.last in there]

    def _scan(self, segment: int, segments: int) -> None:
        for page in self._pages(segment, segments):
            owed: list[tuple[list[Key], Key, Row]] = []
            for row in page:
                key = Key(row["PK"]["S"], row["SK"]["S"])
                needs = needed_by(key, row)
                if needs is None:
                    with self._lock:
                        kind = f"{key.partition.split('#')[0]}# / {key.sort.split('#')[0]}"
                        self._found.unknown[kind] = self._found.unknown.get(kind, 0) + 1
                    continue
                owed.append((needs, key, row))
            there = self._existing({need for needs, _, _ in owed for need in needs})
            # A fork or an import writes its header last; until then a note stands for it.
            absent = {need for needs, _, _ in owed for need in needs} - there
            notes = {
                _note_of(need): need for need in absent if need.sort.startswith(keys.CONVERSATION)
            }
            there |= {notes[note] for note in self._existing(notes)}
            with self._lock:
                self._found.rows += len(page)
                for needs, key, row in owed:
                    if missing := [need for need in needs if need not in there]:
                        self._suspect(missing[0], key, row)

    def _suspect(self, missing: Key, key: Key, row: Row) -> None:
        # A partition of content is one suspect, each row of an owner's links is one by itself.
        name = key.partition if keys.content_of(key.partition) else f"{key.partition} {key.sort}"
        suspect = self._found.suspects.setdefault(name, Suspect(missing, 0, key))
        suspect.rows += 1
        suspect.last = max(suspect.last, key, key=lambda each: each.sort)
        if key.sort == keys.ERASURE:
            suspect.erasing_since = datetime.fromisoformat(row["asked_at"]["S"])

    def _pages(self, segment: int, segments: int) -> Iterator[Sequence[Row]]:
        scan: dict[str, Any] = {"Segment": segment, "TotalSegments": segments, "Limit": 1000}
        while True:
            reply = self._client.scan(
                TableName=self._table, ReturnConsumedCapacity="TOTAL", **_READ, **scan
            )
            yield reply["Items"]
            self._pace.spend(_units(reply.get("ConsumedCapacity")))
            if "LastEvaluatedKey" not in reply:
                return
            scan["ExclusiveStartKey"] = reply["LastEvaluatedKey"]

    def _existing(self, rows: Iterable[Key]) -> set[Key]:
        asked = list(rows)
        there: set[Key] = set()
        for start in range(0, len(asked), _BATCH):
            left: Any = [key.as_dict() for key in asked[start : start + _BATCH]]
            for _ in tries(time.monotonic() + _PATIENCE_SECONDS):
                reply = self._client.batch_get_item(
                    RequestItems={
                        self._table: {
                            "Keys": left,
                            "ProjectionExpression": "PK, SK",
                            "ConsistentRead": True,
                        }
                    },
                    ReturnConsumedCapacity="TOTAL",
                )
                found = reply["Responses"].get(self._table, [])
                there |= {Key(row["PK"]["S"], row["SK"]["S"]) for row in found}
                left = reply["UnprocessedKeys"].get(self._table, {}).get("Keys", [])
                self._pace.spend(sum(map(_units, reply.get("ConsumedCapacity", []))))
                if not left:
                    break
            else:
                raise UnavailableError
        return there


def _units(consumed: Row | None) -> float:
    # Emulators leave it out; AWS does not.
    return float(consumed["CapacityUnits"]) if consumed else 0.0


def needed_by(key: Key, row: Row) -> list[Key] | None:
    """Return the rows without which this one has no reason to be; None for an unknown kind."""
    if content := keys.content_of(key.partition):
        return [keys.conversation(*content)]
    match key.partition.split("#"):
        case ["U", _, "K", *_]:
            return []
        case ["U", _]:
            return _needed_by_owned(key)
        case ["S", _] if key.sort == keys.LINK:
            return [keys.conversation(row["owner"]["S"], row["conversation_id"]["S"])]
        case ["V", _] if key.sort == keys.VIEWS:
            # A count under a digest, which names nothing; it expires with its link.
            return []
    return None


def _needed_by_owned(key: Key) -> list[Key] | None:
    match key.sort.split("#"):
        # A note of a copy is the cleanup's to work off.
        case ["C" | "P" | "F", _]:
            return []
        case ["S", conversation_id, _]:
            header = Key(key.partition, f"{keys.CONVERSATION}{conversation_id}")
            return [header, keys.link_of(key)]
    return None


def _note_of(header: Key) -> Key:
    """Return where the note is of a conversation whose header is not written yet."""
    conversation_id = header.sort.removeprefix(keys.CONVERSATION)
    return Key(header.partition, f"{keys.FORK}{conversation_id}")


def overdue(suspect: Suspect, seconds: float) -> bool:
    """Return whether a suspect is no erasure in progress, which may take ``seconds``."""
    if suspect.erasing_since is None:
        return True
    return (datetime.now(UTC) - suspect.erasing_since).total_seconds() > seconds
