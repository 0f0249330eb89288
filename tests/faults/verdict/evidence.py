"""The table after a run, sorted by what the judges ask for."""

from collections import defaultdict
from typing import Protocol

from colloquy.domain.item import Item
from colloquy.store.rows import Row
from tests.faults.clock import Clock
from tests.faults.history import History, Operation
from tests.support.in_process import Database


class Trial(Protocol):
    """A run as its judges see it."""

    history: History
    database: Database
    clock: Clock

    @property
    def has_skewed_clocks(self) -> bool: ...


class Evidence:
    """What is in the table, and what was answered.

    ``texts`` are those that a message has had, by version, the current one included.
    """

    def __init__(self, trial: Trial) -> None:
        self.history = trial.history
        self.database = trial.database
        self.clock = trial.clock
        self.has_skewed_clocks = trial.has_skewed_clocks
        self.rows = trial.database.rows()
        self.headers: dict[str, Row] = {}
        self.items: dict[str, Row] = {}
        self.messages: dict[str, list[Row]] = defaultdict(list)
        self.versions: dict[str, dict[int, str]] = defaultdict(dict)
        for row in self.rows:
            if row["type"] == "conversation":
                self.headers[row["id"]] = row
            elif row["type"] == "item":
                self.items[row["id"]] = row
                self.messages[row["conversation_id"]].append(row)
            elif row["type"] == "version":
                self.versions[row["item_id"]][int(row["version"])] = row["content"]
        for messages in self.messages.values():
            messages.sort(key=lambda row: str(row["id"]))
        self.texts = {
            item_id: {**self.versions[item_id], int(row["version"]): str(row["content"])}
            for item_id, row in self.items.items()
        }

    def was_deleted_by(self, conversation_id: str, reader: Operation) -> bool:
        """Say whether a conversation may have been deleted before a reader was answered."""
        deletions = self.history.deletions(conversation_id)
        return any(each.started < reader.ended for each in deletions)

    def was_removed_by(self, item_id: str, reader: Operation) -> bool:
        """Say whether a message may have been deleted before a reader was answered."""
        return any(each.started < reader.ended for each in self.history.removals(item_id))


def written(operation: Operation) -> list[Item]:
    """Return the messages that an operation was answered it has written."""
    if not operation.is_done:
        return []
    value = operation.value.value
    return [value] if isinstance(value, Item) else list(value)
