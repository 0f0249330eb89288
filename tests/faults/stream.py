"""The table's stream: batches that come late, twice, out of order, and again when they failed."""

from collections.abc import Callable
from random import Random
from typing import Any, Final

from colloquy import wiring
from local.template.event_patterns import matches_any
from tests.faults.schedule import KilledError, Scheduler
from tests.support.functions import declared
from tests.support.in_process import Database

_MOST_FAILURES: Final = 300

Record = dict[str, Any]


class Purge:
    """Feeds the product's erasures with what the stream brings."""

    def __init__(
        self,
        database: Database,
        random: Random,
        scheduler: Scheduler,
        note: Callable[[str], None],
    ) -> None:
        self._database = database
        self._random = random
        self._scheduler = scheduler
        self._note = note
        self._queue: list[Record] = []
        (mapping,) = (each for each in declared().streams if each.function == "PurgeFunction")
        self._filters = mapping.filters

    def run(self) -> None:
        """Hand over batches, disturbed, while others write."""
        while not self._scheduler.is_alone():
            self._receive()
            if not self._queue:
                self._scheduler.point()
                continue
            self._disorder()
            batch = self._queue[: self._random.randint(1, 5)]
            try:
                done = self._hand_over(batch)
            except KilledError:
                self._scheduler.revive()
                continue
            again = [record for record in batch[:done] if self._random.random() < 0.15]
            self._queue = self._queue[done:] + again
            self._scheduler.point()

    def drain(self) -> None:
        """Hand over everything, until nothing comes any more.

        Raises:
            AssertionError: a record fails again and again.
        """
        failures = 0
        self._receive()
        while self._queue:
            done = self._hand_over(self._queue[:10])
            failures += done == 0
            if failures > _MOST_FAILURES:
                raise AssertionError(f"purge fails for ever with {self._queue[0]['dynamodb']}")
            self._queue = self._queue[done:]
            self._receive()

    def _receive(self) -> None:
        records = self._database.new_records()
        self._queue += [record for record in records if matches_any(self._filters, record)]

    def _disorder(self) -> None:
        """Let a record overtake, as those of other shards do: never one of the same partition."""
        if self._queue and self._random.random() < 0.3:
            chosen = self._random.randrange(len(self._queue))
            partition = self._queue[chosen]["dynamodb"]["Keys"]["PK"]
            earlier = [each["dynamodb"]["Keys"]["PK"] for each in self._queue[:chosen]]
            if partition not in earlier:
                self._queue.insert(0, self._queue.pop(chosen))

    def _hand_over(self, batch: list[Record]) -> int:
        """Run purge once and return how many records need not come again."""
        outcomes = [*wiring.erasures().work(batch)]
        failed = {each.sequence_number for each in outcomes if each.error is not None}
        numbers = [str(record["dynamodb"]["SequenceNumber"]) for record in batch]
        self._note(f"purge of {len(batch)}: {len(failed)} failed")
        return next((n for n, number in enumerate(numbers) if number in failed), len(batch))
