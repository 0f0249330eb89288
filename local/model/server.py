"""The process of the small local model."""

import asyncio
import logging
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from local.model.choice import choose
from local.process.child import module_environment
from local.template.resources import Template

log = logging.getLogger(__name__)

_STARTS = 3


class LocalModel:
    """The process of our own model, started concurrently: nothing waits for it."""

    def __init__(self, data: Path) -> None:
        """Reserve a port, and read the settings."""
        self._log = data / "logs" / "model.log"
        # Bound and never listening: the port stays ours until the process listens on it.
        self._reserved = socket.socket()
        self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._reserved.bind(("127.0.0.1", 0))
        self._port = int(self._reserved.getsockname()[1])
        self.choice = choose(os.environ, self._port)
        self._process: subprocess.Popen[bytes] | None = None
        self._watch: asyncio.Task[None] | None = None

    def start_for(self, template: Template) -> None:
        """Start the process, if there is one and the template's functions ask a model."""
        asked = any("MODEL_PROVIDER" in each.environment for each in template.functions.values())
        if asked and self.choice.note:
            print(self.choice.note, file=sys.stderr, flush=True)
        if asked and self.choice.weights is not None:
            self._process = self._spawn(self.choice.weights)
            self._watch = asyncio.create_task(self._keep_running(self.choice.weights))

    async def stop(self) -> None:
        """End the process and wait until it is gone."""
        if self._watch is not None:
            self._watch.cancel()
        process = self._process
        if process is not None:
            process.send_signal(signal.SIGTERM)
            try:
                await asyncio.to_thread(process.wait, 3)
            except subprocess.TimeoutExpired:
                # It is in the middle of an answer that nobody waits for any more.
                process.kill()
                await asyncio.to_thread(process.wait)
            _close(process)
        self._reserved.close()

    def _spawn(self, weights: Path) -> "subprocess.Popen[bytes]":
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "local.model.inference", str(self._port), str(weights)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**module_environment(), **self.choice.environment},
                # Ctrl-C in the terminal must not reach it: an answer may still be wanted.
                start_new_session=True,
            )

    async def _keep_running(self, weights: Path) -> None:
        for _ in range(_STARTS):
            process = self._process
            while process is not None and process.poll() is None:
                await asyncio.sleep(0.5)
            if process is not None:
                log.warning("the model ended with %s, see %s", process.returncode, self._log)
                _close(process)
            await asyncio.sleep(1)
            self._process = self._spawn(weights)


def _close(process: "subprocess.Popen[bytes]") -> None:
    """Let go of the pipe that tied an ended process to us."""
    if process.stdin is not None:
        process.stdin.close()
