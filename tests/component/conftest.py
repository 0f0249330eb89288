"""Component tests: an event goes into the real handler, and rows come out of a fake DynamoDB."""

import logging
import threading
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from moto import mock_aws

from colloquy import wiring
from colloquy.observability import logger
from local.dynamodb import schema
from tests.support.client import Client
from tests.support.faults import Faulty
from tests.support.functions import declared, dispatch
from tests.support.permissions import record
from tests.support.role import keep_in_threads
from tests.support.rows import Rows
from tests.support.stream import Stream

SignIn = Callable[[str], Client]


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rows]:
    """The real schema, read from template.yaml, in an empty fake DynamoDB."""
    keep_in_threads(monkeypatch)
    _call_one_at_a_time(monkeypatch)
    with mock_aws():
        client = boto3.client("dynamodb")
        schema.create(client, declared(), "ConversationsTable")
        wiring.forget()
        yield Rows(client, "ConversationsTable")


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
def faulty(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> Faulty:
    """Return the functions' client for DynamoDB, which fails as often as the test says."""
    client = Faulty(rows.client)
    monkeypatch.setattr(boto3, "client", lambda *_, **__: client)
    return client


@pytest.fixture
def stream(rows: Rows) -> Stream:
    """Return the table's stream, as purge gets it."""
    arn = rows.client.describe_table(TableName=rows.name)["Table"]["LatestStreamArn"]
    return Stream(boto3.Session().client("dynamodbstreams"), arn, declared(), "PurgeFunction")


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
