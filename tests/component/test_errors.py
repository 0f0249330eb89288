"""The envelope around whatever goes wrong."""

import json
import logging
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from colloquy import wiring
from colloquy.observability import logger
from colloquy.services.conversations import Conversations
from tests.support.client import Client, Context, event_of
from tests.support.functions import dispatch


@pytest.fixture
def log() -> Iterator[StringIO]:
    """What the functions log, as it would stand in CloudWatch."""
    handler = logger.registered_handler
    assert isinstance(handler, logging.StreamHandler)
    written = StringIO()
    before = handler.setStream(written)
    yield written
    handler.setStream(before)


def test_an_unknown_path_is_a_404_with_the_envelope(alice: Client) -> None:
    for path in ("/", "/v1", "/v1/conversations/", "/v2/conversations", "/v1/conversation"):
        reply = alice.get(path)
        assert (reply.status, reply.error["code"]) == (404, "not_found")
        assert reply.headers["x-request-id"] == reply.error["request_id"] == "req-1"


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/v1/conversations", "DELETE, GET, POST"),
        ("DELETE", "/healthz", "GET"),
        ("HEAD", "/v1/projects", "GET, POST"),
        ("PUT", "/v1/projects/proj_1", "DELETE, GET, PATCH"),
        ("PATCH", "/v1/projects/proj_1/conversations", "GET"),
    ],
)
def test_a_wrong_method_is_a_405_that_says_what_is_allowed(
    alice: Client, method: str, path: str, allow: str
) -> None:
    reply = alice.request(method, path)
    assert (reply.status, reply.error["code"]) == (405, "method_not_allowed")
    assert reply.headers["allow"] == allow


@pytest.mark.parametrize(
    "raw",
    [
        "{",
        "nonsense",
        '{"title": NaN}',
        '{"title": "\\ud800"}',
        '{"x":' * 3000,
        '{"title": 1' + "0" * 5000 + "}",
        b"\xff\xfe{}",
        '{"title": "x"} trailing',
        "{'title': 'x'}",
    ],
)
def test_a_body_that_is_no_json_is_a_400(alice: Client, raw: str | bytes) -> None:
    reply = alice.post("/v1/conversations", raw=raw)
    assert (reply.status, reply.error["code"]) == (400, "invalid_json")


@pytest.mark.parametrize("raw", ["[]", '[{"title": "x"}]', '"x"', "5", "null", "true"])
def test_a_body_that_is_no_object_is_a_400(alice: Client, raw: str) -> None:
    reply = alice.post("/v1/conversations", raw=raw)
    assert (reply.status, reply.error["code"]) == (400, "invalid_value")


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/jsonp", 415),
        ("application/json; charset=utf-8", 201),
        ("Application/JSON", 201),
        ("application/vnd.api+json", 201),
    ],
)
def test_a_body_is_json_or_a_415(alice: Client, content_type: str, status: int) -> None:
    reply = alice.post("/v1/conversations", raw="{}", headers={"Content-Type": content_type})
    assert reply.status == status


def test_a_base64_body_is_read_like_any_other(alice: Client) -> None:
    raw = json.dumps({"title": "Grüße"}, ensure_ascii=False).encode()
    assert alice.post("/v1/conversations", raw=raw).body["title"] == "Grüße"


def test_a_body_over_5_mb_is_a_413(alice: Client) -> None:
    raw = json.dumps({"title": "x" * 5_000_000})
    reply = alice.post("/v1/conversations", raw=raw)
    assert (reply.status, reply.error["code"]) == (413, "too_large")


def test_without_an_authorizers_word_there_is_no_caller(rows: Any) -> None:
    assert rows.all() == []
    reply = Client(dispatch, caller=None).get("/v1/conversations")
    assert (reply.status, reply.error["code"]) == (401, "unauthorized")
    for nobody in ("", "x" * 256):
        assert Client(dispatch, caller=nobody).get("/v1/conversations").status == 401


def test_healthz_says_ok_without_a_caller() -> None:
    reply = Client(dispatch, caller=None).get("/healthz")
    assert (reply.status, reply.body) == (200, {"status": "ok"})


def test_a_bug_is_a_500_that_shows_no_internals_and_logs_no_content(
    alice: Client, monkeypatch: pytest.MonkeyPatch, log: StringIO
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("secret content")

    monkeypatch.setattr(Conversations, "create", broken)
    reply = alice.post("/v1/conversations", {"title": "secret content"})
    assert (reply.status, reply.error["code"]) == (500, "internal_error")
    assert reply.error["request_id"] == "req-1"
    assert "secret" not in reply.text

    assert "secret" not in log.getvalue()
    line = json.loads(log.getvalue().strip().splitlines()[-1])
    assert (line["message"], line["correlation_id"]) == ("request failed", "req-1")
    assert line["error_type"] == "builtins.ValueError"


def test_no_log_line_holds_content_or_tokens(alice: Client, log: StringIO) -> None:
    headers = {"Authorization": "Bearer s3cret", "Idempotency-Key": "s3cret"}
    created = alice.post("/v1/conversations", {"title": "s3cret"}, headers=headers).body
    path = f"/v1/conversations/{created['id']}"
    alice.post(f"{path}/items", {"role": "user", "content": "s3cret", "call_id": "s3cret"})
    alice.patch(path, {"title": "s3cret", "metadata": {"s3cret": "s3cret"}})
    alice.post("/v1/conversations", {"title": 5, "s3cret": "s3cret"})
    alice.delete(path)
    assert "conversation deleted" in log.getvalue()
    assert "s3cret" not in log.getvalue()


@pytest.mark.parametrize(
    "trouble",
    [
        ClientError({"Error": {"Code": "ThrottlingException"}}, "UpdateItem"),
        ClientError({"Error": {"Code": "ProvisionedThroughputExceededException"}}, "Query"),
        ConnectTimeoutError(endpoint_url="https://dynamodb"),
    ],
)
def test_a_table_that_does_not_answer_is_a_503_that_may_be_tried_again(
    alice: Client, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    class Busy:
        def __getattr__(self, _: str) -> Any:
            def call(**_: Any) -> None:
                raise trouble

            return call

    monkeypatch.setattr(wiring.table(), "_client", Busy())
    reply = alice.post("/v1/conversations", {"title": "x"})
    assert (reply.status, reply.error["code"]) == (503, "unavailable")
    assert reply.headers["retry-after"] == "1"
    assert alice.get("/v1/conversations").status == 503
    assert alice.get("/v1/conversations/conv_" + "0" * 26 + "/items").status == 503


def test_an_answer_is_utf_8_without_escapes(alice: Client) -> None:
    reply = alice.post("/v1/conversations", {"title": "日本語"})
    assert "日本語" in reply.text
    assert reply.headers["content-type"] == "application/json"
    answer = dispatch(event_of("GET", "/v1/conversations", {}, {}, None, "alice"), Context())
    assert answer["isBase64Encoded"] is False
    assert "日本語" in answer["body"]
