"""One run: a few clients and the table's stream, at once, until all is quiet and judged."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from random import Random
from traceback import format_exception
from typing import Any, Final
from unittest.mock import patch

from colloquy import wiring
from colloquy.models.names import ModelTable
from colloquy.models.prompt import Prompt
from colloquy.models.responder import Delta, Deltas
from colloquy.services import exports, imports
from colloquy.services.models import Models
from tests.faults import conversations, messages, sharing
from tests.faults.client import ALICE, Client, World
from tests.faults.clock import Clock, installed
from tests.faults.history import History
from tests.faults.network import FaultMix, Network
from tests.faults.schedule import Scheduler
from tests.faults.stream import Purge
from tests.faults.verdict import judge, judge_at_once, judge_emptied
from tests.support.in_process import Database, wired

Asking = Callable[[Client], None]
"""Has a client ask for one thing."""

CLIENTS: Final = ("A", "B", "C")
OPERATIONS: Final = 9
"""What each client asks for in a run."""
_WEIGHTS: Final[Mapping[Asking, float]] = {
    **messages.WEIGHTS,
    **conversations.WEIGHTS,
    **sharing.WEIGHTS,
}
_MODELS: Final = '{"scripted": {"id": "scripted", "context": 8000}}'
_HOURS: Final = 3600.0


@dataclass
class Report:
    """What became of a run."""

    seed: int
    mix: FaultMix
    violations: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    requests: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    operations: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        found = "\n".join(f"  {violation}" for violation in self.violations)
        return f"seed {self.seed}, {self.mix}:\n{found}"


def run(
    seed: int, mix: FaultMix | None = None, favoured: Collection[Asking] | None = None
) -> Report:
    """Run a seed and report what was violated.

    The seed draws the faults unless a mix is given, and which operations are frequent unless
    some are favoured.
    """
    stage = Stage(seed, mix, favoured)
    with stage.set_up():
        try:
            stage.play()
        except Exception as error:  # noqa: BLE001 - whatever it is, the run shows a bug
            stage.report.violations.append(f"error: {''.join(format_exception(error))}")
    return stage.report


class Stage:
    """Everything one run is made of."""

    def __init__(
        self, seed: int, mix: FaultMix | None, favoured: Collection[Asking] | None
    ) -> None:
        self.random = Random(seed)
        drawn = FaultMix.drawn(self.random)
        often = favoured or self.random.sample(list(_WEIGHTS), 6)
        self._weights = {
            each: weight * (5 if each in often else 1) for each, weight in _WEIGHTS.items()
        }
        self.report = Report(seed, mix or drawn)
        self.scheduler = Scheduler(self.random)
        self.clock = Clock(self.scheduler)
        self.history = History()
        self.world = World()
        self.network = Network(self.report.mix, self.random, self.clock, self.scheduler, self.note)
        self.clients = {name: self._client() for name in CLIENTS}
        self._answers = 0

    @contextmanager
    def set_up(self) -> Iterator[None]:
        """Put the product on this run's clock, threads, network and model."""
        with ExitStack() as stack:
            stack.enter_context(installed(self.clock, self.scheduler, Random(self.random.random())))
            self.database = Database(self.clock.true_time, self.network.send)
            self.network.serve = self.database.serve
            self.purge = Purge(self.database, self.random, self.scheduler, self.note)
            models = Models(ModelTable.from_json(_MODELS), self)
            stack.enter_context(patch.object(wiring, "models", lambda: models))
            # So that a few messages are several parts.
            stack.enter_context(
                patch.object(exports, "PART_BYTES", self.random.choice([1200, 4_500_000]))
            )
            stack.enter_context(patch.object(imports, "_WRITTEN_AT_ONCE", 2))
            stack.enter_context(wired(self.database))
            yield

    def play(self) -> None:
        """Prepare, run the clients beside the stream, and judge what is left."""
        opening = self._client()
        self._prepare(opening)
        self.network.is_faulty = True
        skews = {name: self.random.choice([-1, 0, 1]) * self.report.mix.skew for name in CLIENTS}
        jobs: dict[str, tuple[Callable[[], None], float]] = {
            name: (self._job(client), skews[name]) for name, client in self.clients.items()
        }
        self.scheduler.run({**jobs, "purge": (self.purge.run, 0.0)})
        self.network.settle()
        self._judge(judge_at_once)
        self.purge.drain()
        self._clean_up_after(2 * _HOURS)
        self._judge(judge)
        self._empty()
        self.report.violations += [f"error: {failure!r}" for failure in self.scheduler.failures]
        self.report.requests = self.network.requests
        self.report.faults = self.network.faults
        self.report.operations = Counter(
            f"{each.kind} {each.outcome}" for each in self.history.operations
        )

    @property
    def has_skewed_clocks(self) -> bool:
        """Say whether the clients' clocks may differ."""
        return self.report.mix.skew > 0

    def stream(self, prompt: Prompt) -> Deltas:
        """Answer as the model: with a text that is noted in the operation that asked."""
        self.clock.sleep(min(1.0, prompt.deadline - self.clock.monotonic()))
        self._answers += 1
        text = f"answer {self._answers}"
        assert self.scheduler.current is not None
        asking = self.clients[self.scheduler.current.name].running
        assert asking is not None
        asking.texts.append(text)
        yield Delta(text=text, finish_reason="stop", model=prompt.model.id)

    def note(self, text: str) -> None:
        """Write a line of the run's log."""
        actor = self.scheduler.current
        self.report.log.append(f"{self.clock.seconds:9.3f} {actor.name if actor else '-':6} {text}")

    def _client(self) -> Client:
        return Client(self.world, self.history, self.random, self.scheduler, self.note)

    def _prepare(self, client: Client) -> None:
        for _ in range(2):
            conversations.create_project(client)
        for _ in range(self.random.choice([1, 1, 3])):
            conversations.create(client)
        while not self.world.conversations[ALICE]:
            conversations.create(client)
        for _ in range(self.random.randint(0, 6)):
            messages.append(client)
        if self.random.random() < 0.5:
            sharing.share(client)
            sharing.export(client)

    def _job(self, client: Client) -> Callable[[], None]:
        operations, weights = list(self._weights), list(self._weights.values())

        def work() -> None:
            for _ in range(OPERATIONS):
                (operation,) = self.random.choices(operations, weights)
                operation(client)

        return work

    def _judge(self, by: Callable[[Any], Iterator[str]]) -> None:
        self.report.violations += by(self)

    def _clean_up_after(self, seconds: float) -> None:
        self.clock.seconds += seconds
        wiring.expiry().clean(self.clock.seconds + 1000)
        self.purge.drain()

    def _empty(self) -> None:
        """Delete everything as its owners would, and judge that nothing is left of it."""
        for owner in self.world.conversations:
            wiring.deletions().delete_all(owner)
            for project in self.owned_projects(owner):
                wiring.projects().delete(owner, project)
        self.purge.drain()
        self._clean_up_after(400 * 24 * _HOURS)
        self._judge(judge_emptied)

    def owned_projects(self, owner: str) -> list[str]:
        """Return the ids of an owner's projects, those whose creation was not answered too."""
        return [
            row["id"]
            for row in self.database.rows()
            if row["type"] == "project" and row["owner"] == owner
        ]
