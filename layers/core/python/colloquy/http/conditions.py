"""Requests with conditions: If-Match on changes, Idempotency-Key on POSTs."""

import re
from hashlib import sha256
from typing import Annotated, Any, Final

from aws_lambda_powertools.event_handler import Request
from aws_lambda_powertools.event_handler.depends import Depends
from aws_lambda_powertools.event_handler.openapi.params import Header

from colloquy.domain.errors import InvalidRequestError
from colloquy.domain.receipt import Once

IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", description="Change it only in the state this ETag names."),
]

_OUR_TAG: Final = re.compile(r'"(0|[1-9][0-9]{0,14})"')
_IDEMPOTENCY_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")


MAX_TAGS: Final = 100
"""ETags in an If-Match: DynamoDB's IN takes at most 100 operands."""


def revisions(if_match: str | None) -> frozenset[int] | None:
    """Return the revisions an If-Match names; None where any will do.

    A weak tag, or one that is not ours, matches nothing (RFC 9110, section 13.1.1).

    Raises:
        InvalidRequestError: it names more than 100.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    named = if_match.split(",")
    if len(named) > MAX_TAGS:
        raise InvalidRequestError(
            f"'If-Match' may name at most {MAX_TAGS} ETags, but names {len(named):,}. "
            "Send the one you have read last.",
            param="If-Match",
            code="above_max",
        )
    tags = (_OUR_TAG.fullmatch(tag.strip()) for tag in named)
    return frozenset(int(tag[1]) for tag in tags if tag)


def once(request: Request) -> Once | None:
    """Return what makes the request one that is done once, or None without an Idempotency-Key.

    Raises:
        InvalidRequestError: the key is not 1 to 255 visible ASCII characters.
    """
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not _IDEMPOTENCY_KEY.fullmatch(key):
        raise InvalidRequestError(
            "'Idempotency-Key' must be 1 to 255 visible ASCII characters, without spaces.",
            param="Idempotency-Key",
        )
    event: Any = request.resolved_event
    query = event.raw_query_string
    path = f"{event.path}?{query}" if query else event.path
    said = "\n".join([request.method, path, request.body or ""])
    return Once(key=key, fingerprint=sha256(said.encode("utf-8", "surrogatepass")).hexdigest())


OnceOnly = Annotated[Once | None, Depends(once)]
