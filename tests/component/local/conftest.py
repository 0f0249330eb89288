"""Machines for the tests: one that is shared, and as many as a test needs for itself."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.component.local.machine import FIXTURES, Machine

Start = Callable[..., Machine]


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A run of the echo application, for tests that do not break it."""
    data = tmp_path_factory.mktemp("shared") / "data"
    running = Machine(FIXTURES / "echo" / "template.yaml", data).start()
    yield running
    running.stop()
    assert running.processes() == []


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a machine of the test's own, with the same data each time; stop what still runs."""
    started: list[Machine] = []

    def _start(template: Path = FIXTURES / "echo" / "template.yaml", **settings: str) -> Machine:
        running = Machine(template, tmp_path / "data", **settings)
        started.append(running)
        return running.start()

    yield _start
    for running in started:
        running.stop()
    assert [running.processes() for running in started] == [[] for _ in started]
