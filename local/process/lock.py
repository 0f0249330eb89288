"""One process at a time uses a data directory."""

import fcntl
from pathlib import Path
from typing import TextIO


class InUseError(Exception):
    """Another process uses the directory."""


def lock(data: Path) -> TextIO:
    """Return a handle that holds the directory until it is closed.

    Raises:
        InUseError: another process holds it.
    """
    data.mkdir(parents=True, exist_ok=True)
    handle = (data / "lock").open("a", encoding="utf-8")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        handle.close()
        raise InUseError(f"Another run uses {data}: stop it, or set DATA.") from exc
    return handle
