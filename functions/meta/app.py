"""What the API says about itself, and its answer where no other function has one."""

from typing import Annotated, Final, Literal

from aws_lambda_powertools.event_handler import Request, Response
from aws_lambda_powertools.event_handler.openapi.params import Header
from pydantic import Field

from colloquy.http import reference
from colloquy.http.address import BaseUrl
from colloquy.http.home import Home, home
from colloquy.http.models import Answer
from colloquy.http.negotiation import preferred
from colloquy.http.public import HEADERS, SHARE_PATH
from colloquy.http.resolver import Api
from colloquy.http.routes import refusal

api: Final = Api()
lambda_handler: Final = api.handle

IfNoneMatch = Annotated[
    str | None,
    Header(alias="If-None-Match", description="The ETag of what the client has already."),
]


@api.get("/", tags=["meta"])
def welcome(request: Request, base: BaseUrl) -> Response[Home | str]:
    """Say what this is, and how to begin.

    A page for a browser, JSON for programs.
    """
    headers = request.headers
    form = preferred(headers.get("accept", ""), headers.get("user-agent", ""))
    return home(base, as_page=form == "html")


class Health(Answer):
    """That the API is up."""

    status: Annotated[Literal["ok"], Field(description="There is no other.")] = "ok"


@api.get("/healthz", tags=["meta"])
def health() -> Health:
    """Say that the API is up.

    Asks nothing of the table: what it answers is that requests reach the functions.
    """
    return Health()


# Large and alike: compressed where the client takes that, they are a fraction on their way.
@api.get("/openapi.json", tags=["meta"], compress=True)
def read_document(known: IfNoneMatch = None) -> Response[str | None]:
    """Read this document.

    OpenAPI 3.1, of all endpoints together.
    """
    return reference.document(known)


@api.get("/docs", tags=["meta"], compress=True)
def read_reference(known: IfNoneMatch = None) -> Response[str | None]:
    """Read this document as a page.

    Everything it needs is in it: it asks for the document, and no other server for anything.
    """
    return reference.page(known)


@api.not_found
def refuse_unmatched(_: Exception) -> Response[dict[str, object]]:
    """Answer what no route matches: 405 with Allow for a path that is served, else 404."""
    event = api.current_event
    response = api.refuse(refusal(event.http_method, event.path))
    if event.path.startswith(SHARE_PATH):
        # What leads nowhere below a link's path is as private as the link.
        response.headers.update(HEADERS)
    return response
