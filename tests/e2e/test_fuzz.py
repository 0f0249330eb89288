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

from tests.support.model import says, serving
from tests.support.reference import DOCUMENT, operations
from tests.support.server import Server
from tests.support.things import Things

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))

CONFIG: dict[str, Any] = {
    "generation": {
        "max-examples": EXAMPLES or 8,
        "deterministic": not EXAMPLES,
        "database": "none",
    },
    "checks": {
        # A precondition that was made up is stale, and what was made up does not exist.
        "positive_data_acceptance": {"expected-statuses": ["2xx", "304", "404", "409", "412"]},
    },
    "operations": [
        {
            # With another method this path is that of a conversation called bulk-delete.
            "include-path": "/v1/conversations/bulk-delete",
            "checks": {
                "unsupported_method": {"enabled": False},
                "allow_header_conformance": {"enabled": False},
            },
        }
    ],
}
reference = schemathesis.openapi.from_path(
    str(DOCUMENT), config=schemathesis.Config.from_dict(CONFIG)
)
seen: Counter[tuple[str, int]] = Counter()

pytestmark = pytest.mark.timeout(0)


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
    answer = case.call_and_validate(base_url=things.url, headers=things.headers)
    seen[case.operation.definition.raw["operationId"], answer.status_code] += 1


def test_every_operation_went_well_too() -> None:
    reached = {operation for operation, status in seen if 200 <= status < 300}
    assert {each.id for each in operations()} - reached == set()
