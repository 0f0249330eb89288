"""Child processes: tied to their parent, and without the parent's secrets.

Run by its path it imports nothing of ``local``, so that a function's process can use it too.
"""

import ctypes
import os
import signal
import sys
import threading
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ")


def die_with_parent() -> None:
    """End this process when its parent, which holds the other end of our stdin, is gone.

    Linux kills us by itself, even while C code holds the interpreter lock; elsewhere, and where
    the parent was gone before we asked, the end of standard input does.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    threading.Thread(target=_exit_at_end_of_input, daemon=True, name="lifeline").start()


def plain_environment() -> dict[str, str]:
    """Return the part of our environment a child gets: nothing about AWS, nothing secret."""
    return {name: os.environ[name] for name in _KEPT if name in os.environ}


def module_environment() -> dict[str, str]:
    """Return the environment of a child that runs a module of this repository."""
    return {**plain_environment(), "PYTHONPATH": str(Path(__file__).resolve().parents[2])}


def _exit_at_end_of_input() -> None:
    while os.read(0, 1024):
        pass
    os._exit(1)
