"""The table's stream as a function of template.yaml gets it: filtered, in order, until done."""

from collections.abc import Callable, Mapping
from typing import Any

from local.template.event_patterns import matches_any
from local.template.resources import Template
from local.triggers.stream import to_event
from tests.support.client import Context

Handler = Callable[[Mapping[str, Any], Any], Mapping[str, Any]]
Record = dict[str, Any]


class Stream:
    """What has changed in a table since the last look, for one function."""

    def __init__(self, client: Any, arn: str, declared: Template, function: str) -> None:
        self._client = client
        self._arn = arn
        (mapping,) = (each for each in declared.streams if each.function == function)
        self._filters = mapping.filters
        shard = client.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
        self._iterator = client.get_shard_iterator(
            StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]

    def take(self) -> list[Record]:
        """Return the records that pass the function's filters."""
        records: list[Record] = []
        while True:
            page = self._client.get_records(ShardIterator=self._iterator, Limit=1000)
            self._iterator = page["NextShardIterator"]
            if not page["Records"]:
                return [record for record in records if matches_any(self._filters, record)]
            records += [to_event(each, self._arn, "eu-west-1") for each in page["Records"]]

    def feed(self, handler: Handler, rounds: int = 100) -> int:
        """Give the function what it wants until there is no more; return how often it ran."""
        invocations, records = 0, self.take()
        while records:
            invocations += 1
            assert invocations <= rounds, "the function keeps asking"
            failures = handler({"Records": records}, Context())["batchItemFailures"]
            failed = {failure["itemIdentifier"] for failure in failures}
            numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
            first = min((numbers.index(number) for number in failed), default=len(records))
            records = records[first:] + self.take()
        return invocations
