"""Every file in events/ is an event its function can be invoked with."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.client import Context
from tests.support.events import EVENTS, FUNCTIONS, SAID, STATUS, check, event_of, name_of, prepare
from tests.support.functions import declared, handler_of
from tests.support.in_process import TABLE, emulated
from tests.support.model import says, serving
from tests.support.rows import Rows


@pytest.fixture
def _model(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What the events that ask a model find."""
    with serving(says(SAID)) as server:
        model = {"id": "m", "context": 1000}
        monkeypatch.setenv("MODEL_PROVIDER", "openai")
        monkeypatch.setenv("MODEL_TABLE", json.dumps({"m": model, "claude-3-5-sonnet": model}))
        monkeypatch.setenv("MODEL_BASE_URL", f"{server.url}/v1")
        yield


def test_every_function_has_an_event() -> None:
    assert {path.parent.name for path in EVENTS} == set(FUNCTIONS)


def test_every_http_event_says_what_it_is_answered_with() -> None:
    assert set(STATUS) == {
        name_of(path) for path in EVENTS if "requestContext" in event_of(name_of(path))
    }


@pytest.mark.usefixtures("_model")
@pytest.mark.parametrize("path", EVENTS, ids=name_of)
def test_an_event_is_answered_as_it_should_be(path: Path) -> None:
    name = name_of(path)
    with emulated() as database:
        rows = Rows(database.client, TABLE)
        prepare(name, rows)
        answer = handler_of(FUNCTIONS[path.parent.name])(event_of(name), Context())
        check(name, answer, rows)


@pytest.mark.parametrize("path", EVENTS, ids=name_of)
def test_an_http_event_names_a_route_of_the_template(path: Path) -> None:
    event = event_of(name_of(path))
    if "routeKey" in event:
        assert event["routeKey"] in {
            route.key
            for route in declared().routes
            if route.function == FUNCTIONS[path.parent.name]
        }
