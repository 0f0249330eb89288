"""Measure what events cost a function, in a process that has nothing else in it.

``python -m tests.support.measured MODULE`` reads events, one a line, and prints for each a line
of JSON: its CPU seconds, the most memory the process has had so far in MB, and the status.
"""

import importlib
import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Final

from tests.support.client import Context

_ENVIRONMENT: Final = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "eu-west-1",
    # Nobody listens: what is valid ends there.
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "MODEL_PROVIDER": "off",
    "MODEL_TABLE": "{}",
    "POWERTOOLS_LOG_LEVEL": "CRITICAL",
    "POWERTOOLS_SERVICE_NAME": "colloquy",
    "TABLE_NAME": "ConversationsTable",
}


def main(module: str) -> None:
    """Answer each event, and print what that took."""
    os.environ.update(_ENVIRONMENT)
    handler = importlib.import_module(module).lambda_handler
    for line in sys.stdin:
        before = time.process_time()
        answer = handler(json.loads(line), Context())
        spent = time.process_time() - before
        measured = {"cpu": spent, "peak": _peak(), "status": answer["statusCode"]}
        sys.stdout.write(f"{json.dumps(measured)}\n")
        sys.stdout.flush()


def _peak() -> int:
    """Return the process's peak of memory in MB; that of getrusage begins as its parent's."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text("ascii"))
    assert found is not None
    return int(found[1]) // 1024


if __name__ == "__main__":
    main(sys.argv[1])
