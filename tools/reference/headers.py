"""The headers of answers."""

from collections.abc import Mapping
from typing import Any, Final

from colloquy.http import download, public

Json = dict[str, Any]

REQUEST_ID: Final = "JKJaXmPLvHcESHA="


def _header(description: str, example: Any, **schema: Any) -> Json:
    return {"description": description, "schema": {"type": "string"} | schema, "example": example}


HEADERS: Final[Mapping[str, Json]] = {
    "x-request-id": _header("Finds the request's log lines.", REQUEST_ID, minLength=1),
    "ETag": _header("The state it is in; what If-Match takes.", '"3"', pattern='^(W/)?"[^"]*"$'),
    "Location": _header("Where it is.", "/v1/conversations/conv_06h0bfc2dh0p3q61h62ltjv7uk"),
    "idempotent-replayed": _header(
        "There where the answer is that of an earlier request.", "true", const="true"
    ),
    "Retry-After": _header(
        "Seconds to wait before it is worth another try.", 5, type="integer", minimum=1
    ),
    "WWW-Authenticate": _header("What is missing.", "Bearer"),
    **{
        name: _header("Nothing keeps the answer, indexes it, or runs in it.", value)
        for name, value in {**download.HEADERS, **public.HEADERS}.items()
    },
    "Content-Disposition": _header(
        "What the file is called.",
        "attachment; filename=\"Capitals.json\"; filename*=UTF-8''Capitals.json",
    ),
    "Link": _header(
        "There where another part comes behind this one.",
        "<https://api.example.com/v1/conversations/conv_06h0bfc2dh0p3q61h62ltjv7uk/export"
        '?format=json&after=item_06h0bia2t5lfh0pps0mt67hgb8>; rel="next"',
    ),
}
OF_FILES: Final = (*download.HEADERS, "Content-Disposition", "Link")
OF_PAGES: Final = tuple(public.HEADERS)
_ALWAYS: Final = {"x-request-id", "ETag", "Location", *OF_PAGES, *OF_FILES} - {"Link"}
"""Those that are there on every answer that has them at all."""


def headers(*names: str, required: bool = True) -> Json:
    """Return the headers of an answer; ``required``: those are there that mostly are."""
    return {
        name: HEADERS[name] | ({"required": True} if required and name in _ALWAYS else {})
        for name in names
    }
