"""A few seconds of what `make load` does, so that it works when it is needed."""

import asyncio

import pytest

from tests.load.run import Load, put
from tests.support.server import Server


@pytest.mark.local_only("it kills processes of make run")
def test_load_with_killed_functions_loses_nothing(server: Server) -> None:
    said: list[str] = []
    load = Load(users=4, seconds=6, is_killing=True)

    violations = asyncio.run(put(load, server, server.process.pid, said.append))

    assert violations == []
    report = "\n".join(said)
    assert "functions were killed" in report
    assert "append" in report
