"""A write-ahead journal: an append-only file of changes, one JSON line for each request.

A line is written before the response is sent, so that killing every process loses no acknowledged
write; a line that was being written just then is dropped whole, with its request. Lines are not
synced to the disk: a power cut may lose the last seconds. Only the user may read the file.
"""

import asyncio
import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

Change = Mapping[str, Any]
_MIN_COMPACTED_BYTES = 32 * 1024 * 1024
_GROWTH = 3


class Journal:
    """The changes since the beginning, or since the last compaction and that state before them."""

    def __init__(self, directory: Path) -> None:
        """Open the file, waiting until no other process holds it."""
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o700)
        self._lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        # A predecessor that is being killed may still be writing.
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._path = directory / "journal.jsonl"
        self._draft = directory / "journal.draft"
        self._draft.unlink(missing_ok=True)
        self._file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        os.fchmod(self._file, 0o600)
        self._size = os.fstat(self._file).st_size
        self._compacted_size = 0

    @property
    def is_due(self) -> bool:
        """Whether the file has grown so much that it should be compacted."""
        return self._size > max(_MIN_COMPACTED_BYTES, _GROWTH * self._compacted_size)

    def append(self, changes: Iterable[Change]) -> None:
        """Write the changes of one request as one line: all of them survive, or none."""
        line = _line(changes)
        self._size += len(line)
        _write(self._file, line)

    def replay(self) -> Iterator[list[dict[str, Any]]]:
        """Yield the changes of each request, and cut off the line that a kill left unfinished."""
        complete = 0
        with os.fdopen(os.dup(self._file), "rb") as file:
            file.seek(0)
            for line in file:
                try:
                    changes = json.loads(line) if line.endswith(b"\n") else None
                except ValueError:
                    changes = None
                if changes is None:
                    break
                yield changes
                complete += len(line)
        # The next line must not be glued to half a line.
        os.ftruncate(self._file, complete)
        self._size = complete

    async def compact(self, state: Iterable[Iterable[Change]]) -> None:
        """Replace the file by one with ``state``, as it is now, and what is appended from now on.

        A thread writes the state while requests are served; the old file stays in its place until
        the new one is complete.
        """
        appended_from = self._size
        draft = os.open(self._draft, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            await asyncio.to_thread(_write_all, draft, state)
            # No other request runs until the files are exchanged.
            self._compacted_size = os.fstat(draft).st_size
            while appended := os.pread(self._file, 1 << 20, appended_from):
                _write(draft, appended)
                appended_from += len(appended)
            self._draft.replace(self._path)
        except BaseException:
            os.close(draft)
            raise
        os.close(self._file)
        self._file, self._size = draft, os.fstat(draft).st_size


def _line(changes: Iterable[Change]) -> bytes:
    return json.dumps(list(changes), separators=(",", ":")).encode() + b"\n"


def _write(file: int, content: bytes) -> None:
    while content:
        content = content[os.write(file, content) :]


def _write_all(file: int, state: Iterable[Iterable[Change]]) -> None:
    with os.fdopen(os.dup(file), "wb") as buffered:
        for changes in state:
            buffered.write(_line(changes))
    # Not for a kill but for a power cut: the old file is gone once this one has its name.
    os.fsync(file)
