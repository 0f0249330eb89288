"""Read a request's body as text: its media type, its size and its encoding are checked first."""

import base64
import binascii
import codecs
from collections.abc import Mapping
from typing import Any, Final

from colloquy.domain.errors import InvalidRequestError, TooLargeError
from colloquy.http.errors import EncodedBodyError, UnsupportedMediaTypeError

MAX_BODY_BYTES: Final = 5_000_000
"""5 MB: Lambda takes an event of 6 MB, in which the body is escaped or base64."""

_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
_TYPE: Final = "content-type"
_ENCODING: Final = "content-encoding"
_JSON: Final = "application/json"

_ZIP: Final = b"PK\x03\x04"
_GZIP: Final = b"\x1f\x8b"
# What is left of gzip's first bytes where a gateway has read them as UTF-8.
_GZIP_AS_TEXT: Final = "\x1f\ufffd\x08"
_UTF_16_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def with_readable_body(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the event with its body as text, or without one.

    Raises:
        UnsupportedMediaTypeError: the body is declared to be something else than JSON.
        EncodedBodyError: it is declared to be compressed.
        TooLargeError: it is over 5 MB.
        InvalidRequestError: it is not UTF-8.
    """
    headers: Mapping[str, str] = event.get("headers") or {}
    # Powertools tells JSON by this header, and a form or a file too: with no body it says nothing.
    plain = {name: value for name, value in headers.items() if name.lower() != _TYPE}
    plain[_TYPE] = _JSON
    if not event.get("body") or event["requestContext"]["http"]["method"] not in _WITH_BODY:
        return {**event, "headers": plain, "body": None, "isBase64Encoded": False}
    declared = _header(headers, _TYPE) or _JSON
    media_type = declared.partition(";")[0].strip().lower()
    if media_type != _JSON and not (
        media_type.startswith("application/") and media_type.endswith("+json")
    ):
        raise UnsupportedMediaTypeError
    encoding = (_header(headers, _ENCODING) or "").strip().lower()
    if encoding not in {"", "identity"}:
        raise EncodedBodyError(encoding)
    body = _bytes_of(event)
    if len(body) > MAX_BODY_BYTES:
        raise TooLargeError(
            f"A body may hold {MAX_BODY_BYTES:,} bytes, but this one has {len(body):,}."
        )
    return {**event, "headers": plain, "body": _text_of(body), "isBase64Encoded": False}


def invalid_json(why: str) -> InvalidRequestError:
    """Return the error for a body that is not JSON."""
    return InvalidRequestError(f"The body is not valid JSON: {why}.", code="invalid_json")


def _header(headers: Mapping[str, str], wanted: str) -> str | None:
    return next((value for name, value in headers.items() if name.lower() == wanted), None)


def _bytes_of(event: Mapping[str, Any]) -> bytes:
    body: str = event["body"]
    if not event.get("isBase64Encoded"):
        return body.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise invalid_json("it is not base64") from error


def _text_of(body: bytes) -> str:
    """Return a body's text without a byte order mark, which some editors write before JSON."""
    if body.startswith(_GZIP):
        raise invalid_json("it is compressed with gzip. Send it uncompressed")
    if body.startswith(_ZIP):
        raise invalid_json("it is a ZIP archive. Unpack it, and send a JSON file in it")
    # JSON has no NUL: its first two characters are ASCII, so in UTF-16 one of these bytes is 0.
    if body.startswith(_UTF_16_MARKS) or b"\0" in body[:4]:
        raise invalid_json("it is UTF-16 or UTF-32. Save it as UTF-8")
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise invalid_json(
            f"it is not UTF-8 (byte {error.start:,} is not). Save it as UTF-8"
        ) from error
    if text.startswith(_GZIP_AS_TEXT):
        raise invalid_json("it is compressed with gzip. Send it uncompressed")
    return text.removeprefix("\ufeff")
