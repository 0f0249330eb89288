"""AWS's Runtime Interface Emulator, which the SAM CLI brings, with one built function in it.

It is what `sam local invoke` has in its container: Lambda's own front with the runtime client
after it. It starts the function at the first event, and takes one event at a time.
"""

import http.client
import json
import os
import platform
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from local.functions.variables import variables_of
from local.template.resources import Function

BUILT = Path(".aws-sam/here/template.yaml")
"""What `make build-here` leaves: template.yaml with the built code in place of the sources."""
_SHIPPED = ".venv-sam/lib/python3*/site-packages/samcli/local/rapid"
_ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64"}
_START_SECONDS = 20
# The function is started with its first event, and that takes of the event's time.
_GRACE_SECONDS = 30


class UnusableError(Exception):
    """There is no emulator for this machine; the message is one sentence for a person."""


class FunctionError(Exception):
    """The function raised, died or took too long; the message is the emulator's."""


class Rie:
    """A running emulator."""

    def __init__(self, function: Function, port: int) -> None:
        """Know where it listens."""
        self._timeout = function.timeout + _GRACE_SECONDS
        self._port = port

    @classmethod
    @contextmanager
    def started(
        cls, function: Function, variables: Mapping[str, str], log: TextIO
    ) -> Iterator["Rie"]:
        """Start one, with ``variables`` added to those of the template; stop it in the end.

        Raises:
            UnusableError: it does not run here.
        """
        (front, runtime), program = _free_ports(), executable()
        process = subprocess.Popen(
            [
                *(str(program), "--log-level", "error"),
                *("--runtime-interface-emulator-address", f"127.0.0.1:{front}"),
                *("--runtime-api-address", f"127.0.0.1:{runtime}"),
                *command(function),
            ],
            cwd=function.code,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**environment(function), **variables},
            # Ctrl-C is ours to hear: we stop it, and it stops the function.
            start_new_session=True,
        )
        try:
            _wait_for(process, front)
            yield cls(function, front)
        finally:
            process.terminate()
            process.wait()

    def invoke(self, event: bytes) -> bytes:
        """Return the function's answer to an event, as it was sent.

        Raises:
            FunctionError: there is none.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=self._timeout)
        try:
            connection.request("POST", "/2015-03-31/functions/function/invocations", event)
            reply = connection.getresponse()
            body = reply.read()
        finally:
            connection.close()
        if reply.status != http.client.OK or _is_error(body):
            raise FunctionError(body.decode())
        return body


def executable() -> Path:
    """Return the emulator's program for this machine.

    Raises:
        UnusableError: there is none.
    """
    architecture = _ARCHITECTURES.get(platform.machine())
    if sys.platform != "linux" or architecture is None:
        raise UnusableError(
            "Lambda's Runtime Interface Emulator runs on Linux, on x86_64 or arm64."
        )
    root = Path(__file__).resolve().parents[2]
    found = next(root.glob(f"{_SHIPPED}/aws-lambda-rie-{architecture}"), None)
    if found is None:
        raise UnusableError("The SAM CLI is not installed: run `make .venv-sam/done`.")
    return found


def command(function: Function, *instead: str) -> list[str]:
    """Return what starts the function's process; ``instead`` runs in the same way.

    Without `site`, so that the editable install of the sources is not seen: what the build has
    left out is then missing here too.
    """
    return [sys.executable, "-S", "-P", *(instead or ("-m", "awslambdaric", function.handler))]


def environment(function: Function) -> dict[str, str]:
    """Return the process's variables: the built code, then what Lambda's runtime has itself."""
    variables = variables_of(function, "local")
    runtime = sysconfig.get_path("purelib")
    return {
        **variables,
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(function.timeout),
        "PYTHONPATH": os.pathsep.join((variables["PYTHONPATH"], runtime)),
    }


def _is_error(body: bytes) -> bool:
    try:
        answer = json.loads(body)
    except ValueError:
        # A timeout: a sentence, with status 200.
        return True
    return isinstance(answer, dict) and {"errorType", "errorMessage"} <= answer.keys()


def _free_ports() -> tuple[int, int]:
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as other,
    ):
        return one.getsockname()[1], other.getsockname()[1]


def _wait_for(process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise UnusableError("The Runtime Interface Emulator did not start; its log says why.")
