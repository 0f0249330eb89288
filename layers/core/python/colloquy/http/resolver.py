"""The resolver of every HTTP function: Powertools' own, with our envelope around whatever fails."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any, Final, TypeVar

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError as NoRouteError
from aws_lambda_powertools.event_handler.openapi.exceptions import (
    RequestUnsupportedContentType,
    RequestValidationError,
    ResponseValidationError,
)
from aws_lambda_powertools.utilities.typing import LambdaContext

from colloquy.domain.errors import ColloquyError
from colloquy.http.body import with_readable_body
from colloquy.http.errors import (
    InternalError,
    UnknownPathError,
    UnsupportedMediaTypeError,
    envelope,
    headers_of,
    status_of,
)
from colloquy.http.parsing import object_from
from colloquy.http.query import reject_unknown_parameters
from colloquy.http.rates import owner_rates
from colloquy.http.validation import invalid_request
from colloquy.observability import facts_of, logger, with_context
from colloquy.settings import RateSettings

T = TypeVar("T")

JSON: Final = "application/json"

# Characters as they are: \u escapes would make an answer up to twice as large as it counts.
_VARIABLE: Final = re.compile(r"<(\w+)>")

_NOT_KEPT: Final = {"Cache-Control": "no-store"}

_to_json = partial(json.dumps, ensure_ascii=False, separators=(",", ":"))


class Api(APIGatewayHttpResolver):
    """Routes events of API Gateway (payload 2.0) to typed handlers.

    Its ``handle`` is the Lambda handler. What a client sent never makes a 500, and whatever goes
    wrong, the answer is the envelope with the request id.
    """

    def __init__(self) -> None:
        self._answer = with_context(self._answer_event)
        self.owner_rates = owner_rates(RateSettings.from_environment())
        super().__init__(
            enable_validation=True,
            # A response that breaks its own model is our bug, not the client's.
            response_validation_error_http_code=HTTPStatus.INTERNAL_SERVER_ERROR,
            serializer=_to_json,
            json_body_deserializer=object_from,
        )
        self.use([reject_unknown_parameters])
        self.exception_handler(ColloquyError)(self.refuse)
        self.exception_handler(RequestValidationError)(self._refuse_invalid)
        self.exception_handler(RequestUnsupportedContentType)(
            lambda _: self.refuse(UnsupportedMediaTypeError())
        )
        self.exception_handler(NoRouteError)(lambda _: self.refuse(UnknownPathError()))
        # Beside NoRouteError's own handler, or this one would take unknown paths for bugs.
        self.exception_handler([Exception, ResponseValidationError])(self._own_up)

    @staticmethod
    def _compile_regex(rule: str, base_regex: str = r"^{}\Z") -> re.Pattern[str]:
        """Let a variable of a path be whatever API Gateway takes for it: all up to a slash.

        Powertools' own pattern lacks quotes and emoji, with which an id is as absent as another.
        """
        return re.compile(base_regex.format(_VARIABLE.sub(r"(?P<\1>[^/]+)", rule)))

    def handle(self, event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Answer one event; the answer carries ``x-request-id``, and so does every log line."""
        return self._answer(event, context)

    def _answer_event(self, event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        request_id = _request_id(event)
        logger.set_correlation_id(request_id)
        try:
            if self.owner_rates is not None:
                self.owner_rates.check(event)
            answer = self.resolve(with_readable_body(_as_get(event)), context)
        except ColloquyError as error:
            status, body = self.status_and_body(error, event)
            answer = {
                "statusCode": status,
                "headers": {"content-type": JSON, **headers_of(error)},
                "body": _to_json(body),
                "isBase64Encoded": False,
            }
        if is_head(event):
            answer |= {"body": "", "isBase64Encoded": False}
        sent = answer.get("headers", {})
        # Somebody's own, unless the endpoint has said otherwise: nothing in between keeps it.
        kept = {} if any(name.lower() == "cache-control" for name in sent) else _NOT_KEPT
        answer["headers"] = {**sent, **kept, "x-request-id": request_id}
        return answer

    def refuse(self, error: ColloquyError) -> Response[dict[str, Any]]:
        """Return the answer an error makes."""
        status, body = self.status_and_body(error, self.current_event.raw_event)
        return Response(
            status_code=status,
            content_type=JSON,
            headers=dict(headers_of(error)),
            body=body,
        )

    def status_and_body(
        self, error: ColloquyError, event: Mapping[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        """Return the status and the body of an error; a dialect has its own."""
        return status_of(error), envelope(error, _request_id(event))

    def to_error(self, errors: Sequence[Mapping[str, Any]]) -> ColloquyError:
        """Return the error for what pydantic found wrong with a request."""
        return invalid_request(errors)

    def _refuse_invalid(self, error: RequestValidationError) -> Response[dict[str, Any]]:
        return self.refuse(self.to_error(error.errors()))

    def _own_up(self, error: Exception) -> Response[dict[str, Any]]:
        logger.error("request failed", **facts_of(error))
        return self.refuse(InternalError())


def answer(
    body: T, *, status: int = 200, replayed: bool = False, **headers: str | None
) -> Response[T]:
    """Return a body with headers, given as keywords: ``etag`` and ``location``, where not None."""
    sent: dict[str, str | list[str]] = {
        name: value for name, value in headers.items() if value is not None
    }
    if replayed:
        sent["idempotent-replayed"] = "true"
    return Response(status_code=status, content_type=JSON, headers=sent, body=body)


def no_content() -> Response[None]:
    """Return 204: done, and nothing to say."""
    return Response(status_code=HTTPStatus.NO_CONTENT)


def is_head(event: Mapping[str, Any]) -> bool:
    """Return whether a request wants the headers of a public page, and no body."""
    is_public = not event["rawPath"].startswith("/v1/")
    return is_public and event["requestContext"]["http"]["method"] == "HEAD"


def _as_get(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the GET with which a HEAD shares its response (RFC 9110, section 9.3.2)."""
    if not is_head(event):
        return event
    context = event["requestContext"]
    return {**event, "requestContext": {**context, "http": {**context["http"], "method": "GET"}}}


def _request_id(event: Mapping[str, Any]) -> str:
    request_id: str = event["requestContext"]["requestId"]
    return request_id
