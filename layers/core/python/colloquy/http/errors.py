"""The error envelope, and which status each error becomes.

``{"error": {"type", "code", "message", "param", "request_id"}}``: ``message`` is a sentence for a
person, ``code`` is for a program, ``param`` names the field to blame or is null.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from colloquy.domain.errors import (
    ColloquyError,
    ConflictError,
    InvalidRequestError,
    ModelError,
    ModelTimeoutError,
    ModelUnavailableError,
    NotFoundError,
    PreconditionFailedError,
    RateLimitedError,
    ReadOnlyError,
    ShareExpiredError,
    TooLargeError,
    UnavailableError,
)


class UnauthorizedError(ColloquyError):
    """No authorizer vouches for the caller."""

    code = "unauthorized"

    def __init__(self) -> None:
        super().__init__("Send a valid token: 'Authorization: Bearer <token>'.")


class MethodNotAllowedError(ColloquyError):
    """The path is served, but not with this method."""

    code = "method_not_allowed"

    def __init__(self, method: str, allowed: Sequence[str]) -> None:
        self.allow = ", ".join(allowed)
        super().__init__(f"This path does not take {method}. It takes {self.allow}.")


class UnknownPathError(ColloquyError):
    """Nothing is served at the path."""

    code = "not_found"

    def __init__(self) -> None:
        super().__init__("Nothing is served at this path. Look for a typo or a stray slash.")


class UnsupportedMediaTypeError(ColloquyError):
    """The body is declared to be something else than JSON."""

    code = "unsupported_media_type"

    def __init__(self) -> None:
        super().__init__("Send the body as JSON, with 'Content-Type: application/json'.")


_LONGEST_ENCODING: Final = 40


class EncodedBodyError(UnsupportedMediaTypeError):
    """The body is declared to be compressed."""

    def __init__(self, encoding: str) -> None:
        ColloquyError.__init__(
            self,
            f"The body is sent with 'Content-Encoding: {encoding[:_LONGEST_ENCODING]}'. "
            "Send it as it is, without that header.",
        )


class InternalError(ColloquyError):
    """A bug: the answer shows nothing of it, the log line with its request_id does."""

    code = "internal_error"

    def __init__(self) -> None:
        super().__init__("Something went wrong on our side. If it stays, tell us the request_id.")


_STATUS: Final[Mapping[type[ColloquyError], int]] = {
    TooLargeError: 413,
    InvalidRequestError: 400,
    UnauthorizedError: 401,
    ReadOnlyError: 403,
    NotFoundError: 404,
    UnknownPathError: 404,
    MethodNotAllowedError: 405,
    ConflictError: 409,
    ShareExpiredError: 410,
    PreconditionFailedError: 412,
    UnsupportedMediaTypeError: 415,
    RateLimitedError: 429,
    InternalError: 500,
    UnavailableError: 503,
    ModelError: 502,
    ModelUnavailableError: 503,
    ModelTimeoutError: 504,
}

_TYPES: Final[Mapping[int, str]] = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    410: "not_found_error",
    412: "precondition_error",
    429: "rate_limit_error",
    500: "server_error",
    502: "server_error",
    503: "server_error",
    504: "server_error",
}

RETRY_AFTER_SECONDS: Final = 1


def status_of(error: ColloquyError) -> int:
    """Return the HTTP status of an error: its class's, or that of the nearest above it."""
    return next(_STATUS[cls] for cls in type(error).__mro__ if cls in _STATUS)


def envelope(error: ColloquyError, request_id: str) -> dict[str, Any]:
    """Return the body that tells a caller of an error."""
    return {
        "error": {
            "type": _TYPES.get(status_of(error), "invalid_request_error"),
            "code": error.code,
            "message": error.message,
            "param": error.param,
            "request_id": request_id,
        }
    }


def headers_of(error: ColloquyError) -> dict[str, str]:
    """Return the headers an error's status asks for."""
    match error:
        case MethodNotAllowedError():
            return {"Allow": error.allow}
        case UnavailableError():
            return {"Retry-After": str(RETRY_AFTER_SECONDS)}
        case ModelUnavailableError() | RateLimitedError():
            return {"Retry-After": str(error.retry_after)}
        case UnauthorizedError():
            return {"WWW-Authenticate": "Bearer"}
    return {}
