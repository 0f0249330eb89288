"""Reads the table's stream and feeds the functions that are mapped to it.

The position of each mapping is written to the data directory after every round. A restart
continues from it; records that were being processed are processed again (at least once, as Lambda).
"""

import asyncio
import base64
import json
import logging
import zlib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.dynamodb import stream_positions
from local.dynamodb.endpoint import Endpoint
from local.functions.runtime_api import PAYLOAD_LIMIT, Fleet
from local.template.event_patterns import matches_any
from local.template.resources import Stream, Template
from local.triggers.delivery import Delivery, Record, Source

log = logging.getLogger(__name__)
_POLL_SECONDS = 0.2
_LIST_SECONDS = 10.0
# "GetRecords can retrieve a maximum of 1 MB of data or 1000 stream records".
_PAGE = 1000


class Pump:
    """One mapping from the table's stream to a function."""

    def __init__(
        self, template: Template, stream: Stream, endpoint: Endpoint, fleet: Fleet, data: Path
    ) -> None:
        """Read nothing yet."""
        self._stream = stream
        self._table = template.table.name if template.table else ""
        self._tables = endpoint.client("dynamodb")
        self._client = endpoint.client("dynamodbstreams")
        self._region = endpoint.environment["AWS_REGION"]
        self._delivery = Delivery(stream, fleet.pools[stream.function].invoke, data / "queues")
        self._file = data / "streams" / f"{stream.function}.{stream.name}.json"
        self._positions: dict[str, str] = {}
        self._resumed = False
        self._arn = ""
        self._finished: set[str] = set()
        self._readers: dict[str, asyncio.Task[None]] = {}

    async def open(self) -> bool:
        """Find the stream, and return whether there is one."""
        described = await asyncio.to_thread(self._tables.describe_table, TableName=self._table)
        self._arn = described["Table"].get("LatestStreamArn", "")
        if not self._arn:
            log.warning("the table has no stream here: %s is not fed", self._stream.function)
            return False
        saved = stream_positions.load(self._file, self._arn)
        if saved is not None:
            self._positions, self._resumed = saved, True
        # From now on LATEST means: since this moment, also after a restart.
        self._save()
        await self._open_shards()
        return True

    async def run(self) -> None:
        """Read until cancelled."""
        try:
            while True:
                await asyncio.sleep(_LIST_SECONDS)
                try:
                    await self._open_shards()
                except (ClientError, BotoCoreError) as exc:
                    log.warning("cannot list the stream's shards, trying again: %s", exc)
        finally:
            for reader in self._readers.values():
                reader.cancel()

    async def _open_shards(self) -> None:
        shards = await asyncio.to_thread(self._shards)
        known = {shard["ShardId"] for shard in shards}
        for shard in shards:
            name, parent = shard["ShardId"], shard.get("ParentShardId")
            # A child holds what came after its parent: in order means parents first.
            if name in self._readers or (parent in known and parent not in self._finished):
                continue
            iterator = await asyncio.to_thread(self._iterator, name)
            reader = self._readers[name] = asyncio.create_task(self._read(name, iterator))
            reader.add_done_callback(_report)

    def _shards(self) -> list[dict[str, Any]]:
        shards: list[dict[str, Any]] = []
        start: dict[str, str] = {}
        while True:
            page = self._client.describe_stream(StreamArn=self._arn, **start)["StreamDescription"]
            shards += page["Shards"]
            if "LastEvaluatedShardId" not in page:
                return shards
            start = {"ExclusiveStartShardId": page["LastEvaluatedShardId"]}

    def _iterator(self, shard: str) -> str | None:
        place: dict[str, str] = {"ShardIteratorType": self._stream.starting_position}
        if shard in self._positions:
            place = {
                "ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
                "SequenceNumber": self._positions[shard],
            }
        elif self._resumed:
            place = {"ShardIteratorType": "TRIM_HORIZON"}
        request = {"StreamArn": self._arn, "ShardId": shard}
        try:
            reply = self._client.get_shard_iterator(**request, **place)
        except self._client.exceptions.TrimmedDataAccessException:
            # Older than a day: the rest is gone, on AWS too.
            reply = self._client.get_shard_iterator(**request, ShardIteratorType="TRIM_HORIZON")
        found: str | None = reply.get("ShardIterator")
        return found

    async def _read(self, shard: str, iterator: str | None) -> None:
        source = Source(self._arn, shard)
        while iterator is not None:
            try:
                records, iterator = await self._gather(iterator)
            except (ClientError, BotoCoreError) as exc:
                log.warning("cannot read the stream, trying again: %s", exc)
                iterator = await self._reopen(shard)
                continue
            if records:
                await self._process(source, records)
                self._positions[shard] = records[-1]["dynamodb"]["SequenceNumber"]
                self._save()
        self._finished.add(shard)

    async def _reopen(self, shard: str) -> str | None:
        while True:
            await asyncio.sleep(1)
            try:
                return await asyncio.to_thread(self._iterator, shard)
            except (ClientError, BotoCoreError) as exc:
                log.debug("the stream is still away: %s", exc)

    async def _gather(self, iterator: str) -> tuple[list[Record], str | None]:
        """Return the next records: as many as the mapping takes, or as there are."""
        most = self._stream.batch_size * self._stream.parallel
        records: list[Record] = []
        following: str | None = iterator
        while following is not None and len(records) < most:
            limit = min(most - len(records), _PAGE)
            page = await asyncio.to_thread(
                self._client.get_records, ShardIterator=following, Limit=limit
            )
            following = page.get("NextShardIterator")
            records += [to_event(each, self._arn, self._region) for each in page["Records"]]
            if records:
                break
            await asyncio.sleep(_POLL_SECONDS)
        return records, following

    async def _process(self, source: Source, records: list[Record]) -> None:
        chosen = [record for record in records if matches_any(self._stream.filters, record)]
        await asyncio.gather(
            *(self._process_lane(source, lane) for lane in lanes(chosen, self._stream.parallel))
        )

    async def _process_lane(self, source: Source, records: list[Record]) -> None:
        for batch in batches(records, self._stream.batch_size):
            await self._delivery.deliver(source, batch)

    def _save(self) -> None:
        stream_positions.save(self._file, self._arn, self._positions)


def _report(reader: "asyncio.Task[None]") -> None:
    if not reader.cancelled() and (exc := reader.exception()) is not None:
        log.error("reading the stream has ended", exc_info=exc)


def to_event(record: dict[str, Any], stream_arn: str, region: str) -> Record:
    """Return a record of the Streams API as it stands in a function's event."""
    change = dict(record["dynamodb"])
    created = change.get("ApproximateCreationDateTime")
    if isinstance(created, datetime):
        change["ApproximateCreationDateTime"] = created.timestamp()
    event = {
        "eventID": record["eventID"],
        "eventName": record["eventName"],
        "eventVersion": record["eventVersion"],
        "eventSource": "aws:dynamodb",
        "awsRegion": record.get("awsRegion", region),
        "dynamodb": _as_json(change),
        "eventSourceARN": stream_arn,
    }
    if identity := record.get("userIdentity"):
        event["userIdentity"] = {
            "type": identity["Type"],
            "principalId": identity["PrincipalId"],
        }
    return event


def lanes(records: Iterable[Record], number: int) -> list[list[Record]]:
    """Spread records over lanes so that those of one partition key stay in order in one."""
    spread: list[list[Record]] = [[] for _ in range(number)]
    for record in records:
        partition = next(iter(record["dynamodb"]["Keys"].items()), None)
        spread[zlib.crc32(json.dumps(partition).encode()) % number].append(record)
    return [lane for lane in spread if lane]


def batches(records: Iterable[Record], size: int) -> list[list[Record]]:
    """Cut a lane into batches of at most ``size`` records and the bytes one event may have."""
    cut: list[list[Record]] = []
    weight = 0
    for record in records:
        added = len(json.dumps(record)) + 2
        if not cut or len(cut[-1]) >= size or weight + added > PAYLOAD_LIMIT - 100:
            cut.append([])
            weight = 0
        cut[-1].append(record)
        weight += added
    return cut


def _as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_json(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_as_json(member) for member in value]
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
