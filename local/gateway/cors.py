"""Adds the CORS headers an HTTP API adds, and answers preflights in its stead.

As the Developer Guide says ("Configure CORS for HTTP APIs"): a preflight (OPTIONS with ``Origin``
and ``Access-Control-Request-Method``) is answered by the gateway even where there is no OPTIONS
route; CORS headers a function returns are dropped; the gateway's are added where the request has
an ``Origin`` that is allowed, and only to a function's answers.
"""

from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase

from local.gateway.payload import Response
from local.template.resources import Cors


def is_preflight(method: str, headers: Mapping[str, str]) -> bool:
    """Return whether this is a preflight request; header names are in lower case."""
    return (
        method == "OPTIONS" and "origin" in headers and "access-control-request-method" in headers
    )


def preflight(cors: Cors, origin: str) -> Response:
    """Return the answer to a preflight: permissions if the origin is allowed, else none."""
    allowed = _allowed(cors, origin)
    headers = list(allowed)
    if allowed:
        if cors.methods:
            headers.append(("access-control-allow-methods", ",".join(cors.methods)))
        if cors.headers:
            headers.append(("access-control-allow-headers", ",".join(cors.headers)))
        if cors.max_age is not None:
            headers.append(("access-control-max-age", str(cors.max_age)))
    return Response(204, headers, b"")


def decorate(response: Response, cors: Cors, origin: str | None) -> Response:
    """Return a function's answer with the gateway's CORS headers instead of its own."""
    headers = [
        (name, value) for name, value in response.headers if not name.startswith("access-control-")
    ]
    if origin is not None and (allowed := _allowed(cors, origin)):
        headers += allowed
        if cors.expose:
            headers.append(("access-control-expose-headers", ",".join(cors.expose)))
    return replace(response, headers=headers)


def _allowed(cors: Cors, origin: str) -> list[tuple[str, str]]:
    if "*" in cors.origins:
        headers = [("access-control-allow-origin", "*")]
    elif any(fnmatchcase(origin, pattern) for pattern in cors.origins):
        headers = [("access-control-allow-origin", origin), ("vary", "origin")]
    else:
        return []
    if cors.credentials:
        headers.append(("access-control-allow-credentials", "true"))
    return headers
