"""What clients did in a run, and what they were answered: the evidence that is judged."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from colloquy.domain.conversation import Conversation
from colloquy.domain.export import ExportPart
from colloquy.domain.item import Item
from colloquy.domain.receipt import Once

Outcome = Literal["done", "failed", "unknown"]
"""An operation that was killed or not answered may have been done, or be done yet."""

_ENDLESS: Final = 10**9
_DELETIONS: Final = ("delete conversation", "delete many", "delete all", "delete project")


@dataclass(kw_only=True)
class Operation:
    """Something a client asked for, between two moments of the run.

    ``texts`` are what it was to write, each of which no other operation writes; ``call`` runs it
    again, for the replay of one with an Idempotency-Key.
    """

    kind: str
    owner: str
    call: Callable[[Once | None], Any]
    conversation: str = ""
    item: str = ""
    project: str = ""
    named: Sequence[str] = ()
    texts: list[str] = field(default_factory=list)
    link: "Operation | None" = None
    source: list[ExportPart] = field(default_factory=list)
    order: Literal["asc", "desc"] = "asc"
    is_read_only: bool = True
    with_conversations: bool = False
    once: Once | None = None
    expected: tuple[type[Exception], ...] = ()
    started: int = 0
    ended: int = _ENDLESS
    outcome: Outcome = "unknown"
    value: Any = None
    error: str = ""

    @property
    def may_be_done(self) -> bool:
        return self.outcome != "failed"

    @property
    def is_done(self) -> bool:
        return self.outcome == "done"

    def precedes(self, other: "Operation") -> bool:
        """Say whether this was answered before the other was asked for."""
        return self.ended < other.started

    def __str__(self) -> str:
        what = [self.conversation, self.item, self.project, *self.named, *self.texts]
        if self.link is not None:
            what.append(self.link.value.value.id)
        shown = " ".join(each[-6:] for each in what if each)
        key = f" with {self.once.key}" if self.once else ""
        return f"{self.owner}'s {self.kind} {shown}{key} [{self.started}, {self.ended}]"


@dataclass(frozen=True)
class Reading:
    """Messages that were read, in the order of the answer, and the header where it came along."""

    items: list[Item]
    header: Conversation | None = None


class History:
    """All operations of a run."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []

    def of(self, *kinds: str) -> Iterator[Operation]:
        return (each for each in self.operations if each.kind in kinds)

    def done(self, *kinds: str) -> Iterator[Operation]:
        return (each for each in self.of(*kinds) if each.is_done)

    def appends(self) -> list[Operation]:
        """Return the operations that appended messages to a conversation that was there."""
        return [*self.of("append", "respond", "write through link")]

    def deletions(self, conversation_id: str) -> list[Operation]:
        """Return the operations that may have deleted a conversation."""
        owners = [each.owner for each in self.of("create") if each.conversation == conversation_id]
        return [
            each
            for each in self.of(*_DELETIONS)
            if _may_delete(each, conversation_id) and each.owner in (owners or [each.owner])
        ]

    def sure_deletions(self, conversation_id: str) -> list[Operation]:
        """Return the operations that were answered that they deleted a conversation."""
        named = self.done("delete conversation")
        sure = [each for each in named if each.conversation == conversation_id]
        many = self.done("delete many")
        return sure + [each for each in many if conversation_id in each.value.value.deleted]

    def removals(self, item_id: str) -> list[Operation]:
        """Return the operations that may have deleted a message alone."""
        return [
            each for each in self.of("delete message") if each.item == item_id and each.may_be_done
        ]

    def rewrites(self, item_id: str) -> list[Operation]:
        """Return the operations that may have written a version of a message."""
        kinds = ("edit", "restore", "regenerate")
        return [each for each in self.of(*kinds) if each.item == item_id and each.may_be_done]


def _may_delete(operation: Operation, conversation_id: str) -> bool:
    if not operation.may_be_done:
        return False
    match operation.kind:
        case "delete conversation":
            return operation.conversation == conversation_id
        case "delete many":
            return conversation_id in operation.named
        case "delete project":
            return operation.with_conversations
    return True
