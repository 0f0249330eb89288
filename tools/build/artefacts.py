"""Finishes what `sam build` has made: ``python -m tools.build.artefacts DIRECTORY``.

Compiles it, rejects native code for another processor than the template names, and prints how
large each artefact is. With ``--here`` all of that is for this machine instead of Lambda.
"""

import argparse
import io
import struct
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.template.intrinsics import read_yaml
from tools.build.bytecode import compile_for

_ELF = b"\x7fELF"
# The machine of an ELF file: 18 bytes from its start.
_MACHINES = {0x3E: "x86_64", 0xB7: "arm64"}


class UnfitError(Exception):
    """What is built would not run; the message is one sentence for a person."""


@dataclass(frozen=True)
class Build:
    """A directory `sam build` has filled."""

    directory: Path
    architecture: str
    version: str
    layers: tuple[Path, ...]
    functions: tuple[Path, ...]

    @classmethod
    def read(cls, directory: Path) -> "Build":
        """Read the template in it, in which SAM has put what is built in place of the sources."""
        document = read_yaml((directory / "template.yaml").read_text("utf-8"))
        kinds: dict[str, list[str]] = {}
        for name, resource in document["Resources"].items():
            kinds.setdefault(resource["Type"], []).append(name)
        layers = kinds["AWS::Serverless::LayerVersion"]
        metadata: dict[str, Any] = document["Resources"][layers[0]]["Metadata"]
        return cls(
            directory=directory,
            architecture=metadata["BuildArchitecture"],
            version=document["Globals"]["Function"]["Runtime"].removeprefix("python"),
            layers=tuple(directory / name for name in layers),
            functions=tuple(directory / name for name in kinds["AWS::Serverless::Function"]),
        )

    @property
    def artefacts(self) -> tuple[Path, ...]:
        """The directories that are zipped and uploaded."""
        return (*self.layers, *self.functions)


def compile_all(build: Build, *, here: bool) -> bool:
    """Compile layers and functions; return False where nothing can."""
    places = dict.fromkeys(build.layers, "/opt") | dict.fromkeys(build.functions, "/var/task")
    if here:
        return compile_for(None, {each: str(each.resolve()) for each in places})
    return compile_for(build.version, places)


def check_machine(build: Build, architecture: str, tag: str) -> None:
    """Reject native code that is not for a processor and a Python, named as in its file's name.

    Raises:
        UnfitError: naming the file.
    """
    for path in native(build):
        machine = _MACHINES.get(struct.unpack_from("<H", path.read_bytes(), 18)[0])
        fits = f".{tag}-" in path.name or ".abi3." in path.name
        if machine != architecture or not fits:
            raise UnfitError(f"{path} is not for {tag} on {architecture}")


def native(build: Build) -> Iterator[Path]:
    """Yield the shared libraries of all artefacts."""
    for artefact in build.artefacts:
        for path in sorted(artefact.rglob("*.so*")):
            if path.read_bytes()[:4] == _ELF:
                yield path


def sizes(artefact: Path) -> tuple[int, int, int]:
    """Return how many files an artefact has, their bytes, and the bytes of their zip."""
    files = [path for path in sorted(artefact.rglob("*")) if path.is_file()]
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(path, path.relative_to(artefact))
    return len(files), sum(path.stat().st_size for path in files), memory.tell()


def main() -> int:
    """Finish a build, or say why it cannot be used."""
    parser = argparse.ArgumentParser(prog="tools.build.artefacts", description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--here", action="store_true", help="it is for this machine")
    options = parser.parse_args()
    build = Build.read(options.directory)
    if options.here:
        compile_all(build, here=True)
        return 0
    try:
        check_machine(build, build.architecture, f"cpython-{build.version.replace('.', '')}")
    except UnfitError as exc:
        print(f"This build is unfit: {exc}.", file=sys.stderr)
        return 1
    if not compile_all(build, here=False):
        print(
            f"There is no Python {build.version} here, and none to be had: nothing is compiled, "
            "and every cold start does it again. Install one, and build again.",
            file=sys.stderr,
        )
    print(f"\n{'for ' + build.architecture:<24}{'files':>7}{'unzipped':>13}{'zipped':>13}")
    for artefact in build.artefacts:
        files, unzipped, zipped = sizes(artefact)
        print(f"{artefact.name:<24}{files:>7,}{unzipped:>13,}{zipped:>13,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
