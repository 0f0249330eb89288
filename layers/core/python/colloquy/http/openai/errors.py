"""Errors as OpenAI's API words them: ``{"error": {"message", "type", "param", "code"}}``.

Statuses are those of every error here; what differs is the body. Clients decide by the status,
and show the message to a person.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from colloquy.domain.errors import (
    ColloquyError,
    InvalidCursorError,
    InvalidRequestError,
    NotFoundError,
)
from colloquy.http.errors import UnauthorizedError, status_of

_CODES: Final[Mapping[str, str]] = {
    "missing_required": "missing_required_parameter",
    "above_max": "above_max_value",
    "below_min": "below_min_value",
    "rate_limited": "rate_limit_exceeded",
    "unauthorized": "invalid_api_key",
    "internal_error": "server_error",
}
"""Codes of errors that are raised below this package, where OpenAI has another for the same."""

_INVALID_JSON: Final = (
    "Invalid body: failed to parse JSON value. Please check the value to ensure it is valid JSON. "
    "(Common errors include trailing commas, missing closing brackets, missing quotation marks, "
    "etc.)"
)


class ModelNotFoundError(InvalidRequestError):
    """No model of this name answers here."""

    code = "model_not_found"

    def __init__(self, name: str) -> None:
        super().__init__(f"The model '{_shown(name)}' does not exist", param="model")


def require_model(name: str | None, names: Sequence[str]) -> None:
    """Check that a model of this name answers here, or that none is named.

    Raises:
        ModelNotFoundError: none does.
    """
    # Without any model set up the service says so.
    if name is not None and names and name not in names:
        raise ModelNotFoundError(name)


def openai_status(error: ColloquyError) -> int:
    """Return the status of an error: 404 for whatever names nothing, a cursor or a model too."""
    if isinstance(error, InvalidCursorError | ModelNotFoundError):
        return HTTPStatus.NOT_FOUND
    return status_of(error)


def openai_envelope(error: ColloquyError, named: Mapping[str, str]) -> dict[str, Any]:
    """Return the body of an error; ``named`` holds the ids and the cursor of the request."""
    status = openai_status(error)
    code: str | None = _CODES.get(error.code, error.code)
    message = error.message
    if isinstance(error, NotFoundError):
        message, code = _absent(error, named), None
    elif isinstance(error, InvalidCursorError):
        message, code = f"No item found with id '{_shown(named.get('after'))}'", None
    elif error.code == "invalid_json":
        message = _INVALID_JSON
    return {
        "error": {
            "message": message,
            "type": _type_of(error, status),
            "param": error.param,
            "code": code,
        }
    }


def _type_of(error: ColloquyError, status: int) -> str:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "server_error"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return "rate_limit_error"
    return "authentication_error" if isinstance(error, UnauthorizedError) else _INVALID


_INVALID: Final = "invalid_request_error"


def _absent(error: NotFoundError, named: Mapping[str, str]) -> str:
    if error.kind == "conversation" and "conversation_id" in named:
        return f"Conversation with id '{_shown(named['conversation_id'])}' not found."
    if error.kind == "message" and "item_id" in named:
        return f"Item with id '{_shown(named['item_id'])}' not found in conversation."
    return error.message


def _shown(text: str | None) -> str:
    return (text or "")[:100]
