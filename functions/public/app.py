"""The public page: shows what a share link shows, to everyone who has it and nobody else."""

import re
from math import ceil
from typing import Annotated, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.depends import Depends
from aws_lambda_powertools.event_handler.openapi.params import Query

from colloquy import wiring
from colloquy.domain.errors import ShareExpiredError
from colloquy.domain.page import DEFAULT_LIMIT
from colloquy.domain.share import Cut
from colloquy.http.answers import refuses
from colloquy.http.models import Limit
from colloquy.http.negotiation import FormAsked
from colloquy.http.public import ROOM, PublicApi, shown
from colloquy.http.shares import ViewOut
from colloquy.observability import measure
from colloquy.services.viewing import Viewing

api: Final = PublicApi()
lambda_handler: Final = api.handle

_NUMBER: Final = re.compile(r"[1-9][0-9]{0,4}")

Service = Annotated[Viewing, Depends(wiring.viewing)]
After = Annotated[str | None, Query(description="The message behind which the page begins.")]
Format = Annotated[
    str | None,
    Query(
        alias="format",
        description="The form to answer in; without it `Accept` decides.",
        json_schema_extra={"enum": ["html", "json", "md"]},
    ),
]
Number = Annotated[
    str | None,
    Query(alias="page", description="Which page this is, for its heading. It selects nothing."),
]
Before = Annotated[str | None, Query(description="The message before which the page ends.")]


@api.get("/conversations/share/<share_id>", tags=["public"])
@refuses(ShareExpiredError)
def open_share(
    share_id: str,
    service: Service,
    form: FormAsked,
    asked: Format = None,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
    before: Before = None,
    page: Number = None,
) -> Response[ViewOut | str]:
    """Show what a link shows, as HTML, JSON or Markdown.

    In the form `format` names; without it a browser gets a page, and programs get JSON. The first
    messages come first; `after` and `before` page through a long one. A link is withdrawn, expired
    or good at the moment of the request: nothing in between keeps an answer.
    """
    cut = Cut(limit=limit, after=after, before=before)
    view = service.open(share_id, cut, ROOM[form])
    if after is None and before is None and not _is_head():
        # ViewsFunction reads this line and counts. The digest opens nothing, as the id would.
        ends = ceil(view.share.expires_at.timestamp())
        measure("SharesViewed", 1, viewed_share=view.share.digest, viewed_until=ends)
    return shown(view, form, cut, named=asked is not None, number=_number(cut, page))


def _number(cut: Cut, page: str | None) -> int | None:
    if cut.after is None and cut.before is None:
        return 1
    return int(page) if page and _NUMBER.fullmatch(page) else None


def _is_head() -> bool:
    """Return whether nobody sees the view: the event was a HEAD before it became a GET."""
    key: str = api.current_event.raw_event["routeKey"]
    return key.startswith("HEAD ")
