"""The emulator of AWS as the rehearsal sees it: a process, an address, and clients for it."""

import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError

from local.gateway.issuer import Issuer
from local.process.child import plain_environment
from local.rehearsal.server import ACCESS_KEY, REGION, Settings

ROOT = Path(__file__).parents[2]
_PYTHON = ROOT / ".venv-rehearsal" / "bin" / "python"
_STOP_SECONDS = 15


class StepError(Exception):
    """A step of the rehearsal failed; the message says what a person can do."""


@dataclass(frozen=True)
class Cloud:
    """Where AWS is, and who we are there."""

    url: str
    api_url: str
    """Where the HTTP API of the stack will answer."""
    log: Path

    @property
    def environment(self) -> Mapping[str, str]:
        """What makes every AWS client of a process talk to it."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": ACCESS_KEY,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }

    def client(self, service: str) -> Any:
        """Return a boto3 client for one of its services."""
        session: Any = boto3.Session(
            aws_access_key_id=ACCESS_KEY, aws_secret_access_key=ACCESS_KEY, region_name=REGION
        )
        return session.client(service, endpoint_url=self.url)


@contextmanager
def running(directory: Path, issuer: Issuer) -> Iterator[Cloud]:
    """Start it with nothing in it, and stop it in the end; what it writes is in the directory."""
    services = socket.create_server(("127.0.0.1", 0), backlog=512)
    api = socket.create_server(("127.0.0.1", 0), backlog=512)
    ports = [each.getsockname()[1] for each in (services, api)]
    cloud = Cloud(
        f"http://127.0.0.1:{ports[0]}", f"http://localhost:{ports[1]}", directory / "aws.log"
    )
    settings = Settings(
        services=services.fileno(),
        api=api.fileno(),
        directory=str(directory),
        issuer=issuer.issuer,
        key_set=issuer.key_set(),
    )
    (directory / "tmp").mkdir()
    with services, api, cloud.log.open("wb") as log:
        process = subprocess.Popen(
            [str(_PYTHON), "-m", "local.rehearsal.server", settings.dumps()],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=[settings.services, settings.api],
            env={**plain_environment(), "TMPDIR": str(directory / "tmp"), "PYTHONUNBUFFERED": "1"},
            # Ctrl-C in the terminal must not reach it: it stops last.
            start_new_session=True,
        )
    try:
        _wait_until_ready(cloud)
        yield cloud
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(cloud: Cloud) -> None:
    """Return when it answers: until then a request waits in the queue of the socket.

    Raises:
        StepError: it will not.
    """
    try:
        cloud.client("sts").get_caller_identity()
    except BotoCoreError as exc:
        said = cloud.log.read_text("utf-8")
        raise StepError(f"The emulator of AWS does not start ({exc}):\n\n{said}") from exc
