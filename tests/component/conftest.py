"""Component tests: an event goes into the real handler, and rows come out of a fake DynamoDB."""

from collections.abc import Callable, Iterator

import boto3
import pytest
from moto import mock_aws

from colloquy import wiring
from local import table
from tests.support.client import Client
from tests.support.functions import declared, dispatch
from tests.support.rows import Rows

SignIn = Callable[[str], Client]


@pytest.fixture
def rows() -> Iterator[Rows]:
    """The real schema, read from template.yaml, in an empty fake DynamoDB."""
    with mock_aws():
        client = boto3.client("dynamodb")
        table.create(client, declared(), "conversations-test")
        wiring.forget()
        yield Rows(client, "conversations-test")


@pytest.fixture
def sign_in(rows: Rows) -> SignIn:
    """Return a client for a user, whose calls go to the function template.yaml sends them to."""
    assert rows.all() == []
    return lambda caller: Client(dispatch, caller)


@pytest.fixture
def alice(sign_in: SignIn) -> Client:
    return sign_in("alice")


@pytest.fixture
def bob(sign_in: SignIn) -> Client:
    return sign_in("bob")
