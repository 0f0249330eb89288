"""A part of an export as a file: what it is called, and where the next one is."""

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from aws_lambda_powertools.event_handler import Response

from colloquy.domain.conversation import Conversation
from colloquy.domain.export import PART_BYTES, ExportPart
from colloquy.domain.item import Item
from colloquy.domain.page import answer_bytes, take
from colloquy.http.exports import ConversationExport, ExportFormat
from colloquy.http.resolver import JSON
from colloquy.render.style import POLICY

HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_ENDINGS: Final[Mapping[ExportFormat, str]] = {"json": "json", "markdown": "md", "html": "html"}
_TYPES: Final[Mapping[ExportFormat, str]] = {
    "json": JSON,
    "markdown": "text/markdown; charset=utf-8",
    "html": "text/html; charset=utf-8",
}
_RENDER_SECONDS: Final = 10.0
"""When a part ends though it has room; the request has 28."""
_LONGEST_NAME: Final = 80
# What a file system or a header takes for more than a name, and what turns or hides letters.
_NOT_IN_A_NAME: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\\/:*?\"<>|%;]+"
)
_NOT_PLAIN: Final = re.compile(r"[^A-Za-z0-9 ._()-]+")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a conversation is exported, in one form."""

    base: str
    conversation_id: str
    form: ExportFormat

    def behind(self, place: str) -> str:
        """Return the address of the part behind a place."""
        path = f"/v1/conversations/{self.conversation_id}/export"
        return f"{self.base}{path}?format={self.form}&after={place}"


@dataclass(frozen=True, slots=True)
class _Rendered:
    """A message as it stands in a document."""

    id: str
    text: str

    @property
    def answer_bytes(self) -> int:
        return answer_bytes(self.text)


def as_json(part: ExportPart, address: Address) -> Response[ConversationExport | str]:
    """Return a part of an export in the form an import takes."""
    after, behind = (str(place) if place else None for place in (part.after, part.next_after))
    headers = _headers(part.conversation, address, after, behind)
    return Response(200, JSON, ConversationExport.of(part), headers)


def as_text(
    conversation: Conversation, items: Iterator[Item], after: str | None, address: Address
) -> Response[ConversationExport | str]:
    """Return a part of an export to be read, of as many messages as fit an answer and its time."""
    # Imported when they are asked for: who takes JSON does not wait for Markdown and colours.
    if address.form == "html":
        from colloquy.render.export_page import message, page  # noqa: PLC0415
    else:
        from colloquy.render.export_document import document as page  # noqa: PLC0415
        from colloquy.render.export_document import message  # noqa: PLC0415

    until = time.monotonic() + _RENDER_SECONDS
    rendered = (_Rendered(item.id, message(item, until)) for item in items)
    fits = take(rendered, room=PART_BYTES, until=until)
    next_address = address.behind(fits.next_after) if fits.next_after else None
    text = page(
        conversation,
        [each.text for each in fits.data],
        is_first=after is None,
        next_address=next_address,
    )
    headers = _headers(conversation, address, after, fits.next_after)
    return Response(200, _TYPES[address.form], text, headers)


def _headers(
    conversation: Conversation, address: Address, after: str | None, next_after: str | None
) -> dict[str, str | list[str]]:
    name = _file_name(conversation.title or "conversation", after, _ENDINGS[address.form])
    plain = _NOT_PLAIN.sub("_", name)
    sent: dict[str, str | list[str]] = {
        **HEADERS,
        # RFC 6266: those who cannot read the second name take the first.
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}",
    }
    if next_after is not None:
        sent["Link"] = f'<{address.behind(next_after)}>; rel="next"'
    return sent


def _file_name(title: str, after: str | None, ending: str) -> str:
    """Return the title as a file may be called, with where the part begins behind it."""
    stem = " ".join(_NOT_IN_A_NAME.sub(" ", title).split())[:_LONGEST_NAME].strip(" .")
    part = f" from {after}" if after else ""
    return f"{stem or 'conversation'}{part}.{ending}"
