"""Execution environments: processes of a function that take one event at a time.

As on Lambda: a function gets more of them while all are busy; its timeout, or a crash, ends the
environment and its one event, which is never handed to another; the next event gets a fresh one.
"""

import asyncio
import logging
import os
import signal
import subprocess
import time
import uuid
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol

from local.template.resources import Function

log = logging.getLogger(__name__)

MAX_ENVIRONMENTS = 10
"""Of one function: enough to show what concurrency does, on a machine of a few cores."""
_IDLE_SECONDS = 60.0
_INIT_SECONDS = 60.0
# Ten starts at once on two cores make all ten slow.
_PARALLEL_STARTS = max(2, os.cpu_count() or 1)


@dataclass(frozen=True)
class Outcome:
    """What an invocation came to; ``error`` says why where it failed, and has no newlines."""

    payload: bytes
    error: str | None
    environment: str
    content_type: str = "application/json"
    stream: asyncio.StreamReader | None = None
    """A response that has begun, and raises ``StreamError`` where it fails."""


class StreamError(Exception):
    """A streamed response ended early; the message says why."""


@dataclass(eq=False)
class Invocation:
    """One event on its way through an environment."""

    payload: bytes
    outcome: "asyncio.Future[Outcome]"
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def end(self, environment: str, payload: bytes, error: str | None = None) -> None:
        """Report the outcome, once; nobody may be listening any more."""
        if not self.outcome.done():
            self.outcome.set_result(Outcome(payload, error, environment))

    def start_stream(self, environment: str, content_type: str) -> asyncio.StreamReader:
        """Report a response whose body will be fed to the reader that is returned."""
        stream = asyncio.StreamReader()
        if not self.outcome.done():
            outcome = Outcome(b"", None, environment, content_type, stream)
            self.outcome.set_result(outcome)
        return stream


class Host(Protocol):
    """What a pool needs around it: processes, addresses for them, and tasks."""

    def run(self, coroutine: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Run something in the background."""

    async def open(self, pool: "Pool") -> "Environment":
        """Start an environment with an address of its own."""

    async def close(self, environment: "Environment") -> None:
        """Take the address of a dead environment back."""


class Environment:
    """One process of a function, and where it is with its current event."""

    def __init__(self, pool: "Pool", name: str, process: "subprocess.Popen[bytes]") -> None:
        """Take a process that has just been started."""
        self.id = name
        self.pool = pool
        self.process = process
        self.server: asyncio.Server | None = None
        """Serves the Runtime API at the address that the process calls."""
        self.connections: set[asyncio.Task[None]] = set()
        self.ready = False
        self.retiring = False
        self.init_error = ""
        self.idle_since = time.monotonic()
        self.current: Invocation | None = None
        self.offer: asyncio.Future[Invocation] | None = None
        self._timer: asyncio.TimerHandle | None = None
        asyncio.get_running_loop().call_later(_INIT_SECONDS, self._give_up_init)

    @property
    def idle(self) -> bool:
        """Whether it waits for an event."""
        waiting = self.offer is not None and not self.offer.done()
        return waiting and not self.retiring and self.process.poll() is None

    def give(self, invocation: Invocation) -> None:
        """Hand over an event, and start its clock."""
        if self.offer is None:
            raise RuntimeError(f"{self.id} does not wait for an event")
        self.current = invocation
        self.offer.set_result(invocation)
        timeout = self.pool.function.timeout
        self._timer = asyncio.get_running_loop().call_later(timeout, self._time_out)

    def finish(self, payload: bytes, error: str | None = None) -> None:
        """Report the outcome of the current event, if there is one."""
        if self._timer is not None:
            self._timer.cancel()
        invocation, self.current = self.current, None
        self.idle_since = time.monotonic()
        if invocation is None:
            return
        if error is not None:
            log.warning("%s %s: %s", self.pool.function.name, self.id, error)
        invocation.end(self.id, payload, error)

    def kill(self) -> None:
        """End the process; whoever watches it tidies up."""
        self.retiring = True
        if self.process.poll() is None:
            self.process.kill()

    def _time_out(self) -> None:
        self.finish(b"", f"Task timed out after {self.pool.function.timeout:.2f} seconds")
        self.kill()

    def _give_up_init(self) -> None:
        if not self.ready:
            self.init_error = f"no answer after {_INIT_SECONDS:.0f} s of initialisation"
            self.kill()


class Pool:
    """The environments of one function, and the events that wait for one."""

    def __init__(self, host: Host, function: Function) -> None:
        """Start nothing yet."""
        self.function = function
        self.environments: list[Environment] = []
        self._host = host
        self._waiting: deque[Invocation] = deque()
        self._starting = 0

    async def invoke(self, payload: bytes) -> Outcome:
        """Run one event; an event that still waits when the caller gives up is never run."""
        invocation = Invocation(payload, asyncio.get_running_loop().create_future())
        self._waiting.append(invocation)
        self.dispatch()
        try:
            return await invocation.outcome
        except asyncio.CancelledError:
            if invocation in self._waiting:
                self._waiting.remove(invocation)
            raise

    def dispatch(self) -> None:
        """Hand waiting events to idle environments, and start more if that is not enough."""
        for environment in self.environments:
            if self._waiting and environment.idle:
                environment.give(self._waiting.popleft())
        while (
            len(self._waiting) > self._starting < _PARALLEL_STARTS
            and self._starting + len(self.environments) < MAX_ENVIRONMENTS
        ):
            self.start_one()

    def start_one(self) -> "asyncio.Task[None]":
        """Start an environment; the task ends when the process is ready, or gone."""
        self._starting += 1
        return self._host.run(self._start())

    def retire(self) -> None:
        """Replace every environment: its code has changed. Events being run are finished."""
        for environment in self.environments:
            environment.retiring = True
            if environment.current is None:
                environment.kill()
        self.start_one()

    def reap(self) -> None:
        """End environments that have been idle for long, but one."""
        idle = [environment for environment in self.environments if environment.idle]
        for environment in idle[1:]:
            if time.monotonic() - environment.idle_since > _IDLE_SECONDS:
                environment.kill()

    async def _start(self) -> None:
        started: asyncio.Event = asyncio.Event()
        try:
            environment = await self._host.open(self)
            self.environments.append(environment)
            self._host.run(self._watch(environment, started))
            while not environment.ready and not started.is_set():
                await asyncio.sleep(0.01)
        finally:
            self._starting -= 1
        self.dispatch()

    async def _watch(self, environment: Environment, gone: asyncio.Event) -> None:
        process = environment.process
        while process.poll() is None:
            await asyncio.sleep(0.01 if environment.current else 0.05)
        self.environments.remove(environment)
        how = _how_it_ended(process.returncode)
        environment.finish(b"", f"Runtime exited with error: {how}")
        await self._host.close(environment)
        replaced = environment.retiring and not environment.init_error
        if not environment.ready and not replaced:
            why = environment.init_error or f"Runtime exited during initialisation: {how}"
            log.error("%s %s: %s", self.function.name, environment.id, why)
            if not self.environments:
                # Nobody is left who could run them, and the next start would fail the same way.
                while self._waiting:
                    self._waiting.popleft().end(environment.id, b"", why.partition("\n")[0])
        elif not environment.retiring:
            log.warning("%s %s: process ended: %s", self.function.name, environment.id, how)
        gone.set()


def _how_it_ended(code: int | None) -> str:
    if code is not None and code < 0:
        return f"signal: {signal.Signals(-code).name}"
    return f"exit status {code}"
