"""Exports: what they are called, how they go on, and what can be read in them."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote

import pytest

from colloquy.http import download
from colloquy.render.style import POLICY
from colloquy.store.table import Table
from tests.component.test_shares import say, talk
from tests.support.client import Client
from tests.support.exports import Document, exported, sent
from tests.support.sample import HOSTILE


class _Found(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src"}]


FORMATS = [("json", "json"), ("markdown", "md"), ("html", "html")]


@pytest.mark.parametrize(("form", "ending"), FORMATS)
def test_an_export_is_a_file_that_nothing_keeps_or_runs(
    alice: Client, form: str, ending: str
) -> None:
    reply = alice.get(f"/v1/conversations/{talk(alice, 'One')}/export", format=form)
    assert reply.status == 200
    name = f"Planning.{ending}"
    assert reply.headers["content-disposition"] == (
        f"attachment; filename=\"{name}\"; filename*=UTF-8''{name}"
    )
    assert reply.headers["cache-control"] == "private, no-store"
    assert reply.headers["content-security-policy"] == POLICY
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "link" not in reply.headers


@pytest.mark.parametrize(
    ("title", "plain", "full"),
    [
        ('Rom "2026"; x=y', "Rom 2026 x_y", "Rom 2026 x=y"),
        ("Größe 漢字 🙂", "Gr_e _ _", "Größe 漢字 🙂"),
        ("../../etc/passwd\r\nx: y", "etc passwd x y", "etc passwd x y"),
        ("a\u202egnp.exe", "a gnp.exe", "a gnp.exe"),
        ("...", "conversation", "conversation"),
        ("x" * 256, "x" * 80, "x" * 80),
    ],
)
def test_a_title_becomes_a_name_that_is_safe_everywhere(
    alice: Client, title: str, plain: str, full: str
) -> None:
    conversation_id = talk(alice, title=title)
    header = alice.get(f"/v1/conversations/{conversation_id}/export").headers["content-disposition"]
    assert header.isascii()
    found = re.fullmatch(r"attachment; filename=\"([^\"]*)\"; filename\*=UTF-8''(\S*)", header)
    assert found is not None
    assert (found[1], unquote(found[2])) == (f"{plain}.json", f"{full}.json")


@pytest.mark.parametrize(("form", "ending"), FORMATS)
def test_what_does_not_fit_is_in_the_parts_behind(
    alice: Client, monkeypatch: pytest.MonkeyPatch, form: str, ending: str
) -> None:
    texts = [f"Message {number}." for number in range(30)]
    conversation_id = talk(alice, *texts)
    for module in ("colloquy.services.exports", "colloquy.http.download"):
        monkeypatch.setattr(f"{module}.PART_BYTES", 4_000)
    path: str | None = f"/v1/conversations/{conversation_id}/export"
    query: dict[str, str] = {"format": form}
    said: list[str] = []
    parts = 0
    while path:
        reply = alice.get(path, **query)
        assert reply.status == 200
        said += re.findall(r"Message \d+\.", reply.text)
        parts += 1
        link = reply.headers.get("link")
        if link is None:
            break
        found = re.fullmatch(
            rf"<https://api\.example\.com{path}\?format={form}&after=(item_\w+)>; rel=\"next\"",
            link,
        )
        assert found is not None
        if form != "json":
            address = link[1:].partition(">")[0].replace("&", "&amp;" if form == "html" else "&")
            assert address in reply.text
            assert "goes on" in reply.text
        query = {"format": form, "after": found[1]}
    assert parts > 2
    assert said == texts
    assert f"from {query['after']}.{ending}" in unquote(reply.headers["content-disposition"])


def test_a_part_ends_when_its_time_does(alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"/v1/conversations/{talk(alice, *'abc')}/export"
    monkeypatch.setattr("colloquy.services.exports._READ_SECONDS", 0)
    monkeypatch.setattr(download, "_RENDER_SECONDS", 0)
    assert len(exported(alice, path.split("/")[3])) == 3
    for form in ("html", "markdown"):
        assert "after=item_" in alice.get(path, format=form).headers["link"]


def test_the_owner_reads_all_roles_and_parts(alice: Client) -> None:
    conversation_id = talk(alice, "Hi", title=None)
    say(alice, conversation_id, "Be brief.", role="system")
    say(alice, conversation_id, "Be kind.", role="developer")
    call = {"type": "function_call", "name": "look", "arguments": '{"q": "x"}'}
    pictures = [
        {"type": "input_image", "image_url": "https://e.com/a.png"},
        {"type": "input_image", "file_id": "file-1"},
    ]
    say(alice, conversation_id, [call, *pictures], role="assistant")
    found = say(alice, conversation_id, "**Found**", role="tool", call_id="c1")
    alice.put(f"/v1/conversations/{conversation_id}/items/{found}/edit", {"content": "*Again*"})
    path = f"/v1/conversations/{conversation_id}/export"

    page = alice.get(path, format="html").text
    for who in ("User", "System", "Developer", "Assistant", "Tool"):
        assert f"<span>{who}</span>" in page
    assert "function_call" in page
    assert 'href="https://e.com/a.png"' in page
    assert "file-1" in page
    assert "<em>Again</em>" in page
    assert "<small>· call c1</small> <small>· edited 20" in page
    assert "Found" not in page

    text = alice.get(path, format="markdown").text
    assert text.startswith("# Hi\n\nBegun on ")
    for said in (
        "**System** · ",
        "Be brief.",
        "> ```json\n> {",
        "[Picture (e.com)](<https://e.com/a.png>)",
    ):
        assert said in text
    assert "*Again*" in text


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_was_typed_runs_in_the_page(alice: Client, text: str) -> None:
    part = {"type": "custom", "text": text, text: text}
    conversation_id = talk(alice, text, title=f"<script>{text[:40]}")
    say(alice, conversation_id, [part], role="tool", call_id=f"<script>{text[:40]}")
    page = alice.get(f"/v1/conversations/{conversation_id}/export", format="html").text
    # The file has no server to send a policy with it.
    policy = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', page)
    assert policy is not None
    assert policy[1].replace("&#39;", "'") == POLICY.partition("; frame-ancestors")[0]
    assert page.index("http-equiv") < page.index("<style>")
    found = _Found()
    found.feed(page.partition("<body>")[2])
    assert not {"script", "iframe", "svg", "math", "style", "link", "base", "form"} & found.tags
    assert not {name for name in found.attributes if name.startswith("on") or name == "style"}
    assert all(re.match(r"https?://|mailto:|#", each) for each in found.addresses)


def test_an_empty_conversation_is_exported(alice: Client) -> None:
    path = f"/v1/conversations/{talk(alice, title=None)}/export"
    document = alice.get(path).body
    assert (document["items"], document["after"], document["next_after"]) == ([], None, None)
    assert "There are no messages in it." in alice.get(path, format="html").text
    assert alice.get(path, format="markdown").text.startswith("# A conversation\n")


def test_an_export_asks_for_what_there_is(alice: Client, bob: Client) -> None:
    conversation_id = talk(alice, "One")
    path = f"/v1/conversations/{conversation_id}/export"
    absent = bob.get("/v1/conversations/conv_" + "0" * 26 + "/export")
    for form, _ in FORMATS:
        foreign = bob.get(path, format=form)
        assert (foreign.status, foreign.error) == (404, absent.error)
        for after in ("x", conversation_id, "item_x.1", "item_" + "0" * 26 + ".0"):
            reply = alice.get(path, format=form, after=after)
            assert (reply.status, reply.error["code"]) == (400, "invalid_cursor")
    reply = alice.get(path, format="pdf")
    assert (reply.status, reply.error["param"]) == (400, "format")
    assert "'json', 'markdown' or 'html'" in reply.error["message"]
    message = alice.get(path).body["items"][0]["id"].replace("item_", "msg_")
    assert alice.get(path, after=message).body["items"] == []


def test_an_edit_between_two_reads_tears_no_message(
    alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation_id = talk(alice, *"abc")
    path = f"/v1/conversations/{conversation_id}"
    ids = [item["id"] for item in alice.get(path).body["items"]]

    def edit(item_id: str) -> None:
        assert alice.put(f"{path}/items/{item_id}/edit", {"content": "x"}).status == 200

    edit(ids[0])
    read = Table.query_page
    reads: list[str] = []

    def one_row_at_a_time(self: Table, **query: Any) -> Any:
        values = query["ExpressionAttributeValues"]
        kind = values.get(":kind", values.get(":first"))["S"]
        # The versions have been read to their end, the second and third message have not.
        if reads and kind == "I#0#" and "edited" not in reads:
            reads.append("edited")
            edit(ids[0])
            edit(ids[1])
            edit(ids[1])
        reads.append(kind)
        return read(self, **{**query, "Limit": 1})

    monkeypatch.setattr(Table, "query_page", one_row_at_a_time)
    items = alice.get(f"{path}/export").body["items"]
    monkeypatch.undo()
    # Which state of the first message is read is left to the store; its versions lead up to it.
    assert "edited" in reads
    assert items[0]["version"] in {2, 3}
    assert [item["version"] for item in items[1:]] == [3, 1]
    for item in items:
        assert [each["version"] for each in item["versions"]] == [*range(1, item["version"])]


@pytest.fixture
def document(alice: Client) -> Document:
    """An export of two messages, of which the second has had three texts."""
    conversation_id = talk(alice, "One", "Two")
    path = f"/v1/conversations/{conversation_id}"
    item_id = alice.get(path).body["items"][1]["id"]
    for text in ("2", "3"):
        alice.put(f"{path}/items/{item_id}/edit", {"content": text})
    (part,) = exported(alice, conversation_id)
    whole: Document = json.loads(part)
    return whole


FUTURE = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
Change = Callable[[Document], object]

WRONG: dict[str, tuple[Change, str | None, str]] = {
    "nothing of an export": (lambda d: d.clear(), "object", "missing_required"),
    "another object": (lambda d: d.update(object="list"), "object", "invalid_value"),
    "a later format": (lambda d: d.update(format_version=2), "format_version", "invalid_value"),
    "an unknown field": (lambda d: d.update(x=1), "x", "unknown_parameter"),
    "an unknown field of a message": (
        lambda d: d["items"][1].update(x=1),
        "items[1].x",
        "unknown_parameter",
    ),
    "an unknown field of a version": (
        lambda d: d["items"][1]["versions"][0].update(x=1),
        "items[1].versions[0].x",
        "unknown_parameter",
    ),
    "no title's source": (
        lambda d: d["conversation"].update(title_source=None),
        "conversation.title_source",
        "invalid_value",
    ),
    "a long title": (
        lambda d: d["conversation"].update(title="x" * 257),
        "conversation.title",
        "above_max",
    ),
    "metadata that is none": (
        lambda d: d["conversation"].update(metadata={"a": 1}),
        "conversation.metadata.a",
        "invalid_value",
    ),
    "no role there is": (
        lambda d: d["items"][0].update(role="x"),
        "items[0].role",
        "invalid_value",
    ),
    "an empty text": (lambda d: d["items"][0].update(content=""), "items[0].content", "below_min"),
    "a part without a type": (
        lambda d: d["items"][1]["versions"][1].update(content=[{}]),
        "items[1].versions[1].content[0].type",
        "missing_required",
    ),
    "an id of something else": (
        lambda d: d["items"][0].update(id=d["conversation"]["id"]),
        "items[0].id",
        "invalid_value",
    ),
    "an id nobody minted": (
        lambda d: d["items"][0].update(id=d["items"][0]["id"][:-1] + "2"),
        "items[0].id",
        "invalid_value",
    ),
    "an id of times to come": (
        lambda d: d["items"][1].update(id="item_" + "v" * 25 + "s"),
        "items[1].id",
        "invalid_value",
    ),
    "a message twice": (
        lambda d: d["items"].insert(0, d["items"][0]),
        "items[1].id",
        "invalid_value",
    ),
    "messages out of order": (lambda d: d["items"].reverse(), "items[1].id", "invalid_value"),
    "a time to come": (
        lambda d: d["conversation"].update(updated_at=FUTURE),
        "conversation.updated_at",
        "invalid_value",
    ),
    "a time before there were ids": (
        lambda d: d["conversation"].update(created_at="1969-12-31T23:59:59Z"),
        "conversation.created_at",
        "invalid_value",
    ),
    "a message of times to come": (
        lambda d: d["items"][0].update(created_at=FUTURE),
        "items[0].created_at",
        "invalid_value",
    ),
    "a version of times to come": (
        lambda d: d["items"][1]["versions"][1].update(created_at=FUTURE),
        "items[1].versions[1].created_at",
        "invalid_value",
    ),
    "an edit of times to come": (
        lambda d: d["items"][1].update(edited_at=FUTURE),
        "items[1].edited_at",
        "invalid_value",
    ),
    "an edit of a first version": (
        lambda d: d["items"][0].update(edited_at="2026-01-01T00:00:00Z"),
        "items[0].edited_at",
        "invalid_value",
    ),
    "no time": (
        lambda d: d["items"][0].update(created_at=0),
        "items[0].created_at",
        "invalid_value",
    ),
    "a time without a zone": (
        lambda d: d["items"][0].update(created_at="2026-01-01T00:00:00"),
        "items[0].created_at",
        "invalid_value",
    ),
    "a 13th month": (
        lambda d: d["items"][0].update(created_at="2026-13-01T00:00:00Z"),
        "items[0].created_at",
        "invalid_value",
    ),
    "a version too few": (
        lambda d: d["items"][1]["versions"].pop(),
        "items[1].versions",
        "invalid_value",
    ),
    "a version left out": (
        lambda d: d["items"][1]["versions"].pop(0),
        "items[1].versions",
        "invalid_value",
    ),
    "a version too many": (
        lambda d: d["items"][1].update(version=2),
        "items[1].versions",
        "invalid_value",
    ),
    "a time before all others": (
        lambda d: d["conversation"].update(created_at="0001-01-01T00:00:00+14:00"),
        "conversation.created_at",
        "invalid_value",
    ),
    "a cursor of nothing": (lambda d: d.update(next_after="x"), "next_after", "invalid_value"),
    "a cursor to something else": (
        lambda d: d.update(next_after=d["items"][0]["id"]),
        "next_after",
        "invalid_value",
    ),
    "a later part": (
        lambda d: d.update(after=d["items"].pop(0)["id"]),
        "import_id",
        "missing_required",
    ),
    "a large message": (
        lambda d: d["items"][0].update(content="x" * 358_400),
        "items[0]",
        "too_large",
    ),
    "a large version": (
        lambda d: d["items"][1]["versions"][1].update(content="x" * 358_400),
        "items[1].versions[1]",
        "too_large",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_an_import_says_what_is_wrong(document: Document, bob: Client, wrong: str) -> None:
    change, param, code = WRONG[wrong]
    change(document)
    reply = sent(bob, json.dumps(document))
    assert (reply.error["param"], reply.error["code"]) == (param, code)
    assert reply.status == (413 if code == "too_large" else 400)
    assert reply.error["message"].endswith(".")
    assert bob.get("/v1/conversations").body["data"] == []


@pytest.mark.parametrize(
    ("time", "in_utc"),
    [
        ("2026-01-02T03:04:05.123456789+14:00", "2026-01-01T13:04:05.123456Z"),
        ("1970-01-01t00:00:00z", "1970-01-01T00:00:00Z"),
    ],
)
def test_any_time_of_rfc_3339_is_taken_and_is_in_utc_from_then_on(
    document: Document, bob: Client, time: str, in_utc: str
) -> None:
    document["conversation"]["created_at"] = time
    reply = sent(bob, json.dumps(document))
    assert (reply.status, reply.body["created_at"]) == (201, in_utc)


def test_an_import_goes_on_with_its_own_parts(
    alice: Client, bob: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("colloquy.services.exports.PART_BYTES", 1_200)
    parts, others = (exported(alice, talk(alice, *"abcdef")) for _ in range(2))
    assert len(parts) > 2
    import_id = sent(bob, parts[0]).body["id"]
    reply = sent(bob, others[1], import_id)
    assert (reply.status, reply.error["param"]) == (400, "conversation.id")
    reply = sent(bob, parts[2], import_id)
    assert (reply.status, reply.error["param"]) == (400, "after")
    assert json.loads(parts[0])["next_after"] in reply.error["message"]
    assert sent(bob, parts[1], import_id).status in {201, 202}


def test_a_conversation_holds_no_more_messages_than_any_other(
    alice: Client, bob: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("colloquy.services.exports.PART_BYTES", 1_200)
    parts = exported(alice, talk(alice, *"abcdef"))
    import_id = sent(bob, parts[0]).body["id"]
    monkeypatch.setattr("colloquy.services.import_rules.MAX_MESSAGES", 3)
    reply = sent(bob, parts[1], import_id)
    assert (reply.status, reply.error["param"], reply.error["code"]) == (400, "items", "above_max")
