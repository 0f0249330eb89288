"""Compiles what is built, for the Python that will run it.

Lambda cannot write next to the code, so what is not compiled here is compiled in every cold start.
The files say they are never to be checked against their sources, whose times SAM's zip rounds.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

_WASM = Path(__file__).with_name("pyodide")
_WASM_VERSION = "3.14"


def compile_for(version: str | None, directories: Mapping[Path, str]) -> bool:
    """Compile all under each directory; its value is where it will be when its files run.

    ``version`` is the Python that will run them, None this one. Return False where no Python of
    that version is to be had, and nothing was compiled.
    """
    python = Path(sys.executable) if version is None else _python(version)
    if python is not None:
        for directory, place in directories.items():
            _compile([str(python), "-m", "compileall", "-q"], directory, place)
        return True
    if version != _WASM_VERSION or not _install_wasm():
        return False
    words = [word for directory, place in directories.items() for word in (str(directory), place)]
    subprocess.run(["node", str(_WASM / "compile.mjs"), *words], check=True)
    return True


def _compile(compileall: list[str], directory: Path, place: str) -> None:
    paths = ["-s", str(directory), "-p", place, str(directory)]
    subprocess.run([*compileall, "--invalidation-mode", "unchecked-hash", *paths], check=True)


def _python(version: str) -> Path | None:
    """Return a Python of a version: one that is installed, or that uv downloads."""
    uv = [str(Path(sys.executable).with_name("uv")), "--quiet", "python"]
    # Whether it can be reached is known at the first try.
    environment = {**os.environ, "UV_HTTP_RETRIES": "0"}
    for words in (["find"], ["install", "--no-bin"], ["find"]):
        done = subprocess.run(
            [*uv, *words, version], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode == 0 and words == ["find"]:
            return Path(done.stdout.strip())
    return None


def _install_wasm() -> bool:
    """Install CPython as WebAssembly, where there is Node.js to run it."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return False
    if not (_WASM / "node_modules").is_dir():
        words = ["ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"]
        return subprocess.run(["npm", *words], cwd=_WASM, check=False).returncode == 0
    return True
