"""The process of one execution environment: AWS's own runtime client, tied to its parent.

It is run by its path (``python -P environment.py app.lambda_handler``) with nothing but the
function's code and layers on the path, as on Lambda, so it imports nothing of ``local``.
"""

import ctypes
import os
import signal
import sys
import threading
from importlib import import_module

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """End this process when its parent, which holds the other end of our stdin, is gone.

    Linux kills us by itself, even while C code holds the interpreter lock; elsewhere, and where
    the parent was gone before we asked, the end of standard input tells.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    threading.Thread(target=_exit_at_end_of_input, daemon=True, name="lifeline").start()


def _exit_at_end_of_input() -> None:
    while os.read(0, 1024):
        pass
    os._exit(1)


if __name__ == "__main__":
    die_with_parent()
    import_module("awslambdaric.__main__").main(sys.argv)
