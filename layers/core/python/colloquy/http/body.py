"""A request's body: whether it may be read, and what JSON is in it."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, Final

from pydantic_core import from_json

from colloquy.domain.errors import InvalidRequestError, TooLargeError
from colloquy.http.errors import UnsupportedMediaTypeError

MAX_BODY_BYTES: Final = 5_000_000
"""Contract, section 1; Lambda takes an event of 6 MB."""

_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})


def with_readable_body(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the event with its body as text, or without one.

    Raises:
        UnsupportedMediaTypeError: the body is declared to be something else than JSON.
        TooLargeError: it is over 5 MB.
        InvalidRequestError: it is not UTF-8.
    """
    headers: Mapping[str, str] = event.get("headers") or {}
    # Powertools tells JSON by this header, and a form or a file too: with no body it says nothing.
    plain = {name: value for name, value in headers.items() if name.lower() != _TYPE}
    plain[_TYPE] = _JSON
    if not event.get("body") or event["requestContext"]["http"]["method"] not in _WITH_BODY:
        return {**event, "headers": plain, "body": None, "isBase64Encoded": False}
    declared = next((value for name, value in headers.items() if name.lower() == _TYPE), _JSON)
    media_type = declared.partition(";")[0].strip().lower()
    if media_type != _JSON and not (
        media_type.startswith("application/") and media_type.endswith("+json")
    ):
        raise UnsupportedMediaTypeError
    body = _bytes_of(event)
    if len(body) > MAX_BODY_BYTES:
        raise TooLargeError(
            f"A body may hold {MAX_BODY_BYTES:,} bytes, but this one has {len(body):,}."
        )
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise _invalid_json("it is not UTF-8") from error
    return {**event, "headers": plain, "body": text, "isBase64Encoded": False}


def object_from(text: str) -> dict[str, Any]:
    """Return the JSON object in ``text``.

    Strict where Python's own parser is lax: no NaN, no unpaired surrogates (which no UTF-8 can
    hold), no nesting deep enough to break what handles it later, and no number that would become
    infinite, as 1e400 does, and could not be given back.

    Raises:
        InvalidRequestError: it is not JSON, not an object, or holds such a number.
    """
    try:
        value = from_json(text, allow_inf_nan=False, cache_strings="keys")
    except ValueError as error:
        raise _invalid_json(str(error)) from error
    if not isinstance(value, dict):
        raise InvalidRequestError('The body must be a JSON object, like {"title": "…"}.')
    _refuse_infinite(value)
    return value


_TYPE: Final = "content-type"
_JSON: Final = "application/json"


def _bytes_of(event: Mapping[str, Any]) -> bytes:
    body: str = event["body"]
    if not event.get("isBase64Encoded"):
        return body.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise _invalid_json("it is not base64") from error


def _refuse_infinite(value: dict[str, Any]) -> None:
    try:
        # Writing it is the fastest walk over it, and where a body is text far faster than a regular
        # expression that looks for such numbers.
        json.dumps(value, allow_nan=False)
    except ValueError as error:
        raise InvalidRequestError(
            "A number in the body is out of range: it must lie between -1.79e308 and 1.79e308."
        ) from error


def _invalid_json(why: str) -> InvalidRequestError:
    return InvalidRequestError(f"The body is not valid JSON: {why}.", code="invalid_json")
