"""Who is calling, as API Gateway's authorizer vouches for it."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

from aws_lambda_powertools.event_handler import Request
from aws_lambda_powertools.event_handler.depends import Depends

from colloquy.http.errors import UnauthorizedError

_MAX_SUBJECT: Final = 255
"""Characters of a sub claim (OpenID Connect Core, section 2)."""
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")


def caller_id(request: Request) -> str:
    """Return the owner's id: the ``sub`` claim of the token that the authorizer has verified.

    Raises:
        UnauthorizedError: there is no such claim, or it is no name.
    """
    subject = subject_of(request.resolved_event)
    if not isinstance(subject, str) or not 0 < len(subject) <= _MAX_SUBJECT:
        raise UnauthorizedError
    if _SURROGATE.search(subject):  # half a character, which no key of a row can hold
        raise UnauthorizedError
    return subject


def subject_of(event: Mapping[str, Any]) -> Any:
    """Return the ``sub`` claim of a request, unchecked, or None."""
    context = event.get("requestContext", {})
    claims = ((context.get("authorizer") or {}).get("jwt") or {}).get("claims") or {}
    return claims.get("sub")


CallerId = Annotated[str, Depends(caller_id)]
