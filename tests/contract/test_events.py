"""Every file in events/ is an event its function can be invoked with."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from colloquy import wiring
from local import table
from tests.support.client import Context
from tests.support.functions import ROOT, declared, handler_of

EVENTS = sorted((ROOT / "events").glob("*/*.json"))
FUNCTIONS = {function.code.name: name for name, function in declared().functions.items()}


def case(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def test_every_function_has_an_event() -> None:
    assert {path.parent.name for path in EVENTS} == set(FUNCTIONS)


@pytest.mark.parametrize("path", EVENTS, ids=case)
def test_an_event_can_be_replayed_on_an_empty_table(path: Path) -> None:
    event: dict[str, Any] = json.loads(path.read_text())
    with mock_aws():
        table.create(boto3.client("dynamodb"), declared(), "conversations-test")
        wiring.forget()
        answer = handler_of(FUNCTIONS[path.parent.name])(event, Context())
    if "requestContext" in event:
        assert answer["statusCode"] < 500
        assert answer["headers"]["x-request-id"] == event["requestContext"]["requestId"]


@pytest.mark.parametrize("path", EVENTS, ids=case)
def test_an_http_event_names_a_route_of_the_template(path: Path) -> None:
    event = json.loads(path.read_text())
    if "routeKey" in event:
        assert event["routeKey"] in {
            route.key
            for route in declared().routes
            if route.function == FUNCTIONS[path.parent.name]
        }
