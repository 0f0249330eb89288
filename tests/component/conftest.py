"""Component tests: an event goes into the real handler, and rows come out of a fake DynamoDB."""

import logging
import threading
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from botocore.client import BaseClient

from colloquy import wiring
from colloquy.observability import logger
from tests.support.client import Client
from tests.support.faults import Faulty
from tests.support.functions import declared, dispatch
from tests.support.in_process import TABLE, Database, wired
from tests.support.permissions import record
from tests.support.role import keep_in_threads
from tests.support.rows import Rows
from tests.support.stream import Stream

SignIn = Callable[[str], Client]


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """The real schema, read from template.yaml, in an empty DynamoDB in this process."""
    keep_in_threads(monkeypatch)
    _call_one_at_a_time(monkeypatch)
    database = Database()
    with wired(database):
        yield database


@pytest.fixture
def rows(database: Database) -> Rows:
    """The rows of the table that the functions under test use."""
    return Rows(database.client, TABLE)


def _call_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep threads apart in the fake: its transactions are none while another call runs."""
    lock = threading.Lock()
    call: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

    def one(client: Any, operation: str, request: dict[str, Any]) -> Any:
        if client.meta.service_model.service_name != "dynamodb":
            return call(client, operation, request)
        with lock:
            record().check(operation, request)
            return call(client, operation, request)

    monkeypatch.setattr(BaseClient, "_make_api_call", one)


@pytest.fixture
def faulty(rows: Rows) -> Iterator[Faulty]:
    """Return the functions' client for DynamoDB, which fails as often as the test says."""
    client = Faulty(rows.client)
    # Undone before the database's own patch is, which monkeypatch would outlive.
    with patch.object(boto3, "client", lambda *_, **__: client):
        wiring.forget()
        yield client


@pytest.fixture
def stream(database: Database) -> Stream:
    """Return the table's stream, as purge gets it."""
    return Stream(database, declared(), "PurgeFunction")


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


@pytest.fixture
def log() -> Iterator[StringIO]:
    """What the functions log, as it would stand in CloudWatch."""
    handler = logger.registered_handler
    assert isinstance(handler, logging.StreamHandler)
    written = StringIO()
    before = handler.setStream(written)
    yield written
    handler.setStream(before)
