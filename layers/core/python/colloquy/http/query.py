"""Reject query parameters an endpoint does not have: who sends one believes that it works."""

from typing import Any, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Route
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware

from colloquy.domain.errors import InvalidRequestError

_OWNED: Final = "/v1/"
"""Public pages ignore what they do not know: links get parameters on their way."""
_LONGEST_NAME: Final = 100


def reject_unknown_parameters(app: Any, next_middleware: NextMiddleware) -> Response[Any]:
    """Pass a request to its endpoint if that has every parameter of the query.

    Raises:
        InvalidRequestError: it has not; ``param`` names the first it lacks.
    """
    event, route = app.current_event, app.context["_route"]
    # Where no route matches, Powertools makes one of its own: that is a 404 or a 405.
    is_served = any(route is each for each in (*app._static_routes, *app._dynamic_routes))
    if is_served and event.path.startswith(_OWNED):
        known = _names_of(route)
        for name in event.query_string_parameters or ():
            if name not in known:
                raise _unknown(name[:_LONGEST_NAME], known)
    return next_middleware(app)


def _names_of(route: Route) -> list[str]:
    return [str(parameter.alias) for parameter in route.dependant.query_params]


def _unknown(name: str, known: list[str]) -> InvalidRequestError:
    allowed = ", ".join(f"'{each}'" for each in known)
    return InvalidRequestError(
        f"'{name}' is not a parameter of this request. "
        + (f"It takes {allowed}." if known else "It takes none."),
        param=name,
        code="unknown_parameter",
    )
