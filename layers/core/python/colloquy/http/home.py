"""What the API's address itself answers: what this is, that it is up, and how to begin."""

from typing import Annotated, Final, Literal

from aws_lambda_powertools.event_handler import Response
from pydantic import Field

from colloquy.http.models import Answer
from colloquy.http.resolver import JSON
from colloquy.render.style import POLICY

_HTML: Final = "text/html; charset=utf-8"
_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept, User-Agent",
    "X-Content-Type-Options": "nosniff",
}
_ABOUT: Final = "Colloquy keeps the conversations of chat applications."
_FIRST_CALL: Final = (
    'curl -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" '
    '-d \'{{"title": "My first conversation"}}\' {base}/v1/conversations'
)


class Home(Answer):
    """What is served here."""

    name: Literal["Colloquy"] = "Colloquy"
    about: Annotated[str, Field(description="What it does.")] = _ABOUT
    status: Annotated[Literal["ok"], Field(description="That it is up.")] = "ok"
    docs: Annotated[str, Field(description="The reference, as a page.")]
    openapi: Annotated[str, Field(description="The reference, for programs.")]
    first_call: Annotated[str, Field(description="A command that creates a conversation.")]


def home(base: str, *, as_page: bool) -> Response[Home | str]:
    """Return the page for a browser, or the same as JSON."""
    facts = Home(
        docs=f"{base}/docs",
        openapi=f"{base}/openapi.json",
        first_call=_FIRST_CALL.format(base=base),
    )
    if not as_page:
        return Response(200, JSON, facts, dict(_HEADERS))
    # Imported when a page is asked for: programs do not wait for Markdown and colours.
    from colloquy.render.home import page  # noqa: PLC0415

    return Response(
        200, _HTML, page(facts.about, facts.docs, facts.openapi, facts.first_call), dict(_HEADERS)
    )
