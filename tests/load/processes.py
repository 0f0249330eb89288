"""The processes of `make run` under load: what they take, and some of them killed."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

_FUNCTION = "AWS_LAMBDA_FUNCTION_NAME"


@dataclass
class Peak:
    """The most that one of several processes has taken, and how many there were."""

    bytes: int = 0
    descriptors: int = 0
    pids: set[int] = field(default_factory=set)


class Processes:
    """The server's process and all that it has started."""

    def __init__(self, pid: int) -> None:
        self._server = psutil.Process(pid)
        self.peaks: dict[str, Peak] = {}
        self.killed = 0

    async def watch(self, seconds: float = 1.0) -> None:
        """Note what every process takes, until cancelled."""
        while True:
            for name, process in self._named():
                with suppress(psutil.Error):
                    peak = self.peaks.setdefault(name, Peak())
                    peak.bytes = max(peak.bytes, process.memory_info().rss)
                    peak.descriptors = max(peak.descriptors, process.num_fds())
                    peak.pids.add(process.pid)
            await asyncio.sleep(seconds)

    async def kill(self, seconds: float = 2.0) -> None:
        """Kill one execution environment after another, until cancelled."""
        while True:
            await asyncio.sleep(seconds)
            environments = [each for name, each in self._named() if name.endswith("Function")]
            if environments:
                with suppress(psutil.Error):
                    random.choice(environments).kill()
                    self.killed += 1

    def report(self) -> list[str]:
        """Return a line for each kind of process, the largest first."""
        ordered = sorted(self.peaks.items(), key=lambda each: -each[1].bytes)
        return [
            f"{name:32}{peak.bytes / 1e6:7.0f} MB{peak.descriptors:7} descriptors"
            f"{len(peak.pids):5} processes"
            for name, peak in ordered
        ]

    def _named(self) -> Iterator[tuple[str, psutil.Process]]:
        yield "gateway", self._server
        with suppress(psutil.Error):
            for process in self._server.children(recursive=True):
                with suppress(psutil.Error):
                    command = process.cmdline()
                    module = command[2] if command[1:2] == ["-m"] else process.name()
                    yield process.environ().get(_FUNCTION, module), process
