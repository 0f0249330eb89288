"""An append-only file of changes, one JSON line per answered request.

A line is written before the answer leaves, so killing every process loses nothing that was
answered; a line that was being written just then is dropped whole, with its request. It is not
synced to the disk: a power cut may lose the last seconds.
"""

import fcntl
import json
import os
from pathlib import Path
from typing import Any


class Journal:
    """The changes since the last saved state."""

    def __init__(self, path: Path) -> None:
        """Open the file, waiting until no other process holds it."""
        self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        # A predecessor that is being killed may still be writing.
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def append(self, changes: list[dict[str, Any]]) -> None:
        """Write the changes of one request as one line: all of them survive, or none."""
        line = json.dumps(changes, separators=(",", ":")).encode() + b"\n"
        while line:
            line = line[os.write(self._file, line) :]

    def recover(self) -> list[list[dict[str, Any]]]:
        """Return the changes line by line, and cut off what a kill left unfinished."""
        requests: list[list[dict[str, Any]]] = []
        good = 0
        with os.fdopen(os.dup(self._file), "rb") as handle:
            handle.seek(0)
            for line in handle:
                try:
                    changes = json.loads(line) if line.endswith(b"\n") else None
                except ValueError:
                    changes = None
                if changes is None:
                    break
                requests.append(changes)
                good += len(line)
        # What comes next must not be glued to half a line.
        os.ftruncate(self._file, good)
        return requests

    def clear(self) -> None:
        """Forget everything, once it is part of a saved state."""
        os.ftruncate(self._file, 0)
