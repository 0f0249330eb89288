"""HTTP requests become payload 2.0 events, and results become answers."""

import base64
import json
from typing import Any

import pytest

from local.gateway.payload import InvalidResultError, Request, build_event, parse_result
from local.gateway.routing import Match
from local.template.resources import Route


def event_of(target: str = "/a", body: bytes = b"", **headers: str) -> dict[str, Any]:
    pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
    request = Request("GET", target, pairs, body, "127.0.0.1")
    match = Match(Route("GET", "/a", "Function", None), {})
    return build_event(request, match, "id", None, 8000)


def test_the_path_is_decoded_and_the_query_string_is_not() -> None:
    event = event_of("/a%2Fb%20c?x=%20&x=2&flag")

    assert event["rawPath"] == "/a/b c"
    assert event["rawQueryString"] == "x=%20&x=2&flag"
    assert event["queryStringParameters"] == {"x": " ,2", "flag": ""}


def test_a_decoded_question_mark_ends_the_path() -> None:
    assert event_of("/a%3Fb")["rawPath"] == "/a"


def test_what_is_absent_has_no_key() -> None:
    absent = {"body", "cookies", "pathParameters", "queryStringParameters"}

    assert absent.isdisjoint(event_of())


def test_duplicate_headers_join_and_those_of_the_connection_go() -> None:
    request = Request(
        "GET", "/a", [("X-A", "1"), ("x-a", "2"), ("Connection", "close")], b"", "127.0.0.1"
    )

    event = build_event(request, Match(Route("GET", "/a", "F", None), {}), "id", None, 8000)

    assert event["headers"]["x-a"] == "1,2"
    assert "connection" not in event["headers"]
    assert event["headers"]["x-forwarded-port"] == "8000"


@pytest.mark.parametrize(
    ("content_type", "encoded"),
    [
        ("application/json; charset=utf-8", False),
        ("text/markdown", False),
        ("application/xml", False),
        ("application/x-www-form-urlencoded", True),
        ("application/problem+json", True),
        ("image/png", True),
    ],
)
def test_the_content_type_decides_whether_a_body_is_text(content_type: str, encoded: bool) -> None:  # noqa: FBT001
    event = event_of(body=b"a=1", content_type=content_type)

    assert event["isBase64Encoded"] is encoded
    assert event["body"] == (base64.b64encode(b"a=1").decode() if encoded else "a=1")


def test_a_text_that_is_not_utf8_keeps_its_bytes() -> None:
    event = event_of(body=b"\xff", content_type="text/plain")

    assert base64.b64decode(event["body"]) == b"\xff"


def result(**parts: Any) -> bytes:
    return json.dumps(parts).encode()


def test_a_result_with_a_status_is_taken_apart() -> None:
    answer = parse_result(
        result(
            statusCode=201, headers={"ETag": "1", "X-N": 2}, cookies=["a=1", "b=2"], body="hello"
        )
    )

    assert (answer.status, answer.body) == (201, b"hello")
    assert answer.headers == [
        ("etag", "1"),
        ("x-n", "2"),
        ("content-type", "text/plain;charset=UTF-8"),
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
    ]


def test_a_base64_body_is_decoded() -> None:
    body = base64.b64encode(b"\xff\x00").decode()

    assert parse_result(result(statusCode=200, isBase64Encoded=True, body=body)).body == b"\xff\x00"


@pytest.mark.parametrize(
    ("payload", "body"),
    [(b'{"a": 1}', b'{"a": 1}'), (b'"text"', b"text"), (b"null", b"null"), (b"[1]", b"[1]")],
)
def test_a_result_without_a_status_is_a_200_of_json(payload: bytes, body: bytes) -> None:
    answer = parse_result(payload)

    assert (answer.status, answer.body) == (200, body)
    assert answer.headers == [("content-type", "application/json")]


@pytest.mark.parametrize(
    "parts",
    [
        {"statusCode": "many"},
        {"statusCode": True},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": 200, "headers": {"x": ["1"]}},
        {"statusCode": 200, "headers": {"x": "1\r\nset-cookie: a=1"}},
        {"statusCode": 200, "headers": {"x y": "1"}},
        {"statusCode": 200, "headers": ["x"]},
        {"statusCode": 200, "cookies": "a=1"},
        {"statusCode": 200, "isBase64Encoded": True, "body": "no base64!"},
    ],
)
def test_nonsense_is_refused(parts: dict[str, Any]) -> None:
    with pytest.raises(InvalidResultError):
        parse_result(json.dumps(parts).encode())
