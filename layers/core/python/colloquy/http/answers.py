"""What an endpoint declares of its answers that neither its signature nor its models can say."""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from colloquy.domain.errors import ColloquyError

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
ErrorType = type[ColloquyError]

_DECLARED: Final[dict[Callable[..., Any], Sequence[ErrorType]]] = {}


def refuses(*errors: ErrorType) -> Callable[[Endpoint], Endpoint]:
    """Declare errors an endpoint may answer with; what every endpoint like it has is left out.

    That is a wrong parameter, body or token, an id that names nothing, a stale If-Match, an
    Idempotency-Key of another request, and a table that does not answer: the document knows
    these from the signature (tools/reference/errors.py).
    """

    def declare(endpoint: Endpoint) -> Endpoint:
        _DECLARED[endpoint] = errors
        return endpoint

    return declare


def refusals_of(endpoint: Callable[..., Any]) -> Sequence[ErrorType]:
    """Return the errors an endpoint has declared."""
    return _DECLARED.get(endpoint, ())
