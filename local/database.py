"""The DynamoDB endpoint of a run: an emulator of our own, or the one the user names."""

import asyncio
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from local.guard import permissions_in
from local.intrinsics import REGION
from local.permissions import Permissions

log = logging.getLogger(__name__)
_DEATHS = 3
_SHORT_LIFE_SECONDS = 5.0
_LOCAL_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}


@dataclass(frozen=True)
class Endpoint:
    """Where the table is, and who we are there."""

    url: str
    environment: Mapping[str, str]
    guarded: bool = False
    """Whether a function may do there what its policies allow, and no more."""

    def environment_of(self, function: str) -> dict[str, str]:
        """Return what a function is to know: there, a guarded one signs with its own name."""
        own = {"AWS_ACCESS_KEY_ID": function} if self.guarded else {}
        return {**self.environment, **own}

    def client(self, service: str) -> Any:
        """Return a boto3 client for ``dynamodb`` or ``dynamodbstreams`` there."""
        url = self.url
        if service == "dynamodbstreams" and ".amazonaws.com" in url:
            url = url.replace("://dynamodb.", "://streams.dynamodb.", 1)
        session: Any = boto3.Session(
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=self.environment.get("AWS_SESSION_TOKEN"),
            region_name=self.environment["AWS_REGION"],
        )
        return session.client(
            service,
            endpoint_url=url,
            config=Config(connect_timeout=5, read_timeout=30, retries={"max_attempts": 3}),
        )


def foreign_endpoint(url: str) -> Endpoint:
    """Return the user's own endpoint, with the user's credentials where there are some."""
    session = boto3.Session()
    region = session.region_name or REGION
    credentials = session.get_credentials()
    identity = dict(_LOCAL_CREDENTIALS)
    if credentials is not None:
        frozen = credentials.get_frozen_credentials()
        identity = {
            "AWS_ACCESS_KEY_ID": str(frozen.access_key),
            "AWS_SECRET_ACCESS_KEY": str(frozen.secret_key),
        }
        if frozen.token:
            identity["AWS_SESSION_TOKEN"] = str(frozen.token)
    return Endpoint(url, _environment(url, region, identity))


def emulator_endpoint(url: str) -> Endpoint:
    """Return the endpoint of an emulator of ours, whatever account the user's shell is for."""
    return Endpoint(url, _environment(url, REGION, _LOCAL_CREDENTIALS), guarded=True)


def _environment(url: str, region: str, identity: Mapping[str, str]) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL_DYNAMODB": url,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        **identity,
    }


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
        path = {"PYTHONPATH": str(Path(__file__).resolve().parents[1])}
        return subprocess.Popen(
            [
                sys.executable,
                "-m",
                "local.emulator",
                str(descriptor),
                str(self._data),
            ],
            stdin=subprocess.PIPE,
            stdout=sys.stderr,
            pass_fds=[descriptor],
            env={**plain_environment(), **path},
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


def plain_environment() -> dict[str, str]:
    """Return what a child process gets of our environment: nothing about AWS, nothing secret."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ")
    return {name: os.environ[name] for name in kept if name in os.environ}
