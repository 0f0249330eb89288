"""Every operation of the OpenAPI document, fuzzed by it over HTTP, with ids of real things.

``make fuzz`` does the same with more examples, and others each time.
"""

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from schemathesis.core.parameters import ParameterLocation

from colloquy.domain.title import is_visible
from tests.support.model import says, serving
from tests.support.reference import DOCUMENT, operations
from tests.support.server import Server
from tests.support.things import Things

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))

CONFIG: dict[str, Any] = {
    "generation": {
        "max-examples": EXAMPLES or 5,
        "deterministic": not EXAMPLES,
        "database": "none",
    },
    "checks": {
        # A precondition that was made up is stale, and what was made up does not exist.
        "positive_data_acceptance": {"expected-statuses": ["2xx", "304", "404", "409", "412"]},
    },
    "operations": [
        {
            # Messages, versions, times and cursors must fit together, which no schema can say.
            "include-path": "/v1/conversations/import",
            "checks": {
                "positive_data_acceptance": {"expected-statuses": ["2xx", "400", "404", "409"]}
            },
        },
        {
            # Which models there are, and how far each goes, is the deployment's.
            "include-operation-id-regex": "^(regenerate_item|create_response)$",
            "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "400", "409"]}},
        },
        {
            # Items are of any of OpenAI's types; what each must have is not in the schema.
            "include-operation-id-regex": "^create_openai_(conversation|items)$",
            "checks": {
                "positive_data_acceptance": {"expected-statuses": ["2xx", "400", "404", "409"]}
            },
        },
        {
            # A title must have a character that can be seen: of which there are, no pattern knows.
            "include-operation-id-regex": (
                "^(create_conversation|update_conversation|update_conversation_by_post"
                "|create_project|update_project|share_conversation)$"
            ),
            "checks": {
                "positive_data_acceptance": {
                    "expected-statuses": ["2xx", "304", "400", "404", "409", "412"]
                }
            },
        },
        {
            # With another method these paths are those of conversations called so.
            "include-path-regex": "^/v1/conversations/(bulk-delete|import)$",
            "checks": {
                "unsupported_method": {"enabled": False},
                "allow_header_conformance": {"enabled": False},
            },
        },
    ],
}
reference = schemathesis.openapi.from_path(
    str(DOCUMENT), config=schemathesis.Config.from_dict(CONFIG)
)
seen: Counter[tuple[str, int]] = Counter()

pytestmark = [
    pytest.mark.timeout(0),
    pytest.mark.local_only("it starts a server with a model of its own"),
]


@reference.hook
def filter_path_parameters(
    _: schemathesis.HookContext, path_parameters: dict[str, object] | None
) -> bool:
    """Leave out what leads elsewhere: the gateway decodes a path before it looks for its route."""
    values = map(str, (path_parameters or {}).values())
    return not any(mark in value for value in values for mark in "/?")


@reference.hook
def filter_body(_: schemathesis.HookContext, body: object) -> bool:
    """Leave out titles of which nothing can be seen: no pattern of a schema tells them."""
    titles = [body.get("title"), body.get("name")] if isinstance(body, dict) else []
    return all(is_visible(title) for title in titles if isinstance(title, str) and title.strip())


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Things]:
    """What a user has on a server of our own, with a model that answers at once."""
    with (
        serving(says("Paris.")) as model,
        Server.started(
            tmp_path_factory.mktemp("data"),
            MODEL="fake-1",
            MODEL_BASE_URL=f"{model.url}/v1",
            MODEL_TABLE="",
        ) as server,
        server.client("alice") as client,
    ):
        yield Things(client)


@reference.parametrize()
def test_every_answer_is_one_the_document_declares(
    case: schemathesis.Case[Any], things: Things
) -> None:
    assert case.meta
    if case.path_parameters and not case.meta.is_negative_at(ParameterLocation.PATH):
        case.path_parameters |= things.named(case.path_parameters, anew=case.method == "DELETE")
    if not case.meta.is_negative_at(ParameterLocation.QUERY):
        # Without it this is an import of its own; with one that is made up, it is none.
        case.query.pop("import_id", None)
    # Some cases are about a token that is missing or bad; all others have a good one.
    headers = {} if reference.is_security_param_negated(case) else things.headers
    answer = case.call_and_validate(base_url=things.url, headers=headers)
    seen[case.operation.definition.raw["operationId"], answer.status_code] += 1


def test_every_operation_went_well_too() -> None:
    reached = {operation for operation, status in seen if 200 <= status < 300}
    assert {each.id for each in operations()} - reached == set()
