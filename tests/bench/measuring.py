"""Measures on the processes of `make run` what cannot be counted: times, logs, answers."""

import json
import os
import platform
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from tests.bench.operations import MESSAGE, OPERATIONS, PAGE, Operation
from tests.support.client import Client
from tests.support.functions import declared
from tests.support.model import says, serving
from tests.support.server import Server

_CALLS = 100
_WARM = 20
_SETTLED_SECONDS = 2.0


@dataclass(frozen=True)
class Measured:
    """What one operation took; ``later`` is the function that goes on afterwards."""

    cpu_ms: float
    log_bytes: float
    log_lines: float
    later_cpu_ms: float
    later_log_bytes: float
    later_log_lines: float
    answer_bytes: float


@dataclass(frozen=True)
class Measurements:
    """All that was measured, when and on what; ``start_cpu_ms`` is a cold start, by function."""

    taken: str
    machine: str
    operations: dict[str, Measured]
    start_cpu_ms: dict[str, float]

    def as_json(self) -> str:
        """Return it as a text."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Measurements":
        """Return what a text says."""
        said = json.loads(text)
        operations = {name: Measured(**each) for name, each in said.pop("operations").items()}
        return cls(operations=operations, **said)


@dataclass(frozen=True)
class Spent:
    """What a function has used so far."""

    cpu_ms: float
    log_bytes: int
    log_lines: int


class Measuring:
    """A server, a user of it, and a conversation."""

    def __init__(self, server: Server, http: httpx.Client) -> None:
        self._server = server
        self._http = http
        self._answer_bytes = 0
        self.client = Client(self._handle)
        self.path = self.talk()

    def talk(self) -> str:
        """Return the path of a new conversation of 20 messages."""
        items = [{"role": "user", "content": MESSAGE}] * PAGE
        created = self.client.post("/v1/conversations", {"title": "A title", "items": items})
        return f"/v1/conversations/{created.body['id']}"

    def operation(self, operation: Operation) -> Measured:
        """Return what one takes, as the mean of many, one after the other."""
        times = max(2, _CALLS // operation.size)
        for call in [operation.prepare(self) for _ in range(max(1, _WARM // operation.size))]:
            call()
        calls = [operation.prepare(self) for _ in range(times)]
        watched = [operation.function, *([operation.later] if operation.later else [])]
        before = [self._settled(function) for function in watched]
        self._answer_bytes = 0
        for call in calls:
            reply = call()
            assert reply.status < 300, reply.text
        answered = self._answer_bytes
        after = [self._settled(function) for function in watched]
        of = times * operation.size
        spent = [
            (
                (now.cpu_ms - was.cpu_ms) / of,
                (now.log_bytes - was.log_bytes) / of,
                (now.log_lines - was.log_lines) / of,
            )
            for was, now in zip(before, after, strict=True)
        ]
        first, later = spent[0], spent[1] if operation.later else (0.0, 0.0, 0.0)
        return Measured(*(round(value, 3) for value in (*first, *later, answered / of)))

    def _settled(self, function: str) -> Spent:
        """Return what a function has used, once it uses no more."""
        spent, since = self._spent(function), time.monotonic()
        while time.monotonic() - since < _SETTLED_SECONDS:
            time.sleep(0.1)
            if (now := self._spent(function)) != spent:
                spent, since = now, time.monotonic()
        return spent

    def _spent(self, function: str) -> Spent:
        times = [each.cpu_times() for each in self._server.environments(function)]
        log = (self._server.data / "logs" / f"{function}.log").read_bytes()
        cpu = sum(each.user + each.system for each in times)
        return Spent(round(cpu * 1000), len(log), log.count(b"\n"))

    def _handle(self, event: Mapping[str, Any], _: Any) -> dict[str, Any]:
        """Send over HTTP what API Gateway would make an event of."""
        reply = self._http.request(
            event["requestContext"]["http"]["method"],
            f"{event['rawPath']}?{event['rawQueryString']}",
            content=event.get("body"),
            headers=event["headers"],
        )
        head = sum(len(name) + len(value) + 4 for name, value in reply.headers.raw)
        self._answer_bytes += head + len(reply.content)
        return {
            "statusCode": reply.status_code,
            "headers": dict(reply.headers),
            "body": reply.text,
        }


def measure() -> Measurements:
    """Start the processes of `make run` with a model that costs nothing, and measure."""
    with _server() as server, server.client("alice") as http:
        functions = declared().functions
        starts = {name: _start_cpu_ms(server, name) for name in functions}
        measuring = Measuring(server, http)
        operations = {each.name: measuring.operation(each) for each in OPERATIONS}
    return Measurements(
        taken=f"{datetime.now(UTC):%Y-%m-%d}",
        machine=f"{_processor()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        operations=operations,
        start_cpu_ms=starts,
    )


@contextmanager
def _server() -> Iterator[Server]:
    with serving(says("A title")) as model, TemporaryDirectory() as data:
        choice = {"MODEL": "free", "MODEL_BASE_URL": model.url, "MODEL_TABLE": ""}
        with Server.started(Path(data), **choice):
            pass  # compiles, as what is deployed has been
        with Server.started(Path(data), **choice) as server:
            yield server


def _start_cpu_ms(server: Server, function: str) -> float:
    """Return the CPU time an execution environment took before its first event."""
    (environment,) = server.environments(function)
    times = environment.cpu_times()
    return round((times.user + times.system) * 1000)


def _processor() -> str:
    """Return the processor's own name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
