"""The table's stream as a function of template.yaml gets it: filtered, in order, until done."""

from collections.abc import Callable, Mapping
from typing import Any

from local.template.event_patterns import matches_any
from local.template.resources import Template
from tests.support.client import Context
from tests.support.in_process import Database

Handler = Callable[[Mapping[str, Any], Any], Mapping[str, Any]]
Record = dict[str, Any]


class Stream:
    """What has changed in a table since the last look, for one function."""

    def __init__(self, database: Database, declared: Template, function: str) -> None:
        self._database = database
        (mapping,) = (each for each in declared.streams if each.function == function)
        self._filters = mapping.filters

    def take(self) -> list[Record]:
        """Return the records that pass the function's filters."""
        records = self._database.new_records()
        return [record for record in records if matches_any(self._filters, record)]

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
