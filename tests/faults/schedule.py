"""Concurrency that a seed decides: one actor runs at a time, and who is next is drawn."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from random import Random
from typing import Any


class KilledError(BaseException):
    """The process ended here; nothing in the product may catch it."""


class Process:
    """One invocation of a function: its threads end together when it is killed."""

    def __init__(self) -> None:
        self.is_killed = False


class Actor:
    """A thread that runs only while it holds the baton."""

    def __init__(self, name: str, process: Process, skew: float, job: Callable[[], None]) -> None:
        self.name = name
        self.process = process
        self.skew = skew
        self.job = job
        self.is_done = False
        self.waiting: list[Actor] = []
        self.baton = threading.Lock()
        self.baton.acquire()


class Scheduler:
    """Runs actors, one at a time, in an order that the seed gives.

    Actors give up control at ``point`` only, which the network calls before every request and
    the clock at every pause. Without an actor (while a run is prepared and checked) everything
    runs at once.
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self._ready: list[Actor] = []
        self._unfinished = 0
        self._main = threading.Lock()
        self.current: Actor | None = None
        self.failures: list[BaseException] = []
        self._ticks = 0

    def tick(self) -> int:
        """Return the next moment of the run: they are counted, not measured."""
        self._ticks += 1
        return self._ticks

    def run(self, jobs: Mapping[str, tuple[Callable[[], None], float]]) -> None:
        """Run jobs, each with the skew of its clock, until all have ended."""
        self._main.acquire()
        for name, (job, skew) in jobs.items():
            self._start(Actor(name, Process(), skew, job))
        self._hand_over()
        self._main.acquire()
        self._main.release()
        self.current = None

    def point(self) -> None:
        """Let the next actor run, perhaps this one.

        Raises:
            KilledError: this one's process was killed in between.
        """
        me = self.current
        if me is None:
            return
        following = self._random.choice(self._ready)
        if following is not me:
            self.current = following
            following.baton.release()
            me.baton.acquire()
        if me.process.is_killed:
            raise KilledError

    def is_alone(self) -> bool:
        """Say whether no other actor runs any more."""
        return self._unfinished == 1

    def kill(self) -> None:
        """End the current actor's process.

        Raises:
            KilledError: always.
        """
        assert self.current is not None
        self.current.process.is_killed = True
        raise KilledError

    def revive(self) -> None:
        """Give the current actor a new process, if its own was killed."""
        assert self.current is not None
        if self.current.process.is_killed:
            self.current.process = Process()

    def spawn(self, job: Callable[[], None]) -> Actor:
        """Start an actor in the process of the current one."""
        me = self.current
        assert me is not None
        actor = Actor(me.name, me.process, me.skew, job)
        self._start(actor)
        return actor

    def join(self, other: Actor) -> None:
        """Wait until another actor has ended."""
        me = self.current
        assert me is not None
        if not other.is_done:
            other.waiting.append(me)
            self._ready.remove(me)
            self._hand_over()
            me.baton.acquire()

    def _start(self, actor: Actor) -> None:
        self._unfinished += 1
        self._ready.append(actor)
        threading.Thread(target=self._live, args=(actor,), daemon=True).start()

    def _live(self, actor: Actor) -> None:
        actor.baton.acquire()
        try:
            actor.job()
        except KilledError:
            pass
        except BaseException as failure:  # noqa: BLE001 - reported with the run
            self.failures.append(failure)
        actor.is_done = True
        self._unfinished -= 1
        self._ready.remove(actor)
        self._ready += actor.waiting
        self._hand_over()

    def _hand_over(self) -> None:
        if self._ready:
            self.current = self._random.choice(self._ready)
            self.current.baton.release()
            return
        if self._unfinished:
            self.failures.append(RuntimeError("every actor waits for another"))
        self._main.release()


class Task(Future[Any]):
    """What a pool was given to run; waiting for it lets other actors run."""

    def __init__(self, scheduler: Scheduler, call: Callable[[], Any]) -> None:
        super().__init__()
        self._scheduler = scheduler
        self._call = call
        self._actor = scheduler.spawn(self._run) if scheduler.current else None
        if self._actor is None:
            self._run()

    def result(self, timeout: float | None = None) -> Any:
        self.join()
        return super().result(timeout)

    def join(self) -> None:
        """Wait until it has run."""
        if self._actor is not None:
            self._scheduler.join(self._actor)

    def _run(self) -> None:
        try:
            self.set_result(self._call())
        except BaseException as failure:  # noqa: BLE001 - raised where the result is asked for
            self.set_exception(failure)


class Pool:
    """Replaces ThreadPoolExecutor: what is submitted becomes an actor."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._tasks: list[Task] = []

    def submit(self, call: Callable[..., Any], *args: Any, **named: Any) -> Task:
        task = Task(self._scheduler, lambda: call(*args, **named))
        self._tasks.append(task)
        return task

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not KilledError:
            wait(self._tasks)


def wait(tasks: Iterable[Task], **_: Any) -> None:
    """Replace ``concurrent.futures.wait``."""
    for task in list(tasks):
        task.join()


def as_completed(tasks: Iterable[Task], **_: Any) -> Iterator[Task]:
    """Replace ``concurrent.futures.as_completed``."""
    for task in list(tasks):
        task.join()
        yield task
