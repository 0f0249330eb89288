"""How each operation may refuse: by its signature, by what it declares, and by the gateway."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

from aws_lambda_powertools.event_handler.api_gateway import Route

from colloquy.domain import errors as domain
from colloquy.domain.conversation import MAX_MESSAGES
from colloquy.domain.errors import ColloquyError, InvalidRequestError
from colloquy.domain.share import MAX_GUEST_MESSAGES
from colloquy.http import errors as http
from colloquy.http.answers import refusals_of
from colloquy.http.errors import envelope, headers_of, status_of
from colloquy.http.openai.errors import ModelNotFoundError, openai_envelope, openai_status
from tools.reference.headers import OF_PAGES, REQUEST_ID, headers

Json = dict[str, Any]

JSON: Final = "application/json"
OPENAI: Final = "openai"
"""The tag of the dialect's operations."""
HTML: Final = "text/html; charset=utf-8"

SAMPLES: Final[Mapping[type[ColloquyError], ColloquyError]] = {
    type(error): error
    for error in (
        domain.InvalidCursorError("conversation"),
        domain.TooLargeError("A body may hold 5,000,000 bytes, but this one has 5,242,880."),
        domain.ReadOnlyError(),
        domain.ShareExpiredError(),
        domain.NotFoundError("conversation"),
        domain.ConflictError("Others keep writing to this conversation. Try again in a moment."),
        domain.ConversationFullError(MAX_MESSAGES),
        domain.ShareFullError(MAX_GUEST_MESSAGES),
        domain.IdempotencyMismatchError(),
        domain.PreconditionFailedError("conversation"),
        domain.UnavailableError(),
        domain.ModelError(),
        domain.ModelTimeoutError(),
        domain.ModelUnavailableError(),
        http.UnauthorizedError(),
        http.UnsupportedMediaTypeError(),
        domain.RateLimitedError(3),
        http.InternalError(),
        domain.ItemExistsError(),
        ModelNotFoundError("gpt-9"),
    )
}
"""Each error as a caller may see it."""

_INVALID: Final[Mapping[str, ColloquyError]] = {
    error.code: error
    for error in (
        InvalidRequestError(
            "The body is not valid JSON: EOF while parsing a string at line 1 column 12.",
            code="invalid_json",
        ),
        InvalidRequestError("'order' must be one of 'asc' or 'desc'.", param="order"),
        InvalidRequestError(
            "'titel' is not a field of this request. Look for a typo, or leave it out.",
            param="titel",
            code="unknown_parameter",
        ),
        InvalidRequestError(
            "'items[3].role' is required.", param="items[3].role", code="missing_required"
        ),
        InvalidRequestError("'limit' must be at most 100.", param="limit", code="above_max"),
        InvalidRequestError("'limit' must be at least 1.", param="limit", code="below_min"),
        SAMPLES[domain.InvalidCursorError],
    )
}
"""Each way a request can be one that never succeeds, by its code."""

_OF_BODY: Final = (
    "invalid_json",
    "invalid_value",
    "unknown_parameter",
    "missing_required",
    "above_max",
    "below_min",
)
_OF_PARAMETER: Final[Mapping[str, tuple[str, ...]]] = {
    "limit": ("invalid_value", "above_max", "below_min"),
    "after": ("invalid_cursor",),
    "before": ("invalid_cursor",),
    "order": ("invalid_value",),
    "archived": ("invalid_value",),
    "conversations": ("invalid_value",),
    "format": ("invalid_value",),
    "call_id": ("above_max", "below_min"),
    "If-Match": ("above_max",),
    "Idempotency-Key": ("invalid_value",),
}
"""What a parameter of this name may be refused for; one that is not here takes anything."""

_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
_MEANINGS: Final[Mapping[int, str]] = {
    400: "The request can never succeed as it is.",
    401: "There is no token, or none that is good.",
    403: "The link lets nobody write.",
    404: "It is absent, deleted, revoked or someone else's: these are never told apart.",
    409: "Another request came between, or the state does not allow it.",
    410: "The link's time is over.",
    412: "If-Match names a state that is over.",
    413: "The body, or a message in it, is too large.",
    415: "The body is declared to be something else than JSON.",
    429: "The owner, or everyone together, sends more requests than this deployment takes.",
    500: "A bug of ours; `request_id` finds its log line.",
    502: "The model failed. Nothing was changed.",
    503: "Busy, or not done in time: safe to send again, and the same request goes on.",
    504: "The model did not answer in time. Nothing was changed.",
}

SCHEMAS: Final[Mapping[str, Json]] = {
    "Error": {
        "description": "What was wrong, and what is allowed.",
        "type": "object",
        "properties": {
            "error": {
                "type": "object",
                "properties": {
                    "type": {
                        "type": "string",
                        "description": "The kind of error.",
                        "enum": sorted(
                            {
                                envelope(each, "")["error"]["type"]
                                for each in [*SAMPLES.values(), *_INVALID.values()]
                            }
                        ),
                    },
                    "code": {"type": "string", "description": "For programs."},
                    "message": {
                        "type": "string",
                        "minLength": 1,
                        "description": "A sentence for a person.",
                    },
                    "param": {
                        "type": ["string", "null"],
                        "description": "The field to blame, like `items[3].role`, or null.",
                    },
                    "request_id": {
                        "type": "string",
                        "description": "What the log lines of this request have in common.",
                    },
                },
                "required": ["type", "code", "message", "param", "request_id"],
                "additionalProperties": False,
            }
        },
        "required": ["error"],
        "additionalProperties": False,
    },
    "OpenAIError": {
        "description": "What was wrong, as OpenAI's API words it.",
        "type": "object",
        "properties": {
            "error": {
                "type": "object",
                "properties": {
                    "message": {"type": "string", "minLength": 1, "description": "For a person."},
                    "type": {
                        "type": "string",
                        "description": "The kind of error.",
                        "enum": [
                            "authentication_error",
                            "invalid_request_error",
                            "rate_limit_error",
                            "server_error",
                        ],
                    },
                    "param": {
                        "type": ["string", "null"],
                        "description": "The parameter to blame, like `items[3].role`, or null.",
                    },
                    "code": {"type": ["string", "null"], "description": "For programs, or null."},
                },
                "required": ["message", "type", "param", "code"],
                "additionalProperties": False,
            }
        },
        "required": ["error"],
        "additionalProperties": False,
    },
    "GatewayMessage": {
        "description": "What the gateway says that stands before the API.",
        "type": "object",
        "properties": {"message": {"type": "string", "description": "For a person."}},
        "required": ["message"],
        "additionalProperties": False,
    },
}


_BY_GATEWAY: Final[Mapping[int, str]] = {
    401: "Unauthorized",
    413: "Request Entity Too Large",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
"""What the gateway says where it refuses by itself what an operation may refuse too."""


def _of_gateway(message: str, description: str) -> Json:
    return {
        "description": description,
        "content": {
            JSON: {
                "schema": {"$ref": "#/components/schemas/GatewayMessage"},
                "examples": {"gateway": {"value": {"message": message}}},
            }
        },
    }


GATEWAY: Final[Mapping[str, Json]] = {
    "TooManyRequests": _of_gateway(
        "Too Many Requests", "More requests than this deployment takes. Try again later."
    ),
    "HeadersTooLarge": _of_gateway(
        "Request Header Fields Too Large", "Over 10,240 bytes of address and headers."
    ),
}
"""The gateway's answers that are the same for all operations."""

EXAMPLES: Final[Mapping[str, Json]] = {
    error.code: {"value": envelope(error, REQUEST_ID)}
    for error in [*SAMPLES.values(), *_INVALID.values()]
}


def refusals(route: Route, operation: Json, *, public: bool) -> Json:
    """Return the answers by which an operation may refuse, by status."""
    codes: dict[int, list[ColloquyError]] = {}
    for error in _possible(route, operation, public=public):
        same = codes.setdefault(_status(error, route), [])
        if error.code not in {other.code for other in same}:
            same.append(error)
    by_gateway = {500, 503} | (set() if public else {401, 429})
    by_gateway |= {413} if route.method in _WITH_BODY else set()
    if "meta" in route.tags:
        by_gateway -= {503}
    answers = {
        str(status): _answer(status, codes[status], by_gateway=status in by_gateway, route=route)
        for status in sorted(codes)
    }
    answers.setdefault("429", {"$ref": "#/components/responses/TooManyRequests"})
    answers["431"] = {"$ref": "#/components/responses/HeadersTooLarge"}
    return dict(sorted(answers.items()))


def _possible(route: Route, operation: Json, *, public: bool) -> Iterable[ColloquyError]:
    parameters = operation.get("parameters", ())
    names = {parameter["name"] for parameter in parameters}
    invalid = {code for name in names for code in _OF_PARAMETER.get(name, ())}
    if "requestBody" in operation:
        invalid |= set(_OF_BODY)
    if not public:  # of the query
        invalid.add("unknown_parameter")
    yield from (error for code, error in _INVALID.items() if code in invalid)
    if not public:
        yield SAMPLES[http.UnauthorizedError]
        yield SAMPLES[domain.RateLimitedError]
    if any(parameter["in"] == "path" for parameter in parameters):
        yield SAMPLES[domain.NotFoundError]
    if "Idempotency-Key" in names:
        yield SAMPLES[domain.IdempotencyMismatchError]
    if "If-Match" in names:
        yield SAMPLES[domain.PreconditionFailedError]
    if route.method in _WITH_BODY:
        yield SAMPLES[domain.TooLargeError]
        yield SAMPLES[http.UnsupportedMediaTypeError]
    if "meta" not in route.tags:
        yield SAMPLES[domain.UnavailableError]
    yield SAMPLES[http.InternalError]
    for declared in refusals_of(route.func):
        yield _INVALID["invalid_value"] if declared is InvalidRequestError else SAMPLES[declared]


def _status(error: ColloquyError, route: Route) -> int:
    return openai_status(error) if OPENAI in route.tags else status_of(error)


def _answer(status: int, errors: list[ColloquyError], *, by_gateway: bool, route: Route) -> Json:
    codes = [error.code for error in errors]
    page = "public" in route.tags
    ours: Json
    if OPENAI in route.tags:
        ours = {"$ref": "#/components/schemas/OpenAIError"}
        examples: Json = {
            error.code: {"value": openai_envelope(error, {"after": "msg_x"})} for error in errors
        }
    else:
        ours = {
            "allOf": [
                {"$ref": "#/components/schemas/Error"},
                {"properties": {"error": {"properties": {"code": {"enum": codes}}}}},
            ]
        }
        examples = {code: {"$ref": f"#/components/examples/{code}"} for code in codes}
    named = dict.fromkeys(["x-request-id", *(name for e in errors for name in headers_of(e))])
    if page:
        named |= dict.fromkeys(OF_PAGES)
    if by_gateway:
        ours = {"anyOf": [ours, {"$ref": "#/components/schemas/GatewayMessage"}]}
        examples["gateway"] = {"value": {"message": _BY_GATEWAY[status]}}
    content: Json = {JSON: {"schema": ours, "examples": examples}}
    if page:
        phrase = HTTPStatus(status).phrase
        content[HTML] = {
            "schema": {"type": "string"},
            "examples": {"page": {"value": f"<!doctype html>… {phrase} …"}},
        }
    return {
        "description": _MEANINGS[status],
        # The gateway's own answers have none of ours.
        "headers": headers(*named, required=not by_gateway),
        "content": content,
    }
