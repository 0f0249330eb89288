"""What the API says about itself, and its answer where no other function has one."""

from typing import Final, Literal

from aws_lambda_powertools.event_handler import Response
from pydantic import BaseModel

from colloquy.http.resolver import Api
from colloquy.http.routes import refusal

api: Final = Api()
lambda_handler: Final = api.handle


class Health(BaseModel):
    """That the API is up."""

    status: Literal["ok"] = "ok"


@api.get("/healthz", tags=["meta"])
def health() -> Health:
    """Say that the API is up."""
    return Health()


@api.not_found
def refuse_unmatched(_: Exception) -> Response[dict[str, object]]:
    """Answer what no route matches: 405 with Allow for a path that is served, else 404."""
    event = api.current_event
    return api.refuse(refusal(event.http_method, event.path))
