"""Keeps ministack's tables and streams in a journal, across restarts and kills.

Every change of an item passes through a few functions of ministack's dynamodb module: they are
wrapped here, so that each request is in the journal before its response is sent. Requests run one
at a time on ministack's event loop, so the changes since the last response belong to this one.
"""

import asyncio
import json
import logging
import os
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from local.dynamodb.expiry import Expiry, scope_of
from local.dynamodb.journal import Change, Journal
from local.dynamodb.ordered_reads import OrderedReads
from local.dynamodb.stream_positions import processed_by_all

log = logging.getLogger(__name__)

SUPPORTED: Final = "1.5.33"
"""The version of ministack whose inside this package relies on."""
WRAPPED: Final = ("_set_item", "_remove_item", "_emit_stream_event", "handle_request")
"""What this module replaces; a test holds it against the installed version."""
_DEFINING = frozenset({"CreateTable", "DeleteTable", "UpdateTable", "UpdateTimeToLive"})
_SERVED = _DEFINING | {
    *("BatchGetItem", "BatchWriteItem", "DeleteItem", "DescribeTable", "DescribeTimeToLive"),
    *("GetItem", "ListTables", "PutItem", "Query", "Scan", "TransactGetItems"),
    *("TransactWriteItems", "UpdateItem"),
}
_IMAGES = ("OldImage", "NewImage")
_COMMIT_ITEMS = 100

Reply = tuple[int, dict[str, str], bytes]


class DurableTables:
    """Wraps ministack's dynamodb module; everything here runs on its event loop."""

    def __init__(self, dynamodb: Any, data: Path) -> None:
        """Load what the data directory holds, then record every change to come."""
        self._dynamodb = dynamodb
        self._scope: Any = import_module("ministack.core.responses").request_scope
        self._streams = data / "streams"
        self._journal = Journal(data / "table")
        self._changes: list[dict[str, Any]] = []
        self._compaction: asyncio.Task[None] | None = None
        OrderedReads(dynamodb)
        self._expiry = Expiry(dynamodb)
        self._load()
        for name in WRAPPED:
            original = getattr(dynamodb, name)
            wrapper = getattr(self, f"_wrapped_{name.removeprefix('_')}")
            setattr(dynamodb, name, partial(wrapper, original))

    def expire(self) -> None:
        """Delete the items that have expired."""
        self._expiry.run()
        self._commit()

    async def stop(self) -> None:
        """Return when nothing is being written any more."""
        if self._compaction is not None:
            await asyncio.wait([self._compaction])

    def _load(self) -> None:
        for changes in self._journal.replay():
            for change in changes:
                self._apply(change)
        for scope, table in self._dynamodb._tables.all_items():
            self._dynamodb._update_counts(table)
            self._expiry.watch(scope)

    def _apply(self, change: dict[str, Any]) -> None:
        account, region, name = scope = tuple(change["table"])
        dynamodb = self._dynamodb
        if "definition" in change:
            self._define(scope, change)
            return
        record = change.get("record")
        if "key" in change:
            table, new = dynamodb._tables.get_scoped(*scope), change["item"]
            pk, sk = change["key"]
            if new is None:
                old = dynamodb._remove_item(table, pk, sk)
            else:
                old = dynamodb._set_item(table, pk, sk, new)
            if record is not None:
                images = zip(_IMAGES, (old, new), strict=True)
                record["dynamodb"] |= {
                    part: item for part, item in images if part in record["dynamodb"]
                }
        if record is not None:
            with self._scope(account, region):
                dynamodb._stream_records.setdefault(name, []).append(record)

    def _define(self, scope: tuple[str, ...], change: dict[str, Any]) -> None:
        dynamodb, definition = self._dynamodb, change["definition"]
        before = dynamodb._tables.get_scoped(*scope)
        stores = (dynamodb._tables, dynamodb._ttl_settings, dynamodb._stream_trimmed)
        if before is not None and (
            definition is None or definition["TableId"] != before["TableId"]
        ):
            for store in (*stores, dynamodb._stream_records):
                store.pop_scoped(*scope, None)
            before = None
        if definition is None:
            return
        items = before["items"] if before else defaultdict(dict)
        dynamodb._tables.set_scoped(*scope, {**definition, "items": items})
        if change["ttl"] is not None:
            dynamodb._ttl_settings.set_scoped(*scope, change["ttl"])
        dynamodb._stream_trimmed.set_scoped(*scope, change["trimmed"])

    def _wrapped_set_item(self, original: Any, table: Any, pk: Any, sk: Any, item: Any) -> Any:
        old = original(table, pk, sk, item)
        self._changes.append({"table": scope_of(table), "key": [pk, sk], "item": item})
        return old

    def _wrapped_remove_item(self, original: Any, table: Any, pk: Any, sk: Any) -> Any:
        old = original(table, pk, sk)
        if old is not None:
            self._changes.append({"table": scope_of(table), "key": [pk, sk], "item": None})
        return old

    def _wrapped_emit_stream_event(
        self, original: Any, name: str, *arguments: Any, **options: Any
    ) -> None:
        before = self._last_record(name)
        original(name, *arguments, **options)
        record = self._last_record(name)
        if record is not None and record is not before:
            images = (record["dynamodb"].get(part) for part in ("Keys", *_IMAGES))
            sizes = (self._dynamodb._item_size_bytes(image) for image in images if image)
            record["dynamodb"]["SizeBytes"] = sum(sizes)
            # ministack emits right after the change, whose line then holds the images already.
            self._changes[-1]["record"] = record

    async def _wrapped_handle_request(
        self, original: Any, method: str, path: str, headers: Any, body: bytes, query: Any
    ) -> Reply:
        action = str(headers.get("x-amz-target", "")).rpartition(".")[2]
        if action not in _SERVED:
            return _unknown(action)
        defined = {scope for scope, _ in self._dynamodb._tables.all_items()}
        try:
            reply: Reply = await original(method, path, headers, body, query)
        finally:
            if action in _DEFINING:
                defined |= {scope for scope, _ in self._dynamodb._tables.all_items()}
                self._changes += [self._definition(scope) for scope in defined]
            self._commit()
        return reply

    def _definition(self, scope: tuple[str, str, str]) -> dict[str, Any]:
        dynamodb = self._dynamodb
        table = dynamodb._tables.get_scoped(*scope)
        return {
            "table": scope,
            "definition": table
            and {
                name: value
                for name, value in table.items()
                if name != "items" and not name.startswith("_")
            },
            "ttl": dynamodb._ttl_settings.get_scoped(*scope),
            "trimmed": dynamodb._stream_trimmed.get_scoped(*scope, 0),
        }

    def _commit(self) -> None:
        if not self._changes:
            return
        try:
            self._journal.append(map(_without_images, self._changes))
        except OSError as exc:
            # The next process has what was acknowledged, and this one more than that.
            log.critical("cannot write the table's journal: %s", exc)
            os._exit(1)
        self._changes = []
        if self._journal.is_due and (self._compaction is None or self._compaction.done()):
            self._compaction = asyncio.create_task(self._compact())

    async def _compact(self) -> None:
        state = self._state()
        try:
            await self._journal.compact(state)
        except OSError as exc:
            log.warning("cannot compact the table's journal, which grows on: %s", exc)

    def _state(self) -> Iterator[list[Change]]:
        """Return the present state as commits, which can be read while it changes."""
        tables = []
        for scope, table in self._dynamodb._tables.all_items():
            records = self._trimmed_records(scope, table)
            # Shallow copies: an item is never changed in place, only replaced by another one.
            items = [(pk, dict(items)) for pk, items in table["items"].items()]
            tables.append((self._definition(scope), items, records))
        return (
            [change]
            for definition, items, records in tables
            for change in _changes_to(definition, items, records)
        )

    def _trimmed_records(self, scope: tuple[str, str, str], table: Any) -> list[dict[str, Any]]:
        """Drop the stream records that every mapping has processed, and return the others."""
        records: list[dict[str, Any]] = self._dynamodb._stream_records.get_scoped(*scope) or []
        processed = processed_by_all(self._streams, table.get("LatestStreamArn", ""))
        if processed is not None:
            # The last one stays: mappings continue after it.
            count = bisect_left(records, processed, key=_sequence_number)
            del records[:count]
            trimmed = self._dynamodb._stream_trimmed
            trimmed.set_scoped(*scope, trimmed.get_scoped(*scope, 0) + count)
        return list(records)

    def _last_record(self, name: str) -> dict[str, Any] | None:
        records = self._dynamodb._stream_records.get(name)
        return records[-1] if records else None


def _changes_to(
    definition: Change,
    items: Iterable[tuple[str, Mapping[str, Any]]],
    records: Iterable[Mapping[str, Any]],
) -> Iterator[Change]:
    """Yield the changes that make a table out of nothing."""
    yield definition
    for pk, partition in items:
        for sk, item in partition.items():
            yield {"table": definition["table"], "key": [pk, sk], "item": item}
    for record in records:
        yield {"table": definition["table"], "record": record}


def _without_images(change: Change) -> Change:
    """Return a change whose stream record only says which images it has: the items follow."""
    record = change.get("record")
    if record is None:
        return change
    parts = {name: value for name, value in record["dynamodb"].items() if name not in _IMAGES}
    parts |= {name: None for name in _IMAGES if name in record["dynamodb"]}
    return {**change, "record": {**record, "dynamodb": parts}}


def _sequence_number(record: Mapping[str, Any]) -> str:
    return str(record["dynamodb"]["SequenceNumber"])


def _unknown(action: str) -> Reply:
    error = {
        "__type": "com.amazonaws.dynamodb.v20120810#UnknownOperationException",
        "message": f"{action} is not served on one machine.",
    }
    return 400, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(error).encode()
