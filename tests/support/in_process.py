"""The emulator of `make run` in this process: boto3's requests are answered without a socket."""

import io
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from types import SimpleNamespace
from typing import Any, Final
from unittest.mock import patch

import boto3
from botocore import UNSIGNED
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config

from colloquy import wiring
from colloquy.store.rows import Row, decode
from local.triggers.stream import to_event
from tests.support.functions import declared

TABLE: Final = "ConversationsTable"

Send = Callable[[AWSPreparedRequest, str], AWSResponse]
"""Answers a request of boto3; the text is the operation's name."""


class Database:
    """An empty table as template.yaml declares it, in ministack's DynamoDB.

    ``send`` answers the requests of the product's client and may pass them on to ``serve``.
    There is one database in a process: a second one empties the first.
    """

    def __init__(
        self,
        now: Callable[[], float] = time.time,
        send: Send | None = None,
        client: Any = None,
    ) -> None:
        self._dynamodb = _dynamodb()
        self._dynamodb.reset()
        # Its thread that looks for expired rows sleeps in real time, and finds none to delete:
        # expiry is not enabled, so that a run depends on nothing but its seed.
        self._dynamodb.time = SimpleNamespace(time=now, sleep=time.sleep)
        self._send = send or (lambda request, _: self.serve(request))
        self._taken = 0
        _sends.clear()
        self.client = client or _client()
        table = declared().table
        assert table is not None
        self.client.create_table(TableName=TABLE, **table.parameters)
        _sends.append(self._send)

    def serve(self, request: AWSPreparedRequest) -> AWSResponse:
        """Let the emulator answer a request."""
        return _serve(self._dynamodb, request)

    def rows(self) -> list[Row]:
        """Return every row, by its key."""
        partitions: dict[str, dict[str, Any]] = self._dynamodb._tables[TABLE]["items"]
        found = [row for partition in partitions.values() for row in partition.values()]
        return sorted(map(decode, found), key=lambda row: (row["PK"], row["SK"]))

    def new_records(self) -> list[dict[str, Any]]:
        """Return what has changed since the last call, as Lambda hands it to a function."""
        records = self._dynamodb._stream_records.get(TABLE) or []
        found, self._taken = records[self._taken :], len(records)
        plain = json.loads(json.dumps(found, default=str))
        return [to_event(record, "arn:aws:dynamodb:::stream", "eu-west-1") for record in plain]

    @contextmanager
    def direct(self) -> Iterator[None]:
        """Pass ``send`` by for a while."""
        _sends.append(lambda request, _: self.serve(request))
        try:
            yield
        finally:
            _sends.pop()


@contextmanager
def emulated() -> Iterator[Database]:
    """Have the functions run on an empty table in this process."""
    # A client of its own, for some tests listen to its events.
    database = Database(client=new_client())
    with wired(database):
        yield database


@contextmanager
def wired(database: Database) -> Iterator[None]:
    """Have the composition root build everything on this database."""
    wiring.forget()
    others: Any = boto3.client

    def client(service: str, *options: Any, **more: Any) -> Any:
        return database.client if service == "dynamodb" else others(service, *options, **more)

    with patch.object(boto3, "client", client):
        wiring.table()
        try:
            yield
        finally:
            wiring.forget()


_sends: list[Send] = []


def _dynamodb() -> Any:
    return import_module("ministack.services.dynamodb")


@cache
def _client() -> Any:
    return new_client()


def new_client() -> Any:
    """Return a client of the database, apart from the one that the functions use."""
    # As wiring makes it, but for what only costs time here.
    faster = Config(signature_version=UNSIGNED, user_agent="in-process", parameter_validation=False)
    client: Any = boto3.Session().client(
        "dynamodb",
        endpoint_url="http://dynamodb.invalid",
        config=wiring._CLIENT_CONFIG.merge(faster),
    )
    client.meta.events.register_first("before-send.dynamodb", _before_send)
    return client


def _before_send(request: AWSPreparedRequest, event_name: str, **_: Any) -> AWSResponse:
    if not _sends:
        return _serve(_dynamodb(), request)
    return _sends[-1](request, event_name.rpartition(".")[2])


def _serve(dynamodb: Any, request: AWSPreparedRequest) -> AWSResponse:
    target = request.headers["X-Amz-Target"]
    headers = {"x-amz-target": target.decode() if isinstance(target, bytes) else target}
    handling = dynamodb.handle_request("POST", "/", headers, request.body, {})
    try:
        handling.send(None)
    except StopIteration as done:
        status, _, body = done.value
        return response(request, status, body)
    raise AssertionError("the emulator waits for something")


def response(request: AWSPreparedRequest, status: int, body: str | bytes) -> AWSResponse:
    """Return an HTTP response to a request."""
    raw = _Body(body.encode() if isinstance(body, str) else body)
    headers: Any = {"content-type": "application/x-amz-json-1.0", "x-amzn-requestid": "in-process"}
    return AWSResponse(request.url, status, headers, raw)


class _Body(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()
