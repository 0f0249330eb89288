"""The process of one execution environment: a client of the Runtime API, tied to its parent.

It is run by its path (``python -P bootstrap.py app.lambda_handler``) with nothing but the
function's code and layers on the path, as on Lambda, so it imports nothing of ``local``. The
client is Lambda's own, awslambdaric, where its native part exists (on Linux) and the function has
no wrapper that replaces it; else it is the layer's.
"""

import os
import runpy
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_CHILD = _ROOT / "local" / "process" / "child.py"
_CLIENT = _ROOT / "layers" / "core" / "python" / "colloquy" / "runtime_client.py"

if __name__ == "__main__":
    runpy.run_path(str(_CHILD))["die_with_parent"]()
    # runtime_client is the native part.
    if find_spec("runtime_client") is None or os.environ.get("AWS_LAMBDA_EXEC_WRAPPER"):
        runpy.run_path(str(_CLIENT))["main"](sys.argv)
    else:
        import_module("awslambdaric.__main__").main(sys.argv)
