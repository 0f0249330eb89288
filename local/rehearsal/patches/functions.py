"""Runs ministack's functions with what they find on Lambda: their code, the layer and boto3.

ministack starts them with its own Python, and so with all its packages: a package missing in the
layer would not be missed. And it starts as many as there are requests, each with the layer unpacked
anew: ten at once would keep a small machine busy with starting for a minute.
"""

import hashlib
import io
import threading
import time
import zipfile
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_ENVIRONMENTS = 4
"""Of one function at a time; further events wait for one to be free."""
# What Lambda's Python runtime ships: boto3 and what that needs.
_SHIPPED = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3")
_PRELUDE = """
import sys
sys.path[:] = [path for path in sys.path if not path.endswith("-packages")] + [{shipped!r}]
"""
_LOG_WAIT_SECONDS = 0.003


def install(directory: Path) -> None:
    """Have the functions' processes start as on Lambda; ``directory`` will hold what is shipped."""
    runtime: Any = import_module("ministack.core.lambda_runtime")
    service: Any = import_module("ministack.services.lambda_svc")
    shipped = directory / "shipped"
    _ship(shipped)
    prelude = _PRELUDE.format(shipped=str(shipped))
    runtime._PYTHON_WORKER_SCRIPT = prelude + runtime._PYTHON_WORKER_SCRIPT
    _unpack_once(service, directory / "layers")
    _start_few(runtime, service)
    _wait_less(runtime)


def _ship(directory: Path) -> None:
    directory.mkdir(parents=True)
    for name in _SHIPPED:
        found = find_spec(name)
        if found is None or found.origin is None:
            raise ModuleNotFoundError(f"{name} is not installed: run make rehearse again.")
        source = Path(found.origin)
        package = source.parent if source.name == "__init__.py" else source
        (directory / package.name).symlink_to(package)


def _unpack_once(service: Any, directory: Path) -> None:
    """Unpack a layer for all, and give each environment one that only points there."""
    resolve = service._resolve_layer_zip
    one_at_a_time = threading.Lock()

    def resolved(reference: Any) -> bytes | None:
        packed: bytes | None = resolve(reference)
        if packed is None:
            return None
        place = directory / hashlib.sha256(packed).hexdigest()
        with one_at_a_time:
            if not place.exists():
                with zipfile.ZipFile(io.BytesIO(packed)) as layer:
                    layer.extractall(place)
        pointer = io.BytesIO()
        with zipfile.ZipFile(pointer, "w") as layer:
            # ministack reads the .pth files of this folder, as Lambda does.
            layer.writestr("python/lib/python3/site-packages/layer.pth", str(place / "python"))
        return pointer.getvalue()

    service._resolve_layer_zip = resolved


def _start_few(runtime: Any, service: Any) -> None:
    runtime._LOCAL_MAX_WORKERS = _ENVIRONMENTS
    acquire = service.acquire_worker

    # In a thread of the invocation's own.
    def acquired(*arguments: Any, **options: Any) -> tuple[Any, str]:
        while True:
            worker, how = acquire(*arguments, **options)
            if worker is not None:
                return worker, how
            time.sleep(0.005)

    service.acquire_worker = acquired


def _wait_less(runtime: Any) -> None:
    """Give the log of a silent invocation 3 ms to appear, and not 50.

    A line that comes later is only said to be the next invocation's.
    """
    drain = runtime.Worker._drain_stderr_bounded

    def drained(worker: Any) -> str:
        said: str = drain(worker, first_line_wait=_LOG_WAIT_SECONDS)
        return said

    runtime.Worker._drain_stderr_bounded = drained
