"""Notices that the code of a function has changed."""

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from local.template.resources import Function

_SECONDS = 0.5

Snapshot = frozenset[tuple[str, int, int]]


async def watch(functions: Mapping[str, Function], changed: Callable[[str], None]) -> None:
    """Call ``changed`` with a function's name whenever its code or one of its layers changes."""
    directories = {function.code for function in functions.values()}
    for function in functions.values():
        directories.update(function.layers)
    known = {directory: snapshot(directory) for directory in directories}
    while True:
        await asyncio.sleep(_SECONDS)
        current = {directory: snapshot(directory) for directory in directories}
        stale = {directory for directory in directories if current[directory] != known[directory]}
        known = current
        for name, function in functions.items():
            if stale.intersection((function.code, *function.layers)):
                changed(name)


def snapshot(directory: Path) -> Snapshot:
    """Return name, time and size of every source file below ``directory``."""
    return frozenset(_files([directory]))


def _files(directories: Iterable[Path | str]) -> Iterable[tuple[str, int, int]]:
    for directory in directories:
        try:
            entries = list(os.scandir(directory))
        except FileNotFoundError:
            continue
        for entry in entries:
            if entry.name == "__pycache__" or entry.name.startswith("."):
                continue
            if entry.is_dir():
                yield from _files([entry.path])
                continue
            try:
                status = entry.stat()
            except FileNotFoundError:
                continue
            yield entry.path, status.st_mtime_ns, status.st_size
