"""One owner who floods the API is held back; another is served by the same environment."""

import json
from collections.abc import Callable
from io import StringIO

import pytest

from colloquy.http.rates import WEIGHTS, OwnerRates
from local.template.intrinsics import read_yaml
from tests.support.client import Client
from tests.support.functions import ROOT, declared, module_of
from tests.support.rows import Rows

Limit = Callable[[str, int], None]


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> Limit:
    """Give a function buckets of so many tokens, which refill too slowly to matter."""

    def set_limit(function: str, burst: int) -> None:
        monkeypatch.setattr(module_of(function).api, "owner_rates", OwnerRates(0.1, burst))

    return set_limit


def test_a_flood_of_one_owner_is_rejected_and_another_owner_is_served(
    alice: Client, bob: Client, rows: Rows, limit: Limit
) -> None:
    limit("ConversationsFunction", 3)
    replies = [alice.post("/v1/conversations", {"title": "Mine"}) for _ in range(6)]
    assert [reply.status for reply in replies] == [201] * 3 + [429] * 3
    assert bob.post("/v1/conversations", {"title": "Mine"}).status == 201
    assert len(rows.all()) == 4


def test_the_error_says_how_long_to_wait(alice: Client, limit: Limit) -> None:
    limit("ConversationsFunction", 1)
    alice.get("/v1/conversations")
    reply = alice.get("/v1/conversations")
    assert reply.status == 429
    assert reply.error["code"] == "rate_limited"
    assert reply.error["type"] == "rate_limit_error"
    assert reply.headers["retry-after"] == "10"
    assert reply.headers["x-request-id"] == reply.error["request_id"]


def test_a_rejected_request_reaches_no_handler(
    alice: Client, rows: Rows, limit: Limit, log: StringIO
) -> None:
    limit("ConversationsFunction", 1)
    conversation = alice.post("/v1/conversations").body
    before = rows.all()
    # Not even the body is parsed: it would be a 400.
    assert alice.post("/v1/conversations", raw="{").status == 429
    assert alice.delete(f"/v1/conversations/{conversation['id']}").status == 429
    assert rows.all() == before
    messages = [json.loads(line).get("message") for line in log.getvalue().splitlines()]
    assert "conversation deleted" not in messages


def test_a_heavy_request_takes_more_of_the_limit(alice: Client, limit: Limit) -> None:
    weight = WEIGHTS["POST /v1/conversations/bulk-delete"]
    limit("ConversationsFunction", weight + 1)
    body = {"conversation_ids": ["conv_1"]}
    assert alice.post("/v1/conversations/bulk-delete", body).status == 200
    assert alice.get("/v1/conversations").status == 200
    assert alice.get("/v1/conversations").status == 429


def test_links_and_the_document_have_no_owner_and_no_limit_per_owner(
    sign_in: Callable[[str | None], Client], limit: Limit
) -> None:
    limit("MetaFunction", 1)
    limit("PublicFunction", 1)
    nobody = sign_in(None)
    assert {nobody.get("/healthz").status for _ in range(4)} == {200}
    assert {nobody.get("/conversations/share/share_1").status for _ in range(4)} == {404}


def test_a_route_is_weighted_exactly_if_it_is_throttled_below_the_others() -> None:
    document = read_yaml((ROOT / "template.yaml").read_text("utf-8"))
    throttled = set(document["Resources"]["HttpApi"]["Properties"]["RouteSettings"])
    public = {route.key for route in declared().routes if route.authorizer is None}
    assert set(WEIGHTS) == throttled - public


def test_the_template_limits_every_function_and_a_parameter_switches_it_off() -> None:
    for function in declared().functions.values():
        assert float(function.environment["OWNER_REQUESTS_PER_SECOND"]) > 0
        assert int(function.environment["OWNER_BURST"]) >= max(WEIGHTS.values())
