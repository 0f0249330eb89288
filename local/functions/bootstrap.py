"""The process of one execution environment: AWS's own runtime client, tied to its parent.

It is run by its path (``python -P bootstrap.py app.lambda_handler``) with nothing but the
function's code and layers on the path, as on Lambda, so it imports nothing of ``local``.
"""

import runpy
import sys
from importlib import import_module
from pathlib import Path

_CHILD = Path(__file__).resolve().parents[1] / "process" / "child.py"

if __name__ == "__main__":
    runpy.run_path(str(_CHILD))["die_with_parent"]()
    import_module("awslambdaric.__main__").main(sys.argv)
