"""The HTTP API on localhost: limits, authorizer, CORS and routes as API Gateway has them.

What it answers by itself has API Gateway's body, ``{"message": …}``: 401 from the authorizer, 413
above 10 MB (and where the event is more than Lambda takes), 404 without any route, 500 where the
function failed or returned nonsense, 503 where it took more than 30 s. A function's own timeout is
a 500 too (github.com/denoland/deno_registry2/issues/87; 503: serverless/serverless#11222).
"""

import asyncio
import json
import logging
import re
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from local.functions.pool import Outcome, StreamError
from local.functions.runtime_api import PAYLOAD_LIMIT, Fleet
from local.gateway import cors
from local.gateway.authorizer import KeySet, UnauthorizedError, authorize
from local.gateway.payload import (
    InvalidResultError,
    Request,
    Response,
    begin_stream,
    build_event,
    joined,
    message,
    parse_result,
)
from local.gateway.routing import Match, Router
from local.template.resources import Template

log = logging.getLogger(__name__)

BODY_LIMIT = 10 * 1024 * 1024
"""Bytes of a request's body (HTTP API quotas)."""
HEADER_LIMIT = 10_240
"""Bytes of the request line and all header values (HTTP API quotas)."""
INTEGRATION_SECONDS = 30.0
"""How long API Gateway waits for a function (HTTP API quotas)."""
_PIECE_BYTES = 64 * 1024
_TOO_LARGE = "Request Entity Too Large"


# Who has a share link's id can read what it shows: it is as good as a token.
_SHARE_ID = re.compile(r"(share_)[^/]+", re.IGNORECASE)


class Gateway:
    """Serves the routes of a template; ``/_local/`` has what only the emulator has."""

    def __init__(self, template: Template, fleet: Fleet, key_set: Mapping[str, Any]) -> None:
        """Take the issuer's public key set: what an issuer on AWS serves over HTTPS."""
        self._template = template
        self._router = Router(template.routes)
        self._fleet = fleet
        self._key_set = key_set
        self._keys = KeySet.from_document(key_set)
        self.port = 0
        self._count = 0

    async def handle(self, incoming: web.BaseRequest) -> web.StreamResponse:
        """Answer one request, and log it in one line."""
        started = time.monotonic()
        self._count += 1
        entry: dict[str, Any] = {"requestId": f"{int(time.time() * 1000):x}-{self._count}"}
        request = await _read(incoming)
        if request is None:
            response = message(413, _TOO_LARGE)
            entry |= {"method": incoming.method, "path": _loggable(incoming.path)}
        else:
            entry |= {"method": request.method, "path": _loggable(request.path)}
            try:
                response = await self._answer(request, entry)
            except Exception:
                log.exception("the gateway itself failed")
                response = message(500, "Internal Server Error")
        answer = (
            web.Response(status=response.status, body=response.body)
            if response.stream is None
            else web.StreamResponse(status=response.status)
        )
        for name, value in [*response.headers, ("apigw-requestid", entry["requestId"])]:
            if name == "content-type":
                answer.headers[name] = value
            else:
                answer.headers.add(name, value)
        entry |= {"status": response.status, "bytes": len(response.body)}
        try:
            if response.stream is not None:
                await answer.prepare(incoming)
                async for sent in _sent(response.stream, answer, incoming):
                    entry["bytes"] += sent
        finally:
            entry["latencyMs"] = round((time.monotonic() - started) * 1000, 1)
            # Whole lines, at once: the terminal may be a pipe.
            print(json.dumps({"time": time.strftime("%FT%TZ", time.gmtime()), **entry}), flush=True)
        return answer

    async def _answer(self, request: Request, entry: dict[str, Any]) -> Response:
        headers, _ = joined(request)
        if request.path.startswith("/_local/"):
            return self._local(request.path)
        values = sum(len(value) for _, value in request.headers)
        if len(request.method) + len(request.target) + values > HEADER_LIMIT:
            return message(431, "Request Header Fields Too Large")
        settings = self._template.cors
        if settings and cors.is_preflight(request.method, headers):
            return cors.preflight(settings, headers["origin"])
        match = self._router.find(request.method, request.path)
        if match is None:
            return message(404, "Not Found")
        entry |= {"routeKey": match.route.key, "function": match.route.function}
        try:
            claims = self._claims(match, headers.get("authorization"))
        except UnauthorizedError as exc:
            return message(401, "Unauthorized", ("www-authenticate", exc.challenge))
        response = await self._invoke(request, match, claims, entry)
        return cors.decorate(response, settings, headers.get("origin")) if settings else response

    def _claims(self, match: Match, header: str | None) -> dict[str, str] | None:
        name = match.route.authorizer
        if name is None:
            return None
        return authorize(header, self._template.authorizers[name], self._keys)

    async def _invoke(
        self,
        request: Request,
        match: Match,
        claims: dict[str, str] | None,
        entry: dict[str, Any],
    ) -> Response:
        event = build_event(request, match, entry["requestId"], claims, self.port)
        payload = json.dumps(event, ensure_ascii=False).encode()
        if len(payload) > PAYLOAD_LIMIT:
            return message(413, _TOO_LARGE)
        invocation = asyncio.ensure_future(self._fleet.pools[match.route.function].invoke(payload))
        try:
            # wait_for cancels an event that still waits; one that runs continues, as on AWS.
            outcome = await asyncio.wait_for(invocation, INTEGRATION_SECONDS)
        except TimeoutError:
            return message(503, "Service Unavailable")
        entry["environment"] = outcome.environment
        try:
            return await _response(outcome)
        except InvalidResultError as exc:
            log.warning("%s returned no HTTP answer: %s", match.route.function, exc)
            return message(500, "Internal Server Error")

    def _local(self, path: str) -> Response:
        documents: dict[str, Any] = {
            "/_local/jwks.json": self._key_set,
            "/_local/environments": [
                {
                    "function": name,
                    "environment": environment.id,
                    "pid": environment.process.pid,
                    "busy": environment.current is not None,
                }
                for name, pool in self._fleet.pools.items()
                for environment in pool.environments
            ],
        }
        if path not in documents:
            return message(404, "Not Found")
        body = json.dumps(documents[path]).encode()
        return Response(200, [("content-type", "application/json")], body)


def is_not_about_malformed_requests(record: logging.LogRecord) -> bool:
    """Drop the log record of a request that is no HTTP: it quotes a header, which may be a token.

    aiohttp answers such a request with a 400 by itself.
    """
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


async def _response(outcome: Outcome) -> Response:
    """Return the response that an invocation came to; of a streamed one, its beginning.

    Raises:
        InvalidResultError: the function returned no HTTP response.
    """
    failed = message(500, "Internal Server Error")
    if outcome.error is not None:
        return failed
    if outcome.stream is None:
        return parse_result(outcome.payload)
    try:
        begun = begin_stream(outcome.content_type, outcome.stream)
        return await asyncio.wait_for(begun, INTEGRATION_SECONDS)
    except (StreamError, TimeoutError):
        return failed


async def _sent(
    stream: asyncio.StreamReader, answer: web.StreamResponse, incoming: web.BaseRequest
) -> AsyncIterator[int]:
    """Send a streamed body as it comes; yield how many bytes were sent."""
    try:
        while piece := await stream.read(_PIECE_BYTES):
            await answer.write(piece)
            yield len(piece)
    except StreamError:
        # What was sent cannot be taken back: a body without its last chunk is an error to clients.
        if incoming.transport is not None:
            incoming.transport.abort()
    else:
        await answer.write_eof()


async def _read(incoming: web.BaseRequest) -> Request | None:
    """Return the request with its body, or None when the body is too large."""
    if (incoming.content_length or 0) > BODY_LIMIT:
        return None
    if incoming.headers.get("expect", "").lower() == "100-continue" and incoming.transport:
        incoming.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = bytearray()
    async for chunk in incoming.content.iter_any():
        body += chunk
        if len(body) > BODY_LIMIT:
            return None
    return Request(
        method=incoming.method,
        target=_clean(incoming.raw_path),
        headers=[(name, _clean(value)) for name, value in incoming.headers.items()],
        body=bytes(body),
        source_ip=incoming.remote or "127.0.0.1",
        protocol=f"HTTP/{incoming.version.major}.{incoming.version.minor}",
    )


def _clean(value: str) -> str:
    # aiohttp keeps bytes that are not UTF-8 as lone surrogates, which no JSON parser likes.
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _loggable(path: str) -> str:
    return _SHARE_ID.sub(r"\1…", path)
