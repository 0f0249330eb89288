"""Starts the stand-in for AWS as a developer does, and looks at it from outside."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import httpx

ROOT = Path(__file__).resolve().parents[3]
FIXTURES = Path(__file__).parent / "fixtures"


class Machine:
    """One run of ``python -m local`` on a free port."""

    def __init__(self, template: Path, data: Path, **settings: str) -> None:
        self.template = template
        self.data = data
        self.settings = {"PORT": "0", **settings}
        self.lines: list[str] = []
        self.errors: list[str] = []

    def start(self) -> "Machine":
        self.process = subprocess.Popen(
            [sys.executable, "-m", "local"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self._environment(),
            start_new_session=True,
        )
        assert self.process.stdout
        assert self.process.stderr
        self._readers = [
            threading.Thread(target=_collect, args=(self.process.stdout, self.lines), daemon=True),
            threading.Thread(target=_collect, args=(self.process.stderr, self.errors), daemon=True),
        ]
        for reader in self._readers:
            reader.start()
        until(lambda: any("is ready on" in line for line in self.lines) or self._ended())
        assert not self._ended(), self.errors
        line = next(line for line in self.lines if "is ready on" in line)
        self.url = line.split()[-1]
        self.client = httpx.Client(base_url=self.url, timeout=40, trust_env=False)
        return self

    def run(self) -> "subprocess.CompletedProcess[str]":
        """Run to its end: for one that does not get ready."""
        return subprocess.run(
            [sys.executable, "-m", "local"],
            cwd=ROOT,
            env=self._environment(),
            check=False,
            capture_output=True,
            text=True,
            timeout=30,
        )

    def token(self, user: str, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "local.commands.token", user, *arguments],
            cwd=ROOT,
            env=self._environment(),
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def environments(self, function: str) -> list[dict[str, Any]]:
        found = self.client.get("/_local/environments").json()
        return [each for each in found if each["function"] == function]

    def access_log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines if line.startswith("{")]

    def processes(self) -> list[int]:
        """Every living process of this run: each has its data directory in its environment."""
        return [pid for pid in _pids() if str(self.data) in _environment_of(pid)]

    def stop(self, number: int = signal.SIGINT) -> int:
        """Stop as Ctrl-C does, and return the exit status."""
        self.client.close()
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(30)
        for reader in self._readers:
            reader.join()
        assert self.process.stdout
        assert self.process.stderr
        self.process.stdout.close()
        self.process.stderr.close()
        return code

    def _ended(self) -> bool:
        return self.process.poll() is not None

    def _environment(self) -> dict[str, str]:
        given = {"DATA": str(self.data), "TEMPLATE": str(self.template), **self.settings}
        return {**os.environ, **given}


def copy_of(fixture: str, target: Path) -> Path:
    """Copy a small application, so that a test may change its code, and return its template."""
    shutil.copytree(FIXTURES / fixture, target, ignore=shutil.ignore_patterns("__pycache__"))
    return target / "template.yaml"


def until(holds: Callable[[], object], seconds: float = 20) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def _collect(stream: IO[str], lines: list[str]) -> None:
    # One by one, so that others see each line as soon as it is there.
    lines.extend(line.rstrip("\n") for line in stream)


def _pids() -> list[int]:
    return [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()]


def _environment_of(pid: int) -> str:
    try:
        process = Path("/proc") / str(pid)
        if ") Z" in (process / "stat").read_text():
            return ""
        return (process / "environ").read_text() + (process / "cmdline").read_text()
    except OSError:
        return ""
