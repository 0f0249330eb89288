"""Translates HTTP requests to payload 2.0 events, and what functions return to HTTP answers.

What AWS does where its guide ("Lambda proxy integrations for HTTP APIs") is silent:

- ``rawPath`` and ``pathParameters`` are decoded, ``%2F`` included, and a decoded ``?`` ends the
  path (live captures: github.com/middleapi/standard-server/pull/93, fastify/aws-lambda-fastify
  issue 169); ``rawQueryString`` stays as it was sent, ``queryStringParameters`` are decoded.
- A body is text only for ``text/*`` and JSON, XML and JavaScript of ``application/``; everything
  else is base64, forms and a missing content type included (measured:
  github.com/ministackorg/ministack/pull/766).
- Cookies leave ``headers`` for ``cookies``; duplicate headers and query values join with a comma.
- A result without ``statusCode`` is a 200 of JSON, a returned string is that body itself; with
  ``statusCode`` and no content type it is ``text/plain`` (measured for the AWS Lambda Test Tool,
  github.com/aws/aws-lambda-dotnet). What cannot be read that way is a 500.
"""

import asyncio
import base64
import binascii
import json
import re
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, unquote

from local.gateway.routing import Match
from local.template.intrinsics import ACCOUNT

Headers = Sequence[tuple[str, str]]
_TEXT_TYPE = re.compile(r"(text/.*|application/(json|xml|javascript))")
# A proxy speaks for itself: these are about one connection, or are computed from the body.
_HOP_BY_HOP = {
    *(
        "connection",
        "content-length",
        "keep-alive",
        "proxy-authenticate",
        "proxy-connection",
    ),
    *("te", "trailer", "transfer-encoding", "upgrade"),
}
_OWN_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
# Status and headers come before the body ("Lambda proxy integration with response streaming").
_STREAMED_TYPE = "application/vnd.awslambda.http-integration-response"
_PRELUDE_END = b"\0" * 8
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True)
class Request:
    """An HTTP request as it came in; ``target`` is path and query, still encoded."""

    method: str
    target: str
    headers: Headers
    body: bytes
    source_ip: str
    protocol: str = "HTTP/1.1"

    @property
    def path(self) -> str:
        """The path as a function sees it: decoded, up to the first question mark."""
        return unquote(self.target.partition("?")[0]).partition("?")[0]

    @property
    def query(self) -> str:
        """The query string as it was sent, without the question mark."""
        return self.target.partition("?")[2]


@dataclass(frozen=True)
class Response:
    """An HTTP answer: headers in order, set-cookie as often as there are cookies."""

    status: int
    headers: Headers
    body: bytes
    stream: asyncio.StreamReader | None = None
    """What follows the body, as it comes."""


class InvalidResultError(Exception):
    """The function returned something that is not an HTTP answer; the message says what."""


def message(status: int, text: str, *headers: tuple[str, str]) -> Response:
    """Return an answer of the gateway itself."""
    body = json.dumps({"message": text}, separators=(",", ":")).encode()
    return Response(status, [("content-type", "application/json"), *headers], body)


def build_event(
    request: Request,
    match: Match,
    request_id: str,
    claims: Mapping[str, str] | None,
    port: int,
) -> dict[str, Any]:
    """Return the payload 2.0 event of a request; ``claims`` where a token was checked."""
    headers, cookies = joined(request)
    now = time.time()
    # As on AWS a name of the API's own, whatever the client calls it.
    name = headers.get("host", "").rpartition(":")[0] or headers.get("host", "")
    domain = name if name in _OWN_NAMES else "localhost"
    peers = [headers.get("x-forwarded-for", ""), request.source_ip]
    headers.update(
        {
            "content-length": str(len(request.body)),
            "x-amzn-trace-id": f"Root=1-{int(now):08x}-{uuid.uuid4().hex[:24]}",
            "x-forwarded-for": ", ".join(peer for peer in peers if peer),
            "x-forwarded-port": str(port),
            "x-forwarded-proto": "http",
        }
    )
    context: dict[str, Any] = {
        "accountId": ACCOUNT,
        "apiId": "local",
        "domainName": domain,
        "domainPrefix": domain.partition(".")[0],
        "http": {
            "method": request.method,
            "path": request.path,
            "protocol": request.protocol,
            "sourceIp": request.source_ip,
            "userAgent": headers.get("user-agent", ""),
        },
        "requestId": request_id,
        "routeKey": match.route.key,
        "stage": "$default",
        "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
        "timeEpoch": int(now * 1000),
    }
    if claims is not None:
        # scopes is null unless the route asks for some, and ours do not.
        context["authorizer"] = {"jwt": {"claims": dict(claims), "scopes": None}}
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": match.route.key,
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": context,
        "isBase64Encoded": False,
    }
    if cookies:
        event["cookies"] = cookies
    if query := _query(request.query):
        event["queryStringParameters"] = query
    if match.parameters:
        event["pathParameters"] = match.parameters
    if request.body:
        event["body"], event["isBase64Encoded"] = _body(request.body, headers.get("content-type"))
    return event


def joined(request: Request) -> tuple[dict[str, str], list[str]]:
    """Return headers by their names in lower case, repeated ones joined, and the cookies."""
    headers: dict[str, str] = {}
    cookies: list[str] = []
    for name, value in request.headers:
        lowered = name.lower()
        if lowered == "cookie":
            cookies += [part.strip() for part in value.split(";") if part.strip()]
        elif lowered not in _HOP_BY_HOP:
            headers[lowered] = f"{headers[lowered]},{value}" if lowered in headers else value
    return headers, cookies


def _query(raw: str) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in parse_qsl(raw, keep_blank_values=True):
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _body(body: bytes, content_type: str | None) -> tuple[str, bool]:
    kind = (content_type or "").partition(";")[0].strip().lower()
    if _TEXT_TYPE.fullmatch(kind):
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            # Not text after all: base64 keeps every byte.
            pass
    return base64.b64encode(body).decode(), True


def parse_result(payload: bytes) -> Response:
    """Return the HTTP answer that a function's result stands for.

    Raises:
        InvalidResultError: when it stands for none.
    """
    try:
        result = json.loads(payload)
    except ValueError:
        return _inferred(payload)
    if isinstance(result, str):
        return _inferred(result.encode())
    if not isinstance(result, dict) or "statusCode" not in result:
        return _inferred(payload)
    headers = _result_headers(result.get("headers"))
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("content-type", "text/plain;charset=UTF-8"))
    cookies = result.get("cookies") or []
    if not isinstance(cookies, list) or not all(isinstance(cookie, str) for cookie in cookies):
        raise InvalidResultError("cookies is not a list of strings")
    headers += [("set-cookie", _one_line("a cookie", cookie)) for cookie in cookies]
    return Response(_status(result["statusCode"]), headers, _result_body(result))


async def begin_stream(content_type: str, stream: asyncio.StreamReader) -> Response:
    """Return the HTTP response that a streamed result begins.

    Raises:
        InvalidResultError: when its prelude stands for none.
    """
    if content_type != _STREAMED_TYPE:
        return Response(200, [("content-type", content_type)], b"", stream)
    try:
        prelude = await stream.readuntil(_PRELUDE_END)
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as exc:
        raise InvalidResultError("a stream without an end of its prelude") from exc
    fields = prelude.removesuffix(_PRELUDE_END)
    return replace(parse_result(fields), body=b"", stream=stream)


def _inferred(body: bytes) -> Response:
    return Response(200, [("content-type", "application/json")], body)


def _status(value: Any) -> int:
    text = str(value)
    if isinstance(value, bool) or not re.fullmatch(r"[1-5]\d\d", text):
        raise InvalidResultError(f"statusCode is {text[:20]!r}")
    return int(text)


def _result_headers(headers: Any) -> list[tuple[str, str]]:
    if headers is None:
        return []
    if not isinstance(headers, dict):
        raise InvalidResultError("headers is not a map")
    found: list[tuple[str, str]] = []
    for name, value in headers.items():
        if not isinstance(value, str | int | float):
            raise InvalidResultError(f"header {name} is not a string")
        if not _TOKEN.fullmatch(name):
            raise InvalidResultError(f"{name!r} is not a header's name")
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if name.lower() not in _HOP_BY_HOP:
            found.append((name.lower(), _one_line(f"header {name}", text)))
    return found


def _one_line(what: str, value: str) -> str:
    if any(character in value for character in "\r\n\0"):
        raise InvalidResultError(f"{what} spans lines")
    return value


def _result_body(result: Mapping[str, Any]) -> bytes:
    body = result.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise InvalidResultError("body is not a string")
    if not result.get("isBase64Encoded"):
        return body.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as exc:
        raise InvalidResultError("body is not base64") from exc
