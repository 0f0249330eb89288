"""E2E tests talk HTTP to the processes of `make run`, which they start and stop themselves.

With DEPLOYED_URL they talk to what is deployed there: then those marked ``local_only`` are skipped.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.server import Api, Server

SignIn = Callable[[str], httpx.Client]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if Api.deployed() is None:
        return
    for item in items:
        for marker in item.iter_markers("local_only"):
            item.add_marker(pytest.mark.skip(reason=f"not of what is deployed: {marker.args[0]}"))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The whole of Colloquy on one machine, with an empty table."""
    # What asks for it would say nothing of what is deployed: it wants `api`, or the marker.
    assert Api.deployed() is None
    with Server.started(tmp_path_factory.mktemp("data")) as running:
        yield running


@pytest.fixture(scope="session")
def api(request: pytest.FixtureRequest) -> Api:
    """The API under test: what is deployed, or else the server."""
    deployed = Api.deployed()
    return deployed or request.getfixturevalue("server")


@pytest.fixture
def sign_in(api: Api) -> Iterator[SignIn]:
    """Return a client of a user, with a real token."""
    clients: list[httpx.Client] = []

    def client_of(user: str) -> httpx.Client:
        clients.append(api.client(user))
        return clients[-1]

    yield client_of
    for client in clients:
        client.close()


@pytest.fixture
def alice(sign_in: SignIn, request: pytest.FixtureRequest) -> httpx.Client:
    """A user of this test's own, so that tests do not see each other's conversations."""
    return sign_in(f"alice of {request.node.name}")


@pytest.fixture
def own_data(tmp_path: Path) -> Path:
    """A folder for a server that a test starts for itself."""
    return tmp_path / "data"
