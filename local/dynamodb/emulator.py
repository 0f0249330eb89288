"""The emulator's process: started, restarted should it die, and stopped so that it saves."""

import asyncio
import json
import logging
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from local.dynamodb.endpoint import emulator_endpoint
from local.iam.enforcement import permissions_in
from local.iam.policies import Permissions
from local.process.child import module_environment

log = logging.getLogger(__name__)
_DEATHS = 3
_SHORT_LIFE_SECONDS = 5.0


class Emulator:
    """The emulator process: started, started again should it die, and stopped so that it saves.

    The listening socket is ours. While the process starts, or starts again, calls wait in the
    socket's queue instead of being refused.
    """

    def __init__(self, data: Path, permissions: Permissions) -> None:
        """Open the socket, on 127.0.0.1 and a free port."""
        self._data = data
        permissions_in(data).write_text(json.dumps(permissions.document), encoding="utf-8")
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._process: subprocess.Popen[bytes] | None = None
        self._watch: asyncio.Task[None] | None = None
        url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.endpoint = emulator_endpoint(url)

    def start(self) -> None:
        """Start the process and watch over it."""
        self._process = self._spawn()
        self._watch = asyncio.create_task(self._keep_running())

    async def stop(self) -> None:
        """Let the process save, and wait until it is gone."""
        if self._watch is not None:
            self._watch.cancel()
        process = self._process
        if process is not None:
            process.send_signal(signal.SIGTERM)
            try:
                await asyncio.to_thread(process.wait, 60)
            except subprocess.TimeoutExpired:
                # Nothing is lost: what it has answered is in its journal.
                process.kill()
                await asyncio.to_thread(process.wait)
        self._socket.close()

    def _spawn(self) -> subprocess.Popen[bytes]:
        descriptor = self._socket.fileno()
        return subprocess.Popen(
            [
                sys.executable,
                "-m",
                "local.dynamodb.server",
                str(descriptor),
                str(self._data),
            ],
            stdin=subprocess.PIPE,
            stdout=sys.stderr,
            pass_fds=[descriptor],
            env=module_environment(),
            # Ctrl-C in the terminal must not reach it: it stops last, and saves.
            start_new_session=True,
        )

    async def _keep_running(self) -> None:
        deaths = 0
        while (process := self._process) is not None:
            started = time.monotonic()
            while process.poll() is None:
                await asyncio.sleep(0.05)
            deaths = deaths + 1 if time.monotonic() - started < _SHORT_LIFE_SECONDS else 1
            log.warning("the table's process ended with %s", process.returncode)
            if deaths == _DEATHS:
                log.error("it does not stay: see above, or move %s away", self._data / "table")
                # Refused connections say more than ones that wait for ever.
                self._socket.close()
                return
            self._process = self._spawn()
