"""What the functions log: lines of JSON that say which invocation wrote them, and no content."""

import json
from collections.abc import Iterator
from io import StringIO
from itertools import count
from typing import Any

import pytest
from aws_lambda_powertools.logging import logger as powertools
from botocore.exceptions import ClientError

from colloquy import wiring
from colloquy.observability import InvocationError, logger
from functions.meta import app as meta
from local.triggers.log_subscription import payload_of
from tests.support.client import Client, Context
from tests.support.functions import ROOT, declared, dispatch, handler_of
from tests.support.model import ModelServer, completion, refuses, says, serving
from tests.support.rows import Rows
from tests.support.stream import Stream
from tests.support.streams import deliver

FUNCTIONS = sorted(declared().functions)
HTTP = {route.function for route in declared().routes}
SECRET = "c4n4ry"
# On every request, as a careless client sends it.
HEADERS = {"Authorization": f"Bearer {SECRET}", "X-Request-Id": SECRET, "User-Agent": SECRET}


@pytest.fixture(autouse=True)
def _everything_is_logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("POWERTOOLS_LOGGER_LOG_EVENT", "true")
    before = logger.log_level
    logger.setLevel("DEBUG")
    yield
    logger.setLevel(before)


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    with serving(says(SECRET)) as server:
        monkeypatch.setenv("MODEL_PROVIDER", "openai")
        monkeypatch.setenv("MODEL_TABLE", json.dumps({"m": {"id": "m", "context": 1000}}))
        monkeypatch.setenv("MODEL_BASE_URL", f"{server.url}/v1")
        monkeypatch.setenv("MODEL_API_KEY", SECRET)
        yield server


class Broken:
    """A client of DynamoDB whose every call fails with words that quote a row."""

    def __getattr__(self, _: str) -> Any:
        def call(**_: Any) -> None:
            raise ClientError(
                {"Error": {"Code": "ValidationException", "Message": SECRET}}, "Query"
            )

        return call


def lines_of(log: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def events_of(function: str) -> list[dict[str, Any]]:
    folder = ROOT / "events" / declared().functions[function].code.name
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_whatever_breaks_a_function_says_which_invocation_and_quotes_nothing(
    function: str, rows: Rows, log: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise ValueError(SECRET)

    assert rows.all() == []
    monkeypatch.setattr(wiring.table(), "_client", Broken())
    monkeypatch.setattr(meta, "refusal", breaks)  # it reads no table
    for event in events_of(function):
        answer, raised = None, ""
        try:
            answer = handler_of(function)(event, Context())
        except InvocationError as error:
            raised = str(error)
        assert SECRET not in f"{answer}{raised}"

    said = lines_of(log)
    assert said
    assert SECRET not in log.getvalue()
    for line in said:
        assert line["service"] == "colloquy"
        assert line["function_request_id"] == Context.aws_request_id
        assert line["cold_start"] in {True, False}
        if function not in HTTP:
            assert line["correlation_id"] == Context.aws_request_id
    if function in HTTP:
        asked = {event["requestContext"]["requestId"] for event in events_of(function)}
        assert {line["correlation_id"] for line in said} <= asked
    assert {line["level"] for line in said} >= {"ERROR"} or function == "TitlesFunction"


def test_only_the_first_invocation_is_cold(
    alice: Client, log: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(powertools, "is_cold_start", True)
    for _ in range(3):
        alice.post("/v1/conversations")

    assert [line["cold_start"] for line in lines_of(log)] == [True, False, False]


def test_no_line_of_any_function_holds_content_titles_or_tokens(
    rows: Rows,
    stream: Stream,
    model: ModelServer,
    log: StringIO,
    capsys: pytest.CaptureFixture[str],
) -> None:
    talk_of_everything(Client(dispatch, SECRET), rows, model)
    printed = capsys.readouterr().out
    (subscription,) = declared().subscriptions
    viewed = [line for line in printed.splitlines() if subscription.field in line]
    handler_of("ViewsFunction")(json.loads(payload_of(subscription, viewed)), Context())
    handler_of("PurgeFunction")({"Records": stream.take()}, Context())
    handler_of("CleanupFunction")({}, Context())
    printed += capsys.readouterr().out

    said = {line["message"] for line in lines_of(log)}
    assert said >= {
        *("conversation created", "conversation changed", "conversation erased"),
        *("items appended", "item rewritten", "item regenerated", "item deleted"),
        *("project created", "project deleted", "conversation shared", "item shared"),
        *("share link forked", "item appended through a share link", "share link revoked"),
        *("title improved", "title not improved", "model refused", "views counted"),
        *("conversation exported", "conversation imported"),
        *("share links cleaned up", "erasure begun", "conversations deleted"),
    }
    assert SECRET not in log.getvalue()
    assert SECRET not in printed
    for line in printed.splitlines():
        assert json.loads(line)["service"] == "colloquy"


def talk_of_everything(user: Client, rows: Rows, model: ModelServer) -> None:
    """Use every endpoint group, with the secret wherever a client may write something."""

    numbers = count()

    def call(method: str, path: str, body: Any = None, **query: Any) -> Any:
        headers = {**HEADERS, "Idempotency-Key": f"{SECRET}-{next(numbers)}"}
        reply = user.request(method, path, body, headers=headers, **query)
        return reply.body if reply.text.startswith("{") else None

    message = {"role": "user", "content": SECRET, "call_id": SECRET}
    answered = {**message, "role": "assistant"}
    project = call("POST", "/v1/projects", {"name": SECRET})["id"]
    title = {"title": SECRET, "project_id": project}
    created = call("POST", "/v1/conversations", {**title, "items": [message]})
    path = f"/v1/conversations/{created['id']}"
    call("PATCH", path, {"title": f"{SECRET} 2", "metadata": {SECRET: SECRET}})
    call("POST", "/v1/conversations", {"title": 5, SECRET: SECRET})
    call("POST", "/v1/conversations", SECRET)
    item = call("POST", f"{path}/items", answered)["id"]
    call("GET", f"{path}/items", call_id=SECRET)
    call("PUT", f"{path}/items/{item}/edit", {"content": f"{SECRET} 2"})
    call("POST", f"{path}/items/{item}/versions/1/restore")
    call("POST", f"{path}/items/{item}/regenerate")
    model.behave = refuses(500, X_Said=SECRET)
    call("POST", f"{path}/items/{item}/regenerate", {"temperature": 0.5})
    call("POST", f"{path}/items/{item}/regenerate", {"model": SECRET})
    untitled = call("POST", "/v1/conversations", {"items": [message, answered]})
    (answer,) = (
        row
        for row in rows.of_type("item")
        if row["conversation_id"] == untitled["id"] and row["role"] == "assistant"
    )
    deliver(handler_of("TitlesFunction"), answer)
    model.behave = lambda exchange: exchange.send(200, completion(f"{SECRET} again"))
    deliver(handler_of("TitlesFunction"), answer)
    share = call("POST", f"{path}/share", {"read_only": False})["share_id"]
    call("POST", f"{path}/items/{item}/share")
    exported = call("GET", f"{path}/export")
    call("GET", f"{path}/export", format="html", after=SECRET)
    call("POST", "/v1/conversations/import", exported)
    call("POST", "/v1/conversations/import", {**exported, SECRET: SECRET})
    call("POST", f"/v1/shares/{share}/fork")
    call("POST", f"/v1/shares/{share}/items", {"content": SECRET})
    for form in ("json", "html", "md"):
        call("GET", f"/conversations/share/{share}", format=form, after=SECRET)
        call("GET", f"/conversations/share/{share}", format=form)
    call("DELETE", f"/v1/shares/{share}")
    call("GET", f"/{SECRET}")
    call("DELETE", f"{path}/items/{item}")
    call("POST", "/v1/conversations/bulk-delete", {"conversation_ids": [untitled["id"], SECRET]})
    call("DELETE", path)
    call("DELETE", f"/v1/projects/{project}")
