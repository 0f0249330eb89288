"""The pure-Python client of the Runtime API: what it sends for what a handler returns."""

import base64
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from colloquy.runtime_client import (
    HTTP_CONTENT_TYPE,
    Invocation,
    RuntimeClient,
    StreamedResponse,
    process,
    run,
)


class Recorder(RuntimeClient):
    """A client that sends nothing, and keeps what it would send."""

    def __init__(self, event: Any, **headers: Any) -> None:
        super().__init__("127.0.0.1:1")
        self.invocation = Invocation(json.dumps(event).encode(), "req-1", **headers)
        self.sent: list[tuple[str, Any]] = []

    def next(self) -> Invocation:
        return self.invocation

    def respond(self, request_id: str, payload: bytes) -> None:
        self.sent.append((request_id, json.loads(payload)))

    def fail(self, request_id: str, error: Any) -> None:
        self.sent.append((request_id, error["errorType"]))

    def fail_init(self, error: Any) -> None:
        self.sent.append(("init", error["errorType"]))

    def stream(
        self, request_id: str, chunks: Any, content_type: str = HTTP_CONTENT_TYPE
    ) -> Exception | None:
        self.sent.append((request_id, (content_type, b"".join(chunks))))
        return None


def recorder(event: Any = None) -> Recorder:
    deadline = int(time.time() * 1000) + 5_000
    return Recorder(event, deadline_ms=deadline, function_arn="arn:f", trace_id="Root=1")


def test_a_result_is_sent_as_json_with_its_characters() -> None:
    client = recorder({"name": "Zoë"})

    process(client, lambda event, _: {"hello": event["name"]})

    assert client.sent == [("req-1", {"hello": "Zoë"})]


def test_a_handler_sees_its_deadline_and_who_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "Echo")
    client = recorder()

    def handler(_: Any, context: Any) -> Any:
        assert 4_000 < context.get_remaining_time_in_millis() <= 5_000
        return [context.aws_request_id, context.function_name, context.invoked_function_arn]

    process(client, handler)

    assert client.sent == [("req-1", ["req-1", "Echo", "arn:f"])]


@pytest.mark.parametrize("result", [object(), {1, 2}, "\ud800"])
def test_a_result_that_is_no_json_is_an_error(result: object, capsys: Any) -> None:
    client = recorder()

    process(client, lambda *_: result)

    ((request_id, kind),) = client.sent
    assert request_id == "req-1"
    assert kind in ("TypeError", "UnicodeEncodeError")
    assert json.loads(capsys.readouterr().out)["errorType"] == kind


def test_a_stream_begins_with_its_status_and_headers() -> None:
    client = recorder()
    response = StreamedResponse([b"a", b"b"], 201, {"x": "y"}, ["c=1"])

    process(client, lambda *_: response)

    ((_, (content_type, body)),) = client.sent
    prelude, nuls, rest = body.partition(b"\0" * 8)
    assert (content_type, nuls, rest) == (HTTP_CONTENT_TYPE, b"\0" * 8, b"ab")
    assert json.loads(prelude) == {"statusCode": 201, "headers": {"x": "y"}, "cookies": ["c=1"]}


def test_a_function_that_cannot_be_imported_is_reported() -> None:
    client = recorder()

    with pytest.raises(SystemExit):
        run("no_such_module.handler", client)

    assert client.sent == [("init", "ModuleNotFoundError")]


@dataclass
class Wire:
    """A connection that keeps the bytes of a request."""

    sent: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    def putrequest(self, method: str, path: str) -> None:
        self.headers[":request"] = f"{method} {path}"

    def putheader(self, name: str, value: str) -> None:
        self.headers[name] = value

    def endheaders(self) -> None: ...

    def send(self, content: bytes) -> None:
        self.sent += content

    def getresponse(self) -> "Wire":
        return self

    def read(self) -> bytes:
        return b""


def streamed(chunks: Iterator[bytes]) -> tuple[Wire, Exception | None]:
    client, wire = RuntimeClient("127.0.0.1:1"), Wire()
    client.__dict__["_connection"] = wire
    return wire, client.stream("req-1", chunks)


def test_chunks_are_framed_and_empty_ones_do_not_end_the_response() -> None:
    wire, error = streamed(iter([b"hello", b"", b"x" * 17]))

    assert error is None
    assert wire.sent == b"5\r\nhello\r\n11\r\n" + b"x" * 17 + b"\r\n0\r\n\r\n"
    assert wire.headers[":request"] == "POST /2018-06-01/runtime/invocation/req-1/response"
    assert wire.headers["Lambda-Runtime-Function-Response-Mode"] == "streaming"


def test_an_error_within_a_stream_is_a_trailer() -> None:
    def chunks() -> Iterator[bytes]:
        yield b"a"
        raise ValueError("as\r\nasked")

    wire, error = streamed(chunks())

    assert isinstance(error, ValueError)
    *_, kind, body, _, _ = wire.sent.split(b"\r\n")
    assert kind == b"Lambda-Runtime-Function-Error-Type: ValueError"
    report = json.loads(base64.b64decode(body.partition(b": ")[2]))
    assert (report["errorType"], report["errorMessage"]) == ("ValueError", "as\r\nasked")
    assert report["requestId"] == "req-1"
