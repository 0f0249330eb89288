"""One operation of the document, from what Powertools says of its route and the route itself."""

import inspect
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, get_type_hints

from aws_lambda_powertools.event_handler.api_gateway import Route

from colloquy.http.conditions import OnceOnly
from colloquy.http.exports import PLACE
from colloquy.http.models import UNIQUE
from colloquy.http.negotiation import FormAsked
from tools.reference import examples
from tools.reference.errors import JSON, OPENAI, refusals
from tools.reference.headers import OF_FILES, OF_PAGES, headers

Json = dict[str, Any]

_PATH: Final = {
    "conversation_id": (f"^conv_{UNIQUE}$", "The conversation's id.", examples.CONVERSATION_ID),
    "item_id": (f"^(item|msg)_{UNIQUE}$", "The message's id.", examples.ITEM_ID),
    "project_id": (f"^proj_{UNIQUE}$", "The project's id.", examples.PROJECT_ID),
    "share_id": (f"^(msg_)?share_{UNIQUE}$", "The link's id.", examples.SHARE_ID),
    "version": ("^[1-9][0-9]{0,5}$", "The version's number.", "1"),
}
"""Ids in paths: their shape, told and not checked, for a malformed one is absent like another."""

_OPENAI_PATH: Final = {
    "conversation_id": _PATH["conversation_id"],
    "item_id": ("^.{1,256}$", "The item's id, or the one that came with it.", examples.OPENAI_ID),
    "model": ("^.+$", "The model's name; it may hold slashes.", "claude-sonnet-4-6"),
}
"""Those of the OpenAI dialect."""

_CURSORS: Final = {
    "ListOut_ConversationOut_": (f"^conv_{UNIQUE}$", examples.CONVERSATION_ID),
    "ListOut_ItemOut_": (f"^(item|msg)_{UNIQUE}$", examples.ITEM_ID),
    "ListOut_ProjectOut_": (f"^proj_{UNIQUE}$", examples.PROJECT_ID),
    "ListOut_ShareOut_": (f"^(msg_)?share_{UNIQUE}$", examples.SHARE_ID),
    "VersionListOut": ("^[1-9][0-9]{0,5}$", "2"),
    "ConversationExport": (PLACE, examples.ITEM_ID),
    "ViewOut": (f"^(item|msg)_{UNIQUE}$", examples.ITEM_ID),
    "OpenAIList": ("^.{1,256}$", examples.OPENAI_ID),
}
"""The shape of a cursor, by what is listed."""

_KEY: Final[Json] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": (
        "1 to 255 visible ASCII characters of the client's choice. Sent again within 24 hours, "
        "the same request gets the first answer and writes nothing."
    ),
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "example": "8f14e45f-ceea-467f-a8d4-3c1b2a9d7e60",
}
_ACCEPT: Final[Json] = {
    "name": "Accept",
    "in": "header",
    "required": False,
    "description": "What `format` does not decide: HTML, JSON or Markdown.",
    "schema": {"type": "string"},
    "example": "text/html",
}
_UNFINISHED: Final = {"ImportOut"}
"""What is answered with a 202: there is more to come."""
_HAS_ETAG: Final = {"ConversationOut", "OpenConversationOut", "ItemOut", "ProjectOut"}


def operation_of(given: Json, route: Route, models: Json, *, public: bool) -> Json:
    """Return the finished operation of a route; ``given`` and ``models`` are Powertools' own."""
    doc = inspect.getdoc(route.func) or ""
    summary, _, description = doc.partition("\n\n")
    operation: Json = {
        "operationId": _operation_id(route),
        "summary": summary.rstrip(".").replace("\n", " "),
        "description": description or summary,
        "tags": route.tags,
    }
    answers = given["responses"][str(route.status_code)]
    body = answers.get("content", {}).get(JSON, {}).get("schema", {})
    if parameters := _parameters(given.get("parameters", ()), route, body):
        operation["parameters"] = parameters
    if "requestBody" in given:
        operation["requestBody"] = _request_body(given["requestBody"], operation["operationId"])
    operation["responses"] = {
        **_successes(body, route, operation, models),
        **refusals(route, operation, public=public),
    }
    if any(each["name"] == "If-None-Match" for each in parameters):
        operation["responses"]["304"] = {
            "description": "The client has it already.",
            "headers": headers("x-request-id", "ETag"),
        }
    operation["responses"] = dict(sorted(operation["responses"].items()))
    return operation | ({"security": []} if public else {})


def _operation_id(route: Route) -> str:
    generated = route._generate_operation_id()  # no other way to know
    return route.func.__name__ if route.operation_id == generated else route.operation_id


def _parameters(given: Any, route: Route, body: Json) -> list[Json]:
    hints = get_type_hints(route.func, include_extras=True).values()
    ids = _OPENAI_PATH if OPENAI in (route.tags or ()) else _PATH
    parameters = [_parameter(each, body, ids) for each in given]
    if OnceOnly in hints:
        parameters.append(_KEY)
    if FormAsked in hints:
        parameters.append(_ACCEPT)
    return parameters


def _parameter(given: Json, body: Json, ids: Mapping[str, tuple[str, str, str]]) -> Json:
    place = given["in"]
    # Powertools knows headers in lower case.
    name = given["name"].title() if place == "header" else given["name"]
    schema = {**given["schema"]}
    # In a path, query or header there is no null: one that is left out is left out.
    for choice in schema.pop("anyOf", ()):
        schema = choice | schema if choice != {"type": "null"} else schema
    for told_beside in ("title", "description"):
        schema.pop(told_beside, None)
    parameter: Json = {"name": name, "in": place, "required": given["required"]}
    if place == "path":
        schema["pattern"], parameter["description"], parameter["example"] = ids[name]
    else:
        parameter["description"] = given["description"]
        parameter["example"] = examples.PARAMETERS.get(name, schema.get("default"))
    if name in {"after", "before"}:
        schema["pattern"], parameter["example"] = next(
            _CURSORS[model] for model in _models_in(body) if model in _CURSORS
        )
    return {**parameter, "schema": schema}


def _request_body(given: Json, operation_id: str) -> Json:
    schema = {**given["content"][JSON]["schema"]}
    for said_of_the_handler in ("title", "default"):
        schema.pop(said_of_the_handler, None)
    samples = examples.requests_of(operation_id)
    return {
        "description": (
            "JSON; an unknown field is ignored."
            if operation_id in examples.LENIENT
            else "JSON; an unknown field is refused, not ignored."
        ),
        "required": given.get("required", False),
        "content": {
            JSON: {
                "schema": schema,
                "examples": {name: {"value": value} for name, value in samples.items()},
            }
        },
    }


def _successes(body: Json, route: Route, operation: Json, models: Json) -> Json:
    named = _models_in(body)
    unfinished = [model for model in named if model in _UNFINISHED]
    finished = [model for model in named if model not in unfinished]
    answers = {str(route.status_code): _success(finished, route, operation, models)}
    if unfinished:
        answers["202"] = {
            "description": models[unfinished[0]]["description"],
            "headers": _headers_of_every_success(operation),
            "content": _content(unfinished, operation["operationId"]),
        }
    return answers


def _headers_of_every_success(operation: Json) -> Json:
    replays = any(each["name"] == "Idempotency-Key" for each in operation.get("parameters", ()))
    return headers("x-request-id", *(["idempotent-replayed"] if replays else []))


def _success(named: list[str], route: Route, operation: Json, models: Json) -> Json:
    own = _headers_of_every_success(operation)
    if route.status_code == HTTPStatus.NO_CONTENT:
        return {"description": "Done; there is nothing to say.", "headers": own}
    # An answer that may be a list has them only where it is none.
    single = len(named) == 1
    if set(named) & _HAS_ETAG:
        own |= headers("ETag", required=single)
    if route.status_code == HTTPStatus.CREATED:
        own |= headers("Location", required=single)
    if "public" in route.tags:
        own |= headers(*OF_PAGES)
    if "ConversationExport" in named:
        own |= headers(*OF_FILES)
    said = [models[model].get("description", "A page of a list.") for model in named]
    return {
        "description": " Or: ".join(said) or operation["summary"],
        "headers": own,
        "content": _content(named, operation["operationId"]),
    }


def _content(models: list[str], operation_id: str) -> Json:
    """Return what an answer is in each media type, with examples."""
    own = {media: value for (name, media), value in examples.TEXTS.items() if name == operation_id}
    content: Json = {}
    if models:
        references = [{"$ref": f"#/components/schemas/{model}"} for model in models]
        content[JSON] = {
            "schema": references[0] if len(references) == 1 else {"anyOf": references},
            "examples": {model: {"value": examples.ANSWERS[model]} for model in models},
        }
    for media, value in own.items():
        kind = {"type": "string" if isinstance(value, str) else "object"}
        content[media] = {"schema": kind, "examples": {"example": {"value": value}}}
    return content


def _models_in(body: Json) -> list[str]:
    choices = body.get("anyOf", [body])
    return [each["$ref"].rpartition("/")[2] for each in choices if "$ref" in each]
