"""A client: it asks, asks again where that is safe, and writes down what it was answered."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from colloquy.domain.errors import (
    ColloquyError,
    ConflictError,
    IdempotencyMismatchError,
    InvalidRequestError,
    PreconditionFailedError,
    UnavailableError,
)
from colloquy.domain.export import ExportPart
from colloquy.domain.receipt import AlreadyDoneError, Once
from tests.faults.history import History, Operation
from tests.faults.schedule import KilledError, Scheduler

_MOST_TRIES: Final = 6
_NEVER_DUE: Final = (
    AlreadyDoneError,
    IdempotencyMismatchError,
    InvalidRequestError,
    PreconditionFailedError,
)
"""Errors that nothing a client of these runs does can be answered with."""

ALICE: Final = "alice"
BOB: Final = "bob"


@dataclass
class World:
    """What the clients of a run know of: they share it, as the tabs of one browser do.

    ``items`` are messages by conversation, ``answers`` those of them that the assistant wrote.
    """

    conversations: dict[str, list[str]] = field(default_factory=lambda: {ALICE: [], BOB: []})
    projects: dict[str, list[str]] = field(default_factory=lambda: {ALICE: [], BOB: []})
    items: dict[str, list[str]] = field(default_factory=dict)
    answers: set[str] = field(default_factory=set)
    links: list[Operation] = field(default_factory=list)
    exports: list[list[ExportPart]] = field(default_factory=list)
    texts: int = 0
    keys: dict[str, int] = field(default_factory=lambda: {ALICE: 0, BOB: 0})


class Client:
    """One client of a run; ``running`` is what it is asking for at the moment."""

    def __init__(
        self,
        world: World,
        history: History,
        random: Random,
        scheduler: Scheduler,
        note: Callable[[str], None],
    ) -> None:
        self.world = world
        self.random = random
        self.running: Operation | None = None
        self._history = history
        self._scheduler = scheduler
        self._note = note

    def text(self) -> str:
        """Return a text that nobody else writes."""
        self.world.texts += 1
        return f"text {self.world.texts}"

    def once(self, owner: str, kind: str, share: float = 0.6) -> Once | None:
        """Return an Idempotency-Key for a share of the operations.

        Owners use the same keys for the same kind of request: each must get an answer of their own.
        """
        if self.random.random() >= share:
            return None
        self.world.keys[owner] += 1
        return Once(key=f"key-{self.world.keys[owner]}", fingerprint=kind)

    def pick(self, of: Sequence[str]) -> str:
        """Return one of them, more often one of the newest."""
        return of[max(self.random.randrange(len(of)), self.random.randrange(len(of)))]

    def ask(self, operation: Operation) -> Operation:
        """Ask for an operation until the answer is clear, or repeating it would not be safe."""
        self._history.operations.append(operation)
        operation.started = self._tick()
        self.running = operation
        is_clear = True
        for _ in range(_MOST_TRIES if operation.once else 1):
            try:
                operation.value = operation.call(operation.once)
            except (KilledError, UnavailableError) as error:
                operation.error, is_clear = type(error).__name__, False
                self._revive()
            except _NEVER_DUE as error:
                if not isinstance(error, operation.expected):
                    raise
                self._fail(operation, error, is_clear=is_clear)
                break
            except ColloquyError as error:
                if type(error) is ConflictError:
                    operation.error, is_clear = "conflict", False
                    continue
                self._fail(operation, error, is_clear=is_clear)
                break
            else:
                operation.outcome = "done"
                break
            self._scheduler.point()
        operation.ended = self._tick()
        self.running = None
        self._note(f"{operation}: {operation.outcome} {operation.error}")
        return operation

    def _fail(self, operation: Operation, error: Exception, *, is_clear: bool) -> None:
        operation.error = f"{type(error).__name__}: {error}"
        operation.outcome = "failed" if is_clear else "unknown"

    def _revive(self) -> None:
        if self._scheduler.current is not None:
            self._scheduler.revive()

    def _tick(self) -> int:
        return self._scheduler.tick()
