"""What `make build` makes for Lambda: the wheels of its processor, and bytecode of its Python."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.functions import ROOT
from tools.build.artefacts import Build, UnfitError, check_machine, compile_all, native

# What bytecode of CPython 3.14 begins with (Include/internal/pycore_magic_number.h).
MAGIC_OF_3_14 = 3627
NEVER_CHECKED = 1


def layer(directory: Path, architecture: str) -> Build:
    """Build the layer alone, as SAM does."""
    path = f"{ROOT / '.venv/bin'}:{os.environ['PATH']}"
    artefact = directory / "CoreLayer"
    subprocess.run(
        ["make", "build-CoreLayer"],
        cwd=ROOT / "layers/core",
        env={
            **os.environ,
            "ARTIFACTS_DIR": str(artefact),
            "ARCHITECTURE": architecture,
            "PATH": path,
        },
        check=True,
    )
    return Build(directory, architecture, "3.14", (artefact,), ())


@pytest.mark.parametrize(("architecture", "other"), [("arm64", "x86_64"), ("x86_64", "arm64")])
def test_the_layer_is_for_the_processor_that_is_asked_for(
    tmp_path: Path, architecture: str, other: str
) -> None:
    build = layer(tmp_path, architecture)

    check_machine(build, architecture, "cpython-314")

    assert {path.name.split(".")[0] for path in native(build)} >= {"_pydantic_core", "nh3"}
    with pytest.raises(UnfitError, match="is not for cpython-314"):
        check_machine(build, other, "cpython-314")
    with pytest.raises(UnfitError, match="is not for cpython-313"):
        check_machine(build, architecture, "cpython-313")


def test_bytecode_is_for_lambdas_python_and_never_checked(tmp_path: Path) -> None:
    source = tmp_path / "CoreLayer/python/small.py"
    source.parent.mkdir(parents=True)
    source.write_text("def answer() -> int:\n    return 42\n")
    build = Build(tmp_path, "arm64", "3.14", (tmp_path / "CoreLayer",), ())

    if not compile_all(build, here=False):
        pytest.skip("neither a Python 3.14 nor Node.js is to be had here")

    compiled = (source.parent / "__pycache__/small.cpython-314.pyc").read_bytes()
    assert int.from_bytes(compiled[:2], "little") == MAGIC_OF_3_14
    assert int.from_bytes(compiled[4:8], "little") == NEVER_CHECKED
    assert b"/opt/python/small.py" in compiled
    assert str(tmp_path).encode() not in compiled
