"""Tests of a deployed stack, as AWS itself describes it. `make rehearse` runs them."""

import pytest

from tests.support.server import Api
from tests.support.stack import Stack


@pytest.fixture(scope="session")
def stack() -> Stack:
    return Stack()


@pytest.fixture(scope="session")
def api() -> Api:
    deployed = Api.deployed()
    assert deployed, "DEPLOYED_URL must name what is deployed: use make rehearse"
    return deployed
