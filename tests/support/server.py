"""Where the e2e tests find the API: what is deployed, or `make run`'s processes on a free port."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from tests.support.functions import ROOT
from tests.support.permissions import record
from tests.support.reference import assert_declared

READY = re.compile(r"Colloquy is ready on (http://localhost:\d+)")
_START_SECONDS = 60
_STOP_SECONDS = 30


def _as_declared(answer: httpx.Response) -> None:
    answer.read()
    request = answer.request
    # The gateway decodes a path before it looks for its route.
    assert_declared(
        request.method, request.url.path, answer.status_code, answer.headers, answer.text
    )


@dataclass(frozen=True)
class Api:
    """The API at an address, and the folder with the key of the issuer it trusts."""

    url: str
    data: Path

    @classmethod
    def deployed(cls) -> "Api | None":
        """Return the one that DEPLOYED_URL and DATA name, as `make rehearse` sets them."""
        url = os.environ.get("DEPLOYED_URL")
        return cls(url, Path(os.environ["DATA"])) if url else None

    def token(self, user: str, *options: str) -> str:
        """Return what `make -s token USER=…` prints."""
        printed = subprocess.run(
            [sys.executable, "-m", "local.commands.token", user, *options],
            cwd=ROOT,
            env={**os.environ, "DATA": str(self.data)},
            capture_output=True,
            text=True,
            check=True,
        )
        return printed.stdout.strip()

    def client(self, user: str) -> httpx.Client:
        """Return a client of a user; close it after use."""
        return httpx.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {self.token(user)}"},
            timeout=40,
            event_hooks={"response": [_as_declared]},
        )


@dataclass(frozen=True)
class Server(Api):
    """A running stand-in for AWS with the real functions."""

    process: "subprocess.Popen[bytes]"

    @classmethod
    @contextmanager
    def started(cls, data: Path, **environment: str) -> Iterator["Server"]:
        """Start, wait for the ready line, and stop in the end."""
        with tempfile.TemporaryFile() as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "local"],
                cwd=ROOT,
                env={**os.environ, "PORT": "0", "DATA": str(data), "MODEL": "off", **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                url = cls._ready(process, log.fileno())
                yield cls(url, data, process)
            finally:
                if process.poll() is None:
                    process.send_signal(signal.SIGINT)
                process.wait(_STOP_SECONDS)
                record().add(data)

    @staticmethod
    def _ready(process: "subprocess.Popen[bytes]", log: int) -> str:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            said = os.pread(log, 100_000, 0).decode()
            if found := READY.search(said):
                return found[1]
            assert process.poll() is None, f"the server ended before it was ready:\n{said}"
            time.sleep(0.05)
        raise AssertionError(f"the server was not ready in {_START_SECONDS} s:\n{said}")

    def descendants(self) -> list[psutil.Process]:
        """Return every process the server has started."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def environments(self, function: str) -> list[psutil.Process]:
        """Return the execution environments of a function, by its logical id."""
        found = []
        for process in self.descendants():
            # One that has just died says nothing of itself.
            with suppress(psutil.Error):
                if process.environ().get("AWS_LAMBDA_FUNCTION_NAME") == function:
                    found.append(process)
        return found


@contextmanager
def opened(data: Path, **environment: str) -> Iterator[Api]:
    """Give what is deployed, or else a server of one's own with an empty table."""
    deployed = Api.deployed()
    if deployed is not None:
        yield deployed
        return
    with Server.started(data, **environment) as server:
        yield server
