"""Which form a share link is shown in: HTML for people, JSON for programs, Markdown for both."""

import re
from collections.abc import Mapping
from typing import Annotated, Final, Literal

from aws_lambda_powertools.event_handler import Request
from aws_lambda_powertools.event_handler.depends import Depends

from colloquy.domain.errors import InvalidRequestError

Form = Literal["html", "json", "md"]

_TYPES: Final[Mapping[str, Form]] = {
    "text/html": "html",
    "application/xhtml+xml": "html",
    "application/json": "json",
    "text/markdown": "md",
}
_QUALITY: Final = re.compile(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", re.IGNORECASE)
# They ask for anything, and want the title and description that only the page has.
_PREVIEWS: Final = re.compile(
    r"facebookexternalhit|Slackbot|Twitterbot|WhatsApp|TelegramBot|Discordbot|LinkedInBot",
    re.IGNORECASE,
)


def form_of(request: Request) -> Form:
    """Return the form a request asks for: by ``?format=``, else by Accept, else JSON.

    Raises:
        InvalidRequestError: there is no such format.
    """
    return form_in(request.query_parameters, request.headers)


def form_in(query: Mapping[str, str] | None, headers: Mapping[str, str]) -> Form:
    """Return what ``form_of`` says of a request with this query and these headers."""
    asked = (query or {}).get("format")
    if asked is None:
        return preferred(headers.get("accept", ""), headers.get("user-agent", ""))
    for form in _TYPES.values():
        if asked == form:
            return form
    raise InvalidRequestError("'format' must be one of 'html', 'json' or 'md'.", param="format")


def preferred(accept: str, agent: str) -> Form:
    """Return the form an Accept header likes best; ``*/*`` is a program, unless it previews."""
    best: Form = "html" if _PREVIEWS.search(agent) else "json"
    highest = 0.0
    for entry in accept.split(","):
        media_type, *parameters = entry.split(";")
        form = _TYPES.get(media_type.strip().lower())
        quality = next(
            (float(found[1]) for each in parameters if (found := _QUALITY.fullmatch(each))), 1.0
        )
        if form is not None and quality > highest:
            best, highest = form, quality
    return best


FormAsked = Annotated[Form, Depends(form_of)]
