"""Conversations, from event to rows."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.client import Client
from tests.support.rows import Rows

SignIn = Callable[[str], Client]


def test_the_guides_conversation_comes_back_as_printed(alice: Client) -> None:
    reply = alice.post("/v1/conversations", {"title": "Project Planning"})

    assert reply.status == 201
    body = reply.body
    assert body["id"].startswith("conv_")
    assert reply.headers["location"] == f"/v1/conversations/{body['id']}"
    assert reply.headers["etag"]
    assert reply.headers["x-request-id"] == "req-1"
    assert list(body) == [
        "id",
        "object",
        "title",
        "title_source",
        "project_id",
        "metadata",
        "item_count",
        "archived",
        "created_at",
        "updated_at",
    ]
    assert body["title"] == "Project Planning"
    assert body["title_source"] == "user"
    assert body["created_at"] == body["updated_at"]
    assert body["created_at"].endswith("Z")


def test_a_title_is_kept_verbatim(alice: Client) -> None:
    title = "  Ελληνικά \u202e & <b>bold</b>  "
    reply = alice.post("/v1/conversations", {"title": title})
    assert alice.get(f"/v1/conversations/{reply.body['id']}").body["title"] == title


@pytest.mark.parametrize("path", ["/v1/conversations", "/v1/projects"])
def test_the_spaces_around_a_title_have_a_limit_too(alice: Client, path: str) -> None:
    title = "x".center(1_024)
    made = alice.post(path, {"title": title})
    assert (made.status, made.body["title"]) == (201, title)
    here = f"{path}/{made.body['id']}"
    for padded in ("x".center(1_025), "x".center(450_000)):
        for reply in (alice.post(path, {"title": padded}), alice.patch(here, {"title": padded})):
            assert (reply.status, reply.error["code"]) == (400, "above_max")
            assert reply.error["param"] == "title"
            assert "or 1,024 with the spaces around them" in reply.error["message"]


def test_a_post_without_a_body_creates_an_untitled_conversation(alice: Client) -> None:
    reply = alice.post("/v1/conversations")
    assert reply.status == 201
    assert reply.body["title"] is None
    assert reply.body["title_source"] is None


def test_first_messages_are_created_with_it_and_give_it_a_title(alice: Client, rows: Rows) -> None:
    items = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "How do I plan? I have no idea.", "call_id": "call-1"},
    ]
    created = alice.post("/v1/conversations", {"items": items}).body
    opened = alice.get(f"/v1/conversations/{created['id']}").body

    assert created["item_count"] == opened["item_count"] == 2
    assert (opened["title"], opened["title_source"]) == ("How do I plan?", "auto")
    assert [item["content"] for item in opened["items"]] == ["Be kind.", items[1]["content"]]
    assert opened["items_next_after"] is None
    assert len(rows.of_type("reference")) == 1


def test_first_messages_are_all_or_nothing(alice: Client, rows: Rows) -> None:
    good = {"role": "user", "content": "hello"}
    reply = alice.post("/v1/conversations", {"items": [good, {"role": "user"}]})
    assert (reply.status, reply.error["param"]) == (400, "items[1].content")
    assert rows.all() == []


def test_it_can_be_filed_only_in_a_project_of_ones_own(
    alice: Client, bob: Client, rows: Rows
) -> None:
    project = bob.post("/v1/projects", {"title": "Bob's"}).body["id"]
    before = len(rows.all())
    for project_id in (project, "proj_unknown", "nonsense"):
        reply = alice.post("/v1/conversations", {"project_id": project_id})
        assert (reply.status, reply.error["param"]) == (404, "project_id")
    assert len(rows.all()) == before


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"title": ""}, "below_min", "title"),
        ({"title": " \n "}, "below_min", "title"),
        ({"title": "x" * 257}, "above_max", "title"),
        ({"title": 5}, "invalid_value", "title"),
        ({"titel": "x"}, "unknown_parameter", "titel"),
        ({"metadata": {str(n): "" for n in range(17)}}, "above_max", "metadata"),
        ({"metadata": {"k" * 65: ""}}, "above_max", "metadata"),
        ({"metadata": {"": ""}}, "below_min", "metadata"),
        ({"metadata": {"k": "v" * 513}}, "above_max", "metadata.k"),
        ({"metadata": {"k": 5}}, "invalid_value", "metadata.k"),
        ({"items": [{"role": "user", "content": "x"}] * 21}, "above_max", "items"),
        ({"items": [{"role": "bot", "content": "x"}]}, "invalid_value", "items[0].role"),
    ],
)
def test_a_body_that_cannot_succeed_is_refused_by_name(
    alice: Client, rows: Rows, body: dict[str, Any], code: str, param: str
) -> None:
    reply = alice.post("/v1/conversations", body)
    assert (reply.status, reply.error["code"], reply.error["param"]) == (400, code, param)
    assert reply.error["request_id"] == "req-1"
    assert reply.error["message"].endswith(".")
    assert rows.all() == []


def test_the_limits_themselves_are_allowed(alice: Client) -> None:
    body = {
        "title": " " + "x" * 256 + " ",
        "metadata": {f"{n:02}" + "k" * 62: "é" * 512 for n in range(16)},
        "items": [{"role": "user", "content": "x"}] * 20,
    }
    created = alice.post("/v1/conversations", body)
    assert created.status == 201
    assert created.body["metadata"] == body["metadata"]


def test_pages_are_complete_in_both_orders_while_rows_come_and_go(alice: Client) -> None:
    # Sorted, for two may be created within one millisecond.
    ids = sorted(alice.post("/v1/conversations", {"title": str(n)}).body["id"] for n in range(45))
    seen: list[str] = []
    after = None
    while True:
        query = {"limit": 10, "order": "asc"} | ({"after": after} if after else {})
        page = alice.get("/v1/conversations", **query).body
        seen += [entry["id"] for entry in page["data"]]
        assert page["first_id"] == page["data"][0]["id"]
        assert page["last_id"] == page["data"][-1]["id"]
        if not page["has_more"]:
            assert page["next_after"] is None
            break
        assert page["next_after"] == page["last_id"]
        after = page["next_after"]
        # The cursor's own row goes, and one behind it; a new one comes.
        alice.delete(f"/v1/conversations/{after}")
        gone = ids[len(seen)]
        alice.delete(f"/v1/conversations/{gone}")
        ids.remove(gone)
        ids.append(alice.post("/v1/conversations").body["id"])
    assert seen == ids

    newest_first = alice.get("/v1/conversations", limit=100).body["data"]
    left = [entry["id"] for entry in newest_first]
    assert left == sorted(left, reverse=True)


def test_archived_ones_are_listed_when_asked_for(alice: Client) -> None:
    ids = sorted(alice.post("/v1/conversations").body["id"] for _ in range(30))
    for conversation_id in ids[:25]:
        alice.patch(f"/v1/conversations/{conversation_id}", {"archived": True})

    def listed(**query: Any) -> list[str]:
        page = alice.get("/v1/conversations", order="asc", limit=26, **query).body
        return [entry["id"] for entry in page["data"]]

    assert listed() == listed(archived="false") == ids[25:]
    assert listed(archived="true") == ids[:25]
    assert listed(archived="all") == ids[:26]


@pytest.mark.parametrize(
    ("query", "code", "param"),
    [
        ({"limit": 0}, "below_min", "limit"),
        ({"limit": 101}, "above_max", "limit"),
        ({"limit": "ten"}, "invalid_value", "limit"),
        ({"order": "up"}, "invalid_value", "order"),
        ({"archived": "maybe"}, "invalid_value", "archived"),
        ({"after": ""}, "invalid_cursor", "after"),
        ({"after": "conv_1"}, "invalid_cursor", "after"),
        ({"after": "item_" + "0" * 26}, "invalid_cursor", "after"),
    ],
)
def test_a_query_that_cannot_succeed_is_refused_by_name(
    alice: Client, query: dict[str, Any], code: str, param: str
) -> None:
    reply = alice.get("/v1/conversations", **query)
    assert (reply.status, reply.error["code"], reply.error["param"]) == (400, code, param)


def test_an_update_changes_what_was_sent_and_nothing_else(alice: Client) -> None:
    created = alice.post("/v1/conversations", {"title": "Old", "metadata": {"a": "1"}}).body
    path = f"/v1/conversations/{created['id']}"

    changed = alice.patch(path, {"title": "New"}).body
    assert (changed["title"], changed["metadata"]) == ("New", {"a": "1"})
    assert changed["updated_at"] > created["updated_at"]

    assert alice.post(path, {"metadata": {"b": "2"}}).body["metadata"] == {"b": "2"}
    assert alice.patch(path, {"metadata": {}}).body["metadata"] == {}
    assert alice.patch(path, {"archived": True}).body["archived"] is True
    assert alice.get(path).body["title"] == "New"


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({}, "missing_required", None),
        ({"title": None}, "invalid_value", "title"),
        ({"archived": None}, "invalid_value", "archived"),
        ({"archived": "yes"}, "invalid_value", "archived"),
        ({"item_count": 5}, "unknown_parameter", "item_count"),
    ],
)
def test_an_update_that_cannot_succeed_is_refused_by_name(
    alice: Client, body: dict[str, Any], code: str, param: str | None
) -> None:
    path = f"/v1/conversations/{alice.post('/v1/conversations').body['id']}"
    reply = alice.patch(path, body)
    assert (reply.status, reply.error["code"], reply.error["param"]) == (400, code, param)


def test_a_users_title_is_never_replaced_by_an_automatic_one(alice: Client) -> None:
    path = f"/v1/conversations/{alice.post('/v1/conversations').body['id']}"
    alice.patch(path, {"title": "Mine"})
    alice.post(f"{path}/items", {"role": "user", "content": "A first message."})
    opened = alice.get(path).body
    assert (opened["title"], opened["title_source"]) == ("Mine", "user")


def test_if_match_protects_from_overwriting_what_one_has_not_seen(alice: Client) -> None:
    created = alice.post("/v1/conversations", {"title": "One"})
    path = f"/v1/conversations/{created.body['id']}"
    seen = {"If-Match": created.headers["etag"]}

    changed = alice.patch(path, {"title": "Two"}, headers=seen)
    assert changed.status == 200
    assert changed.headers["etag"] != created.headers["etag"]
    for stale in (seen, {"If-Match": 'W/"2"'}, {"If-Match": '"nonsense"'}, {"If-Match": ""}):
        assert alice.patch(path, {"title": "Three"}, headers=stale).status == 412
        assert alice.delete(path, headers=stale).status == 412
    listed = f'"99", {changed.headers["etag"]}'
    assert alice.patch(path, {"title": "Three"}, headers={"If-Match": listed}).status == 200
    assert alice.patch(path, {"title": "Four"}, headers={"If-Match": "*"}).status == 200
    assert alice.get(path).headers["etag"] == '"4"'


def test_every_message_moves_the_etag_and_updated_at(alice: Client) -> None:
    created = alice.post("/v1/conversations")
    path = f"/v1/conversations/{created.body['id']}"
    alice.post(f"{path}/items", {"role": "user", "content": "x"})
    opened = alice.get(path)
    assert opened.headers["etag"] != created.headers["etag"]
    assert opened.body["updated_at"] > created.body["updated_at"]


def test_a_deleted_conversation_is_gone_for_every_reader(alice: Client) -> None:
    path = f"/v1/conversations/{alice.post('/v1/conversations').body['id']}"
    item = alice.post(f"{path}/items", {"role": "user", "content": "x"}).body["id"]

    assert alice.delete(path).status == 204
    assert alice.delete(path).status == 404
    assert alice.get(path).status == 404
    assert alice.patch(path, {"title": "x"}).status == 404
    assert alice.get(f"{path}/items").status == 404
    assert alice.get(f"{path}/items/{item}").status == 404
    assert alice.post(f"{path}/items", {"role": "user", "content": "x"}).status == 404
    assert alice.get("/v1/conversations").body["data"] == []


def test_someone_elses_conversation_looks_absent(alice: Client, bob: Client) -> None:
    hers = f"/v1/conversations/{alice.post('/v1/conversations').body['id']}"
    alice.post(f"{hers}/items", {"role": "user", "content": "secret"})
    item = alice.get(f"{hers}/items").body["data"][0]["id"]
    absent = "/v1/conversations/conv_" + "0" * 26

    def calls(path: str) -> list[Any]:
        return [
            bob.get(path),
            bob.patch(path, {"title": "Mine"}),
            bob.post(path, {"title": "Mine"}),
            bob.delete(path),
            bob.get(f"{path}/items"),
            bob.get(f"{path}/items", call_id="x"),
            bob.post(f"{path}/items", {"role": "user", "content": "x"}),
            bob.get(f"{path}/items/{item}"),
        ]

    for foreign, never_was in zip(calls(hers), calls(absent), strict=True):
        assert foreign.status == never_was.status == 404
        assert foreign.text == never_was.text
    assert bob.get("/v1/conversations").body["data"] == []
    assert alice.get(hers).body["item_count"] == 1


def test_an_owner_whose_name_spells_a_key_meets_nobody_elses_rows(
    alice: Client, sign_in: SignIn
) -> None:
    created = alice.post("/v1/conversations", {"items": [{"role": "user", "content": "secret"}]})
    for name in (f"alice#C#{created.body['id']}", "alice#", "%61lice", "alice%23"):
        intruder = sign_in(name)
        assert intruder.get("/v1/conversations").body["data"] == []
        assert intruder.post("/v1/conversations", {"title": name}).status == 201
    assert len(alice.get("/v1/conversations").body["data"]) == 1


def test_a_malformed_id_is_a_404(alice: Client) -> None:
    for bad in ("conv_123", "nonsense", "conv_" + "z" * 26, "item_" + "0" * 26, "%00", "ü"):
        assert alice.get(f"/v1/conversations/{bad}").status == 404


@pytest.mark.parametrize("title", ["\u200b", "\u3164 \u2800", "\u202e\u2066"])
def test_a_title_of_invisible_characters_is_rejected(alice: Client, title: str) -> None:
    conversation_id = alice.post("/v1/conversations", {}).body["id"]
    for reply in (
        alice.post("/v1/conversations", {"title": title}),
        alice.patch(f"/v1/conversations/{conversation_id}", {"title": title}),
        alice.post(f"/v1/conversations/{conversation_id}/share", {"title": title}),
        alice.post("/v1/projects", {"title": title}),
    ):
        assert reply.status == 400
        assert reply.error["param"] == "title"
