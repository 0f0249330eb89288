"""The keys of a table and its indexes in order, and where in it a Query or a Scan reads.

A request that is not understood here, or a table whose keys are not all strings, is left to
ministack's own path.
"""

import hashlib
import re
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_NAME, _LOW = r"(?P<name>#?\w+)", r"(?P<low>:\w+)"
_CONDITION = re.compile(r"(?is)\s*(#?\w+)\s*=\s*(:\w+)\s*(?:\bAND\b\s*(.+?))?\s*")
_PREFIX = re.compile(rf"begins_with\s*\(\s*{_NAME}\s*,\s*{_LOW}\s*\)", re.IGNORECASE)
_BETWEEN = re.compile(rf"{_NAME}\s+BETWEEN\s+{_LOW}\s+AND\s+(?P<high>:\w+)", re.IGNORECASE)
_COMPARISON = re.compile(rf"{_NAME}\s*(?P<operator>=|<=|>=|<|>)\s*{_LOW}")

Item = Mapping[str, Any]
Entry = tuple[str, str, str]
"""An item in an order: the sort key of that order, then the table's partition and sort key."""


class KeyOrder:
    """The keys of one table and its indexes, in order."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        """Sort the keys of the items that are there."""
        indexes = table.get("GlobalSecondaryIndexes", []) + table.get("LocalSecondaryIndexes", [])
        self.schemas: dict[str | None, tuple[str, str | None]] = {
            None: (table["pk_name"], table["sk_name"])
        }
        self.schemas |= {index["IndexName"]: _names(index["KeySchema"]) for index in indexes}
        types = {each["AttributeType"] for each in table["AttributeDefinitions"]}
        plain = all(len(index["KeySchema"]) <= 2 for index in indexes)
        # Strings are ordered by their code points, as their UTF-8 bytes are in DynamoDB.
        self.usable = table["sk_name"] is not None and types == {"S"} and plain
        self.partitions: dict[tuple[str | None, str], list[Entry]] = {}
        self.partition_keys: list[str] = []
        if self.usable:
            for items in table["items"].values():
                for item in items.values():
                    self.replace(None, item)

    def replace(self, old: Item | None, new: Item | None) -> None:
        """Follow the replacement of an item by another one of the same key."""
        if not self.usable:
            return
        for index in self.schemas:
            before, after = self._place(index, old), self._place(index, new)
            if before == after:
                continue
            if before is not None:
                self._remove(index, *before)
            if after is not None:
                self._add(index, *after)

    def between(self, index: str | None, partition: str) -> list[Entry]:
        """Return the entries of one partition."""
        return self.partitions.get((index, partition), [])

    def _place(self, index: str | None, item: Item | None) -> tuple[str, Entry] | None:
        hash_name, range_name = self.schemas[index]
        if item is None or hash_name not in item or (range_name and range_name not in item):
            return None
        (pk_name, sk_name), sort = self.schemas[None], item[range_name]["S"] if range_name else ""
        return item[hash_name]["S"], (sort, item[pk_name]["S"], item[str(sk_name)]["S"])

    def _add(self, index: str | None, partition: str, entry: Entry) -> None:
        entries = self.partitions.get((index, partition))
        if entries is None:
            entries = self.partitions[index, partition] = []
            if index is None:
                insort(self.partition_keys, partition)
        insort(entries, entry)

    def _remove(self, index: str | None, partition: str, entry: Entry) -> None:
        entries = self.partitions[index, partition]
        del entries[bisect_left(entries, entry)]
        if not entries:
            del self.partitions[index, partition]
            if index is None:
                del self.partition_keys[bisect_left(self.partition_keys, partition)]


def _names(schema: Iterable[Mapping[str, str]]) -> tuple[str, str | None]:
    names = {key["KeyType"]: key["AttributeName"] for key in schema}
    return names["HASH"], names.get("RANGE")


def queried(order: KeyOrder, data: Mapping[str, Any]) -> tuple[str, Iterator[Entry]] | None:
    """Return a Query's partition and its entries from the start key on, or None for ministack."""
    index, limit = data.get("IndexName"), data.get("Limit")
    condition = _CONDITION.fullmatch(str(data.get("KeyConditionExpression")))
    if not order.usable or index not in order.schemas or condition is None or not _is_limit(limit):
        return None
    hash_name, range_name = order.schemas[index]
    names = data.get("ExpressionAttributeNames") or {}
    values = data.get("ExpressionAttributeValues")
    partition = _text(values, condition[2])
    if names.get(condition[1], condition[1]) != hash_name or partition is None:
        return None
    entries = order.between(index, partition)
    bounds = _bounds(entries, condition[3], names, values, range_name)
    start = data.get("ExclusiveStartKey")
    if bounds is None:
        return None
    first, last = bounds
    forward = data.get("ScanIndexForward", True)
    if start is not None:
        place = _start(order, index, start)
        if place is None:
            return None
        if forward:
            first = max(first, bisect_right(entries, place))
        else:
            last = min(last, bisect_left(entries, place))
    numbers = range(first, last) if forward else range(last - 1, first - 1, -1)
    return partition, (entries[number] for number in numbers)


def _bounds(
    entries: list[Entry], condition: str | None, names: Any, values: Any, range_name: str | None
) -> tuple[int, int] | None:
    """Return between which entries a condition on the sort key holds."""
    if condition is None:
        return 0, len(entries)
    matches = (pattern.fullmatch(condition) for pattern in (_PREFIX, _BETWEEN, _COMPARISON))
    found = next((match for match in matches if match is not None), None)
    if found is None or names.get(found["name"], found["name"]) != range_name:
        return None
    operands = found.groupdict()
    low = _text(values, operands["low"])
    high = _text(values, operands.get("high") or operands["low"])
    if low is None or high is None:
        return None
    return _first(entries, operands.get("operator"), low), _last(entries, found, high)


def _first(entries: list[Entry], operator: str | None, low: str) -> int:
    if operator in ("<", "<="):
        return 0
    bisect = bisect_right if operator == ">" else bisect_left
    return bisect(entries, low, key=_sort)


def _last(entries: list[Entry], found: re.Match[str], high: str) -> int:
    operator = found.groupdict().get("operator")
    if operator in (">", ">="):
        return len(entries)
    if found.re is _PREFIX:
        return bisect_right(entries, high, key=lambda entry: entry[0][: len(high)])
    bisect = bisect_left if operator == "<" else bisect_right
    return bisect(entries, high, key=_sort)


def scanned(order: KeyOrder, data: Mapping[str, Any]) -> Iterator[Entry] | None:
    """Return a Scan's entries from the start key on, or None for ministack."""
    segment, segments = data.get("Segment", 0), data.get("TotalSegments", 1)
    start = data.get("ExclusiveStartKey")
    place = _start(order, None, start) if start is not None else None
    if not order.usable or data.get("IndexName") or not _is_limit(data.get("Limit")):
        return None
    if start is not None and place is None:
        return None
    if not isinstance(segment, int) or not isinstance(segments, int) or segments < 1:
        return None
    return _from(order, place, segment, segments)


def _from(order: KeyOrder, place: Entry | None, segment: int, segments: int) -> Iterator[Entry]:
    keys = order.partition_keys
    for number in range(bisect_left(keys, place[1]) if place else 0, len(keys)):
        # As ministack spreads partitions over segments.
        digest = hashlib.sha1(keys[number].encode(), usedforsecurity=False).digest()
        if int.from_bytes(digest[:4], "big") % segments != segment:
            continue
        entries = order.between(None, keys[number])
        skipped = bisect_right(entries, place) if place and keys[number] == place[1] else 0
        for position in range(skipped, len(entries)):
            yield entries[position]


def _start(order: KeyOrder, index: str | None, start: Any) -> Entry | None:
    """Return where an ExclusiveStartKey is in an order, or None where it is not one."""
    (pk_name, sk_name), (_, range_name) = order.schemas[None], order.schemas[index]
    texts = [_text(start, name) if name else "" for name in (range_name, pk_name, sk_name)]
    sort, pk, sk = texts
    return None if sort is None or pk is None or sk is None else (sort, pk, sk)


def _text(values: Any, name: Any) -> str | None:
    value = values.get(name) if isinstance(values, dict) else None
    text = value.get("S") if isinstance(value, dict) and len(value) == 1 else None
    return text if isinstance(text, str) else None


def _is_limit(value: Any) -> bool:
    return value is None or (type(value) is int and value > 0)


def _sort(entry: Entry) -> str:
    return entry[0]
