"""The emulator of DynamoDB that `make run` uses, alone: without functions, without a stream."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.dynamodb.endpoint import Endpoint, emulator_endpoint
from local.iam.enforcement import permissions_in
from local.iam.policies import Permissions
from tests.support.functions import ROOT, declared
from tests.support.permissions import record


@contextmanager
def emulator(directory: Path) -> Iterator[Endpoint]:
    """Serve an empty DynamoDB on 127.0.0.1 until the block ends."""
    permissions = Permissions.of(declared()).document
    permissions_in(directory).write_text(json.dumps(permissions), encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        descriptor = listener.fileno()
        process = subprocess.Popen(
            [sys.executable, "-m", "local.dynamodb.server", str(descriptor), str(directory)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            pass_fds=[descriptor],
            start_new_session=True,
        )
        try:
            yield emulator_endpoint(f"http://127.0.0.1:{listener.getsockname()[1]}")
        finally:
            process.terminate()
            process.communicate()
            record().add(directory)
