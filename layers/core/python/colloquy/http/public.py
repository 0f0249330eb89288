"""What the public function answers with: three forms of a view, and refusals in the same forms.

Headers and body of a 404 are the same whether a link never was, is revoked or cannot be one.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from aws_lambda_powertools.event_handler import Response

from colloquy.domain.errors import ColloquyError, NotFoundError, ShareExpiredError
from colloquy.domain.page import DEFAULT_LIMIT, MAX_ANSWER_BYTES
from colloquy.domain.share import Cut, View
from colloquy.http.errors import UnknownPathError, envelope, headers_of, status_of
from colloquy.http.negotiation import Form, form_in
from colloquy.http.resolver import JSON, Api
from colloquy.http.shares import ViewOut
from colloquy.render.style import POLICY

ROOM: Final[Mapping[Form, int]] = {
    "json": MAX_ANSWER_BYTES,
    "md": MAX_ANSWER_BYTES,
    # What is read here for a page that then ends early is read again for the next one.
    "html": 500_000,
}
"""Bytes of messages that are read for one answer."""

HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept, User-Agent",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
"""On every answer: nothing keeps it, indexes it, runs in it, or learns where it was read."""

SHARE_PATH: Final = "/conversations/share/"
"""What the path of every link begins with."""

_HTML: Final = "text/html; charset=utf-8"
_MARKDOWN: Final = "text/markdown; charset=utf-8"


class PublicApi(Api):
    """Answers as ``Api`` does, and refuses people with a page they understand."""

    def refuse(self, error: ColloquyError) -> Response[Any]:
        """Return the answer an error makes, in the form that was asked for."""
        if isinstance(error, UnknownPathError):
            # A path that Powertools cannot read holds no link's id either.
            error = NotFoundError("share link")
        event = self.current_event
        form: Form = "json"
        with suppress(ColloquyError):
            form = form_in(event.query_string_parameters, event.headers)
        headers: dict[str, str | list[str]] = {**HEADERS, **headers_of(error)}
        if form != "json":
            return Response(
                status_code=status_of(error), content_type=_HTML, headers=headers, body=_page(error)
            )
        return Response(
            status_code=status_of(error),
            content_type=JSON,
            headers=headers,
            body=envelope(error, event.request_context.request_id),
        )


def shown(
    view: View, form: Form, cut: Cut, *, named: bool, number: int | None
) -> Response[ViewOut | str]:
    """Return a view in one form.

    ``named`` says that the address names the form, and so must the next; ``number`` is which page
    the address says this is.
    """
    headers: dict[str, str | list[str]] = dict(HEADERS)
    if form == "json":
        return Response(status_code=200, content_type=JSON, headers=headers, body=ViewOut.of(view))
    query = f"format={form}&" if named else ""
    query += f"limit={cut.limit}&" if cut.limit != DEFAULT_LIMIT else ""
    backwards = cut.before is not None
    # Imported when a page is asked for: programs do not wait for Markdown and colours.
    if form == "md":
        from colloquy.render.document import document  # noqa: PLC0415

        body, content_type = document(view, query, backwards=backwards), _MARKDOWN
    else:
        from colloquy.render.page import page  # noqa: PLC0415

        body, content_type = page(view, query, backwards=backwards, number=number), _HTML
    return Response(status_code=200, content_type=content_type, headers=headers, body=body)


def _page(error: ColloquyError) -> str:
    from colloquy.render.page import notice  # noqa: PLC0415

    match error:
        case ShareExpiredError():
            return notice(
                "This link has expired",
                "Links to conversations work for a limited time, and this one's is over. "
                "Ask whoever sent it to you for a new one.",
            )
        case NotFoundError():
            return notice(
                "There is nothing behind this link",
                "It may have been withdrawn, what it showed may have been deleted, or a part of "
                "the address got lost on the way. Check that it is complete, or ask whoever sent "
                "it to you.",
            )
    return notice("This page cannot be shown", error.message)
