"""Share links, from event to rows: made, opened, listed, revoked."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from colloquy import wiring
from colloquy.domain.errors import NotFoundError
from colloquy.domain.share import Cut
from tests.support.client import Client, Reply
from tests.support.functions import dispatch
from tests.support.rows import Rows

SignIn = Callable[[str], Client]
SetClock = Callable[[datetime], None]


@pytest.fixture
def anyone(rows: Rows) -> Client:
    """Somebody without a token."""
    assert rows.all() == []
    return Client(dispatch, None)


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[SetClock]:
    """Set the time of every service made from here on."""

    def at(moment: datetime) -> None:
        monkeypatch.setattr(wiring, "_utc_now", lambda: moment)
        for wired in (wiring.shares, wiring.viewing, wiring.guests, wiring.expiry):
            wired.cache_clear()

    yield at
    for wired in (wiring.shares, wiring.viewing, wiring.guests, wiring.expiry):
        wired.cache_clear()


def talk(client: Client, *texts: str, title: str | None = "Planning") -> str:
    """Create a conversation in which user and assistant take turns."""
    roles = ("user", "assistant")
    body: dict[str, Any] = {"title": title} if title else {}
    conversation_id: str = client.post("/v1/conversations", body).body["id"]
    for number, text in enumerate(texts):
        say(client, conversation_id, text, role=roles[number % 2])
    return conversation_id


def say(client: Client, conversation_id: str, text: Any, role: str = "user", **more: Any) -> str:
    reply = client.post(
        f"/v1/conversations/{conversation_id}/items", {"role": role, "content": text, **more}
    )
    assert reply.status == 201, reply.text
    item_id: str = reply.body["id"]
    return item_id


def share(client: Client, conversation_id: str, **body: Any) -> str:
    reply = client.post(f"/v1/conversations/{conversation_id}/share", body)
    assert reply.status == 201, reply.text
    share_id: str = reply.body["share_id"]
    return share_id


def opened(client: Client, share_id: str, **query: Any) -> Reply:
    return client.get(f"/conversations/share/{share_id}", **query)


def texts_in(reply: Reply) -> list[str]:
    return [item["content"] for item in reply.body["items"]]


def test_the_guides_link_comes_back_as_printed_and_opens(alice: Client, anyone: Client) -> None:
    conversation_id = talk(alice, "Let's plan", "Great!")
    reply = alice.post(
        f"/v1/conversations/{conversation_id}/share", {"expires_in": 86400, "read_only": True}
    )

    assert reply.status == 201
    assert list(reply.body) == ["share_id", "url", "expires_at", "read_only"]
    share_id = reply.body["share_id"]
    assert share_id.startswith("share_")
    assert reply.body["url"] == f"https://api.example.com/conversations/share/{share_id}"
    assert reply.headers["location"] == reply.body["url"]
    lives = datetime.fromisoformat(reply.body["expires_at"]) - datetime.now(UTC)
    assert timedelta(seconds=86_390) < lives <= timedelta(seconds=86_400)
    assert texts_in(opened(anyone, share_id)) == ["Let's plan", "Great!"]


def test_the_guides_link_to_a_message_shows_that_message_and_the_question(
    alice: Client, anyone: Client
) -> None:
    conversation_id = talk(alice, "Zero?", "Nought.", "One?")
    say(alice, conversation_id, "Looking it up", role="tool")
    item_id = say(alice, conversation_id, "Two.", role="assistant")
    say(alice, conversation_id, "Later")
    path = f"/v1/conversations/{conversation_id}/items/{item_id}/share"

    with_context = alice.post(path, {"expires_in": 3600, "include_context": True})
    alone = alice.post(path)

    assert list(with_context.body) == ["share_id", "url", "expires_at", "include_context"]
    assert with_context.body["share_id"].startswith("msg_share_")
    assert texts_in(opened(anyone, with_context.body["share_id"])) == ["One?", "Two."]
    assert alone.body["include_context"] is False
    assert texts_in(opened(anyone, alone.body["share_id"])) == ["Two."]


def test_the_public_json_shows_these_fields_and_no_others(alice: Client, anyone: Client) -> None:
    conversation_id = talk(alice)
    say(alice, conversation_id, "secret prompt", role="system")
    say(alice, conversation_id, "secret rules", role="developer")
    say(alice, conversation_id, "secret output", role="tool", call_id="call-1")
    parts = [
        {"type": "input_text", "text": "Look", "note": "secret"},
        {"type": "input_image", "file_id": "file-secret"},
        {"type": "input_image", "image_url": "https://example.com/a.png", "detail": "secret"},
        {"type": "function_call", "name": "secret"},
    ]
    say(alice, conversation_id, parts, call_id="call-2", metadata={"k": "secret"})
    reply = opened(anyone, share(alice, conversation_id))

    assert list(reply.body) == [
        *("object", "share_id", "title", "read_only", "created_at", "expires_at"),
        *("items", "has_more", "next_after"),
    ]
    (item,) = reply.body["items"]
    assert list(item) == ["id", "object", "role", "content", "through_link", "created_at"]
    assert item["content"] == [
        {"type": "input_text", "text": "Look"},
        {"type": "attachment", "text": "Picture"},
        {"type": "input_image", "image_url": "https://example.com/a.png"},
    ]
    for form in ("json", "html", "md"):
        text = opened(anyone, reply.body["share_id"], format=form).text
        for secret in ("secret", "alice", conversation_id, "call-"):
            assert secret not in text, (form, secret)


def test_what_comes_after_the_link_does_not_show(alice: Client, anyone: Client) -> None:
    conversation_id = talk(alice, "First")
    share_id = share(alice, conversation_id)
    say(alice, conversation_id, "Second")
    alice.patch(f"/v1/conversations/{conversation_id}", {"title": "Renamed"})

    view = opened(anyone, share_id)
    assert (view.body["title"], texts_in(view)) == ("Planning", ["First"])


def test_an_edited_message_shows_the_text_of_the_links_time(
    alice: Client, anyone: Client, rows: Rows
) -> None:
    conversation_id = talk(alice, "One", "Two")
    item = alice.get(f"/v1/conversations/{conversation_id}/items", order="asc").body["data"][0]
    edit(rows, item["id"], version=2, text="Two-th", was="One")
    share_id = share(alice, conversation_id)
    edit(rows, item["id"], version=3, text="Leak", was="Two-th")
    edit(rows, item["id"], version=4, text="Leak again", was="Leak")

    assert texts_in(opened(anyone, share_id)) == ["Two-th", "Two"]
    message = alice.post(f"/v1/conversations/{conversation_id}/items/{item['id']}/share").body
    edit(rows, item["id"], version=5, text="Leak at last", was="Leak again")
    assert texts_in(opened(anyone, message["share_id"])) == ["Leak again"]


def edit(rows: Rows, item_id: str, *, version: int, text: str, was: str) -> None:
    """Edit a message as the edit endpoint does: the earlier text becomes a version's row."""
    (row,) = [each for each in rows.of_type("item") if each["id"] == item_id]
    key = {"PK": {"S": row["PK"]}, "SK": {"S": row["SK"]}}
    rows.client.put_item(
        TableName=rows.name,
        Item={
            "PK": {"S": row["PK"]},
            "SK": {"S": f"V#{item_id}#{version - 1:06}"},
            "type": {"S": "version"},
            "item_id": {"S": item_id},
            "version": {"N": str(version - 1)},
            "content": {"S": was},
            "created_at": {"S": row.get("edited_at", row["created_at"])},
        },
    )
    rows.client.update_item(
        TableName=rows.name,
        Key=key,
        UpdateExpression="SET content = :text, version = :version, edited_at = :now",
        ExpressionAttributeValues={
            ":text": {"S": text},
            ":version": {"N": str(version)},
            ":now": {"S": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")},
        },
    )


@pytest.mark.parametrize("behind", [timedelta(0), timedelta(milliseconds=5), timedelta(seconds=2)])
def test_a_link_of_the_edits_moment_or_a_slower_clock_shows_the_edit(
    alice: Client, anyone: Client, set_clock: SetClock, behind: timedelta
) -> None:
    conversation_id = talk(alice, "Before")
    path = f"/v1/conversations/{conversation_id}/items"
    item_id = alice.get(path).body["first_id"]
    edited = alice.put(f"{path}/{item_id}/edit", {"content": "After"}).body
    moment = datetime.fromisoformat(edited["edited_at"])
    set_clock(moment - behind)
    share_id = share(alice, conversation_id)
    single = alice.post(f"{path}/{item_id}/share").body["share_id"]
    alice.put(f"{path}/{item_id}/edit", {"content": "Later"})
    for link in (share_id, single):
        assert texts_in(opened(anyone, link)) == ["After"]


def test_a_text_that_cannot_be_found_any_more_is_not_shown(
    alice: Client, anyone: Client, rows: Rows
) -> None:
    conversation_id = talk(alice, "One", "Two")
    share_id = share(alice, conversation_id)
    item = alice.get(f"/v1/conversations/{conversation_id}/items", order="asc").body["data"][0]
    edit(rows, item["id"], version=2, text="Leak", was="One")
    (version,) = rows.of_type("version")
    rows.client.delete_item(
        TableName=rows.name, Key={"PK": {"S": version["PK"]}, "SK": {"S": version["SK"]}}
    )
    assert texts_in(opened(anyone, share_id)) == ["Two"]


def test_what_is_deleted_is_gone_from_the_link_at_once(
    alice: Client, anyone: Client, rows: Rows
) -> None:
    conversation_id = talk(alice, "One", "Two")
    share_id = share(alice, conversation_id)
    item_id = opened(anyone, share_id).body["items"][0]["id"]
    message_id = alice.post(f"/v1/conversations/{conversation_id}/items/{item_id}/share").body
    (row,) = [each for each in rows.of_type("item") if each["id"] == item_id]
    rows.client.delete_item(
        TableName=rows.name, Key={"PK": {"S": row["PK"]}, "SK": {"S": row["SK"]}}
    )

    assert texts_in(opened(anyone, share_id)) == ["Two"]
    assert opened(anyone, message_id["share_id"]).status == 404
    listed = alice.get("/v1/shares").body["data"]
    assert [each["share_id"] for each in listed] == [share_id]
    alice.delete(f"/v1/conversations/{conversation_id}")
    assert opened(anyone, share_id).status == 404
    assert alice.get("/v1/shares").body["data"] == []
    assert alice.get(f"/v1/conversations/{conversation_id}/shares").status == 404


@pytest.mark.parametrize("form", ["json", "html", "md"])
def test_unknown_malformed_and_revoked_are_told_apart_by_nobody(
    alice: Client, anyone: Client, form: str
) -> None:
    conversation_id = talk(alice, "One")
    revoked = share(alice, conversation_id)
    assert alice.delete(f"/v1/conversations/{conversation_id}/share/{revoked}").status == 204
    of_nothing = share(alice, conversation_id)
    alice.delete(f"/v1/conversations/{conversation_id}")
    names = [
        revoked,
        of_nothing,
        "share_" + "0" * 26,
        "share_abc123",
        "x",
        "%",
        "a b",
        "share_\u202e",
        "é" * 300,
    ]
    replies = [opened(anyone, name, format=form) for name in names]

    assert {reply.status for reply in replies} == {404}
    assert len({reply.text for reply in replies}) == 1
    assert len({tuple(sorted(reply.headers.items())) for reply in replies}) == 1


def test_a_link_ends_to_the_second(
    alice: Client, anyone: Client, rows: Rows, set_clock: SetClock
) -> None:
    start = datetime.now(UTC)
    set_clock(start)
    share_id = share(alice, talk(alice, "One"), expires_in=60)
    ends = datetime.fromisoformat(opened(anyone, share_id).body["expires_at"])

    set_clock(ends - timedelta(milliseconds=1))
    assert opened(anyone, share_id).status == 200
    set_clock(ends)
    reply = opened(anyone, share_id)
    assert (reply.status, reply.error["code"]) == (410, "share_expired")
    assert opened(anyone, share_id, format="html").status == 410
    assert alice.get("/v1/shares").body["data"] == []
    assert alice.post(f"/v1/shares/{share_id}/fork").status == 410
    assert ends - start == timedelta(seconds=60)
    (owned,), (link,) = rows.of_type("share_ref"), rows.of_type("share")
    assert 0 <= float(owned["ttl"]) - ends.timestamp() < 1
    # It says for 30 days that it has expired (docs/adr/0087).
    assert float(link["ttl"]) == float(owned["ttl"]) + timedelta(days=30).total_seconds()


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"expires_in": 59}, "below_min", "expires_in"),
        ({"expires_in": 31_536_001}, "above_max", "expires_in"),
        ({"expires_in": 59.0}, "below_min", "expires_in"),
        ({"expires_in": "60"}, "invalid_value", "expires_in"),
        ({"expires_in": 60.5}, "invalid_value", "expires_in"),
        ({"expires_in": True}, "invalid_value", "expires_in"),
        ({"read_only": "true"}, "invalid_value", "read_only"),
        ({"read_only": 1}, "invalid_value", "read_only"),
        ({"title": " "}, "below_min", "title"),
        ({"public": True}, "unknown_parameter", "public"),
    ],
)
def test_a_link_that_cannot_be_is_refused_by_name(
    alice: Client, rows: Rows, body: dict[str, Any], code: str, param: str
) -> None:
    reply = alice.post(f"/v1/conversations/{talk(alice)}/share", body)
    assert (reply.status, reply.error["code"], reply.error["param"]) == (400, code, param)
    assert rows.of_type("share") == []


def test_the_bounds_themselves_are_allowed(alice: Client) -> None:
    conversation_id = talk(alice)
    for seconds in (60, 31_536_000, 60.0):
        assert share(alice, conversation_id, expires_in=seconds)


def test_instructions_and_tool_traffic_cannot_be_shared_one_by_one(alice: Client) -> None:
    conversation_id = talk(alice)
    for role in ("system", "developer", "tool"):
        item_id = say(alice, conversation_id, "x", role=role)
        reply = alice.post(f"/v1/conversations/{conversation_id}/items/{item_id}/share")
        assert (reply.status, reply.error["param"]) == (400, "item_id")


def test_nobody_shares_lists_or_revokes_what_is_someone_elses(
    alice: Client, bob: Client, anyone: Client
) -> None:
    conversation_id = talk(alice, "One")
    item_id = alice.get(f"/v1/conversations/{conversation_id}/items").body["first_id"]
    share_id = share(alice, conversation_id)
    theirs = f"/v1/conversations/{conversation_id}"

    assert bob.post(f"{theirs}/share").status == 404
    assert bob.post(f"{theirs}/items/{item_id}/share").status == 404
    assert bob.get(f"{theirs}/shares").status == 404
    assert bob.get("/v1/shares").body["data"] == []
    for path in (f"{theirs}/share/{share_id}", f"{theirs}/shares/{share_id}"):
        assert bob.delete(path).status == 404
    assert bob.delete(f"/v1/shares/{share_id}").status == 404
    assert anyone.delete(f"/v1/shares/{share_id}").status == 401
    assert opened(anyone, share_id).status == 200


@pytest.mark.parametrize(
    "path",
    ["/v1/conversations/{c}/share/{s}", "/v1/conversations/{c}/shares/{s}", "/v1/shares/{s}"],
)
def test_a_revoked_link_is_gone_with_all_its_rows(
    alice: Client, anyone: Client, rows: Rows, path: str
) -> None:
    conversation_id = talk(alice, "One")
    share_id = share(alice, conversation_id)
    before = len(rows.all())
    where = path.format(c=conversation_id, s=share_id)

    assert alice.delete(where).status == 204
    assert alice.delete(where).status == 404
    assert opened(anyone, share_id).status == 404
    assert alice.get("/v1/shares").body["data"] == []
    assert len(rows.all()) == before - 2


def test_no_reader_gets_in_after_the_204(alice: Client) -> None:
    share_id = share(alice, talk(alice, "One"))
    revoked = False

    def read() -> list[tuple[bool, int]]:
        seen: list[tuple[bool, int]] = []
        while not seen or seen[-1][1] != 404:
            began_after = revoked
            seen.append((began_after, status()))
        return seen

    def status() -> int:
        # Powertools takes one event at a time, as Lambda gives it: the service is what is raced.
        try:
            wiring.viewing().open(share_id, Cut(limit=20))
        except NotFoundError:
            return 404
        return 200

    with ThreadPoolExecutor(16) as pool:
        readers = [pool.submit(read) for _ in range(16)]
        assert alice.delete(f"/v1/shares/{share_id}").status == 204
        revoked = True
        seen = [each for reader in readers for each in reader.result(timeout=60)]
    assert 200 not in {status for began_after, status in seen if began_after}


def test_lists_are_complete_page_by_page_while_links_go(alice: Client) -> None:
    first, second = talk(alice, "One"), talk(alice, "Two")
    ids = sorted(share(alice, conversation) for conversation in [first, second] * 12)
    seen: list[str] = []
    after = None
    while True:
        page = alice.get("/v1/shares", limit=5, **({"after": after} if after else {})).body
        seen += [each["id"] for each in page["data"]]
        if not page["has_more"]:
            break
        after = page["next_after"]
        alice.delete(f"/v1/shares/{after}")
    assert seen == ids
    listed = alice.get(f"/v1/conversations/{first}/shares", limit=100).body["data"]
    assert {each["conversation_id"] for each in listed} == {first}
    assert list(listed[0]) == [
        *("id", "object", "share_id", "url", "conversation_id", "item_id", "title", "read_only"),
        *("include_context", "view_count", "created_at", "expires_at"),
    ]
    refused = alice.get("/v1/shares", after="share_1")
    assert (refused.status, refused.error["code"]) == (400, "invalid_cursor")


def test_a_repeated_request_makes_one_link_and_keeps_no_content(alice: Client, rows: Rows) -> None:
    conversation_id = talk(alice, "One", title="A private title")
    path = f"/v1/conversations/{conversation_id}/share"
    key = {"idempotency-key": "k1"}
    first = alice.post(path, {"expires_in": 60}, headers=key)
    again = alice.post(path, {"expires_in": 60}, headers=key)
    other = alice.post(path, {"expires_in": 61}, headers=key)

    assert (again.status, again.body) == (201, first.body)
    assert again.headers["idempotent-replayed"] == "true"
    assert other.error["code"] == "idempotency_mismatch"
    assert len(rows.of_type("share")) == 1
    assert "private" not in str(rows.of_type("receipt"))
    alice.delete(f"/v1/conversations/{conversation_id}")
    assert alice.post(path, {"expires_in": 60}, headers=key).body == first.body


def test_long_conversations_are_paged_in_both_directions(alice: Client, anyone: Client) -> None:
    conversation_id = talk(alice, *[str(number) for number in range(45)])
    for _ in range(5):
        say(alice, conversation_id, "noise", role="tool")
    share_id = share(alice, conversation_id)
    pages = [opened(anyone, share_id).body]
    while pages[-1]["next_after"]:
        pages.append(opened(anyone, share_id, after=pages[-1]["next_after"]).body)
    assert [len(page["items"]) for page in pages] == [20, 20, 5]
    read = [item["content"] for page in pages for item in page["items"]]
    assert read == [str(number) for number in range(45)]

    back = opened(anyone, share_id, before=pages[2]["items"][0]["id"])
    assert texts_in(back) == [str(number) for number in range(20, 40)]
    third = opened(anyone, share_id, after=pages[1]["next_after"], format="html").text
    assert f"before={pages[2]['items'][0]['id']}" in third
    assert 'rel="next"' not in third
    assert opened(anyone, share_id, after="item_1").error["code"] == "invalid_cursor"
    assert opened(anyone, share_id, after="item_" + "v" * 26).body["items"] == []
    assert opened(anyone, share_id, limit=101).error["param"] == "limit"


def test_an_empty_conversation_can_be_shared_and_stays_empty(alice: Client, anyone: Client) -> None:
    conversation_id = talk(alice, title=None)
    share_id = share(alice, conversation_id)
    say(alice, conversation_id, "Later")
    assert opened(anyone, share_id).body["items"] == []
    assert opened(anyone, share_id, format="html").status == 200


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("*/*", "application/json"),
        ("", "application/json"),
        ("text/markdown", "text/markdown"),
        ("application/json, text/html;q=0.5", "application/json"),
        ("image/png", "application/json"),
    ],
)
def test_the_form_is_what_the_reader_accepts(
    alice: Client, anyone: Client, accept: str, kind: str
) -> None:
    share_id = share(alice, talk(alice, "One"))
    path = f"/conversations/share/{share_id}"
    reply = anyone.request("GET", path, headers={"accept": accept})
    assert reply.headers["content-type"].startswith(kind)
    assert opened(anyone, share_id, format="pdf").error["param"] == "format"
    preview = anyone.request("GET", path, headers={"accept": "*/*", "user-agent": "Slackbot 1.0"})
    assert 'property="og:title" content="Planning"' in preview.text


@pytest.mark.parametrize(
    ("configured", "headers", "base"),
    [
        ("https://talk.example.com/", {}, "https://talk.example.com"),
        ("https://example.com/talk", {"host": "x.org"}, "https://example.com/talk"),
        ("", {"host": "x.org", "x-forwarded-proto": "http"}, "http://api.example.com"),
        (
            "",
            {"x-forwarded-proto": "http", "x-forwarded-port": "8000"},
            "http://api.example.com:8000",
        ),
        ("", {"host": "evil.org", "x-forwarded-port": "443"}, "https://api.example.com"),
        ("", {"x-forwarded-proto": "gopher", "x-forwarded-port": "x"}, "https://api.example.com"),
    ],
)
def test_the_address_begins_as_configured_or_as_the_request_did(
    alice: Client,
    monkeypatch: pytest.MonkeyPatch,
    configured: str,
    headers: dict[str, str],
    base: str,
) -> None:
    monkeypatch.setenv("PUBLIC_BASE_URL", configured)
    made = alice.post(f"/v1/conversations/{talk(alice)}/share", headers=headers).body
    assert made["url"] == f"{base}/conversations/share/{made['share_id']}"


@pytest.mark.parametrize("form", ["json", "html", "md"])
def test_every_answer_keeps_readers_private(alice: Client, anyone: Client, form: str) -> None:
    share_id = share(alice, talk(alice, "One"))
    for name in (share_id, "share_gone"):
        headers = opened(anyone, name, format=form).headers
        assert headers["cache-control"] == "private, no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-robots-tag"] == "noindex"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha")


@pytest.mark.parametrize("form", ["json", "html", "md"])
def test_a_message_and_its_context_take_two_pages_where_one_is_too_small(
    alice: Client, anyone: Client, form: str
) -> None:
    conversation_id = talk(alice, *["\x7f" * 350_000] * 2)
    listed = alice.get(f"/v1/conversations/{conversation_id}/items", order="asc").body["data"]
    context, message = (item["id"] for item in listed)
    reply = alice.post(
        f"/v1/conversations/{conversation_id}/items/{message}/share", {"include_context": True}
    )
    share_id = reply.body["share_id"]

    first = opened(anyone, share_id, format=form)
    assert first.status == 200
    assert (f"after={context}" in first.text) == (form != "json")
    rest = opened(anyone, share_id, format=form, after=context)
    back = opened(anyone, share_id, format=form, before=message)
    if form == "json":
        assert [item["id"] for item in first.body["items"]] == [context, message]
        assert [item["id"] for item in rest.body["items"]] == [message]
        assert [item["id"] for item in back.body["items"]] == [context]
    for reply, role in ((first, "user"), (rest, "assistant"), (back, "user")):
        assert len(reply.text) < 5_000_000
        if form == "html":
            assert re.findall(r'<article class="(\w+)"', reply.text) == [role]


def test_a_head_of_a_link_is_no_view(
    alice: Client, anyone: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    share_id = share(alice, talk(alice, "One"))
    head = anyone.request("HEAD", f"/conversations/share/{share_id}")
    assert (head.status, head.text) == (200, "")
    assert "SharesViewed" not in capsys.readouterr().out
    assert head.headers == opened(anyone, share_id).headers
    assert "SharesViewed" in capsys.readouterr().out
    assert anyone.request("HEAD", "/conversations/share/share_gone").status == 404


@pytest.mark.parametrize("settings", [{"read_only": True}, {"read_only": False}])
def test_a_page_after_its_own_end_is_empty(
    alice: Client, anyone: Client, settings: dict[str, bool]
) -> None:
    path = f"/v1/conversations/{talk(alice, 'One', 'Two')}"
    share_id = alice.post(f"{path}/share", settings).body["share_id"]
    last, first = (item["id"] for item in alice.get(f"{path}/items", limit=2).body["data"])
    for after, before in ((first, first), (last, first), (last, last)):
        reply = opened(anyone, share_id, after=after, before=before)
        assert (reply.status, reply.body["items"]) == (200, [])
