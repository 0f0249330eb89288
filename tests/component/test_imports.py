"""Exports that come back: whole or in parts, once or again, cut off or not."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from colloquy import wiring
from colloquy.domain.errors import UnavailableError
from colloquy.domain.imports import ImportedText
from colloquy.domain.title import is_visible
from colloquy.services import exports, imports
from colloquy.store.imports import ImportStore
from tests.component.test_shares import say, share, talk
from tests.support.client import Client, Context
from tests.support.exports import Document, exported, imported, said, sent
from tests.support.faults import Faulty, Killed
from tests.support.functions import declared, handler_of
from tests.support.in_process import TABLE, Database
from tests.support.rows import Rows
from tests.support.stream import Stream

Later = Callable[[timedelta], None]

UNFINISHED = 202


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Later:
    """Let time pass for every service made from here on."""

    def pass_by(some: timedelta) -> None:
        monkeypatch.setattr(wiring, "_utc_now", lambda: datetime.now(UTC) + some)
        for wired in (wiring.imports, wiring.expiry):
            wired.cache_clear()

    return pass_by


def edited(client: Client, conversation_id: str, item_id: str, *texts: Any) -> None:
    for text in texts:
        path = f"/v1/conversations/{conversation_id}/items/{item_id}/edit"
        assert client.put(path, {"content": text}).status == 200


def long_talk(client: Client) -> str:
    """Create a conversation of seven messages, of which two have had many texts."""
    conversation_id = talk(client, *"abcdefg")
    found = client.get(f"/v1/conversations/{conversation_id}").body["items"]
    edited(client, conversation_id, found[2]["id"], *"123456")
    edited(client, conversation_id, found[6]["id"], *"123")
    return conversation_id


def in_parts(monkeypatch: pytest.MonkeyPatch, texts: int) -> None:
    """Let so many texts or so, of a few letters each, fill a part."""
    # The header takes a text's room as well.
    monkeypatch.setattr(exports, "PART_BYTES", 460 * (texts + 1))


def rows_of(rows: Rows, owner: str) -> list[Any]:
    return sorted(
        (row["PK"], row["SK"]) for row in rows.all() if row["PK"].startswith(f"U#{owner}")
    )


def test_everything_a_conversation_carries_comes_back(alice: Client, bob: Client) -> None:
    conversation_id = talk(alice, "One", "Two")
    parts = [{"type": "text", "text": "\u0000\U0001f642"}, {"type": "x", "n": [1e22, -0.1, 10**17]}]
    item_id = say(alice, conversation_id, parts, role="tool", call_id="c#1", metadata={"k": ""})
    path = f"/v1/conversations/{conversation_id}"
    edited(alice, conversation_id, item_id, "Second")
    alice.post(f"{path}/items/{item_id}/versions/1/restore")
    share_id = share(alice, conversation_id, read_only=False)
    bob.post(f"/v1/shares/{share_id}/items", {"content": "From Bob"})
    gone = say(alice, conversation_id, "Gone")
    edited(alice, conversation_id, gone, "Gone too")
    alice.delete(f"{path}/items/{gone}")
    alice.patch(path, {"metadata": {"a": "b"}, "archived": True, "title": "  Padded "})
    (document,) = exported(alice, conversation_id)

    new = imported(bob, [document])

    whole = json.loads(document)
    assert whole["object"] == "conversation.export"
    assert whole["items"][2]["content"] == parts
    assert [each["content"] for each in whole["items"][2]["versions"]] == [parts, "Second"]
    assert whole["items"][3]["author"] == "bob"
    assert said(exported(bob, new)) == said([document])
    before, after = (
        client.get(f"/v1/conversations/{each}").body
        for client, each in ((alice, conversation_id), (bob, new))
    )
    assert {**after, "items": None} == {**before, "id": new, "items": None}
    ids = [item["id"] for item in after["items"]]
    assert ids == sorted(ids)
    assert not {item["id"] for item in before["items"]} & set(ids)
    by_call = bob.get(f"/v1/conversations/{new}/items", call_id="c#1").body["data"]
    assert [item["id"] for item in by_call] == [ids[2]]
    assert say(bob, new, "And on") > ids[-1]


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**16), 10**16)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6),
    lambda inside: (
        st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=4), inside, max_size=3)
    ),
    max_leaves=6,
)
letters = st.text(min_size=1, max_size=30)
contents = letters | st.lists(
    st.builds(lambda text: {"type": "input_text", "text": text}, letters)
    | st.builds(lambda more: {"type": "custom", "more": more}, json_values),
    min_size=1,
    max_size=3,
)
notes = st.dictionaries(letters, st.text(max_size=20), max_size=2)
messages = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["user", "assistant", "system", "developer", "tool"]),
        "content": contents,
    },
    optional={"call_id": letters, "metadata": notes},
)
changes = st.lists(
    st.tuples(st.sampled_from(["edit", "restore", "delete"]), st.integers(0, 5), contents),
    max_size=3,
)


@settings(
    max_examples=10,  # each a dozen transactions, for which the fake copies its whole table
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    title=st.none() | letters.filter(is_visible),
    metadata=notes,
    sent_messages=st.lists(messages, min_size=1, max_size=4),
    changed=changes,
    texts=st.integers(1, 12),
)
def test_whatever_the_api_took_comes_back(
    alice: Client,
    bob: Client,
    monkeypatch: pytest.MonkeyPatch,
    title: str | None,
    metadata: dict[str, str],
    sent_messages: list[Document],
    changed: list[tuple[str, int, Any]],
    texts: int,
) -> None:
    body = {"metadata": metadata, "items": sent_messages} | ({"title": title} if title else {})
    created = alice.post("/v1/conversations", body)
    assert created.status == 201, created.text
    path = f"/v1/conversations/{created.body['id']}"
    ids = [item["id"] for item in alice.get(path).body["items"]]
    for verb, place, content in changed:
        item = f"{path}/items/{ids[place % len(ids)]}"
        match verb:
            case "edit":
                alice.put(f"{item}/edit", {"content": content})
            case "restore":
                alice.post(f"{item}/versions/1/restore")
            case "delete":
                alice.delete(item)
    in_parts(monkeypatch, texts)
    parts = exported(alice, created.body["id"])
    assert said(exported(bob, imported(bob, parts))) == said(parts)


@pytest.mark.parametrize("texts", [1, 2, 3, 5, 8, 100])
def test_parts_are_cut_anywhere_and_become_one_conversation(
    alice: Client, bob: Client, rows: Rows, monkeypatch: pytest.MonkeyPatch, texts: int
) -> None:
    conversation_id = long_talk(alice)
    (whole,) = exported(alice, conversation_id)
    in_parts(monkeypatch, texts)
    parts = exported(alice, conversation_id)
    assert (len(parts) == 1) is (texts == 100)
    assert said(parts) == said([whole])
    if texts == 2:
        assert any("." in (json.loads(part)["next_after"] or "") for part in parts)

    new = imported(bob, parts)

    assert said(exported(bob, new)) == said([whole])
    assert bob.get(f"/v1/conversations/{new}").body["item_count"] == 7
    assert len(rows_of(rows, "bob")) == 1 + 7 + 9
    assert rows.of_type("fork") == []


def test_an_import_is_seen_by_nobody_before_its_last_part(
    alice: Client, bob: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_parts(monkeypatch, 5)
    parts = exported(alice, long_talk(alice))
    reply = sent(bob, parts[0])
    assert reply.status == UNFINISHED
    assert set(reply.body) == {"object", "id", "item_count", "next_after", "expires_at"}
    assert reply.body["next_after"] == json.loads(parts[0])["next_after"]
    assert bob.get("/v1/conversations").body["data"] == []
    assert bob.get(f"/v1/conversations/{reply.body['id']}").status == 404
    assert bob.get(f"/v1/conversations/{reply.body['id']}/export").status == 404


def test_parts_that_come_again_write_nothing_twice(
    alice: Client, bob: Client, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_parts(monkeypatch, 4)
    parts = exported(alice, long_talk(alice))
    assert len(parts) > 3
    import_id = sent(bob, parts[0]).body["id"]
    first = sent(bob, parts[1], import_id)
    before = rows_of(rows, "bob")
    for part in (parts[0], parts[1], parts[0]):
        again = sent(bob, part, import_id)
        assert again.status == UNFINISHED
        assert again.body | {"expires_at": ""} == first.body | {"expires_at": ""}
    assert rows_of(rows, "bob") == before
    for part in parts[2:]:
        last = sent(bob, part, import_id)
    assert last.status == 201
    bob.patch(f"/v1/conversations/{import_id}", {"title": "Mine"})
    for part in (parts[-1], parts[0]):  # it is a conversation now, and no import any more
        again = sent(bob, part, import_id)
        assert (again.status, again.error["param"]) == (404, "import_id")
    assert bob.get(f"/v1/conversations/{import_id}").body["item_count"] == 7


@pytest.mark.parametrize("writes", range(4))
def test_a_part_whose_worker_died_is_sent_again(
    alice: Client,
    bob: Client,
    rows: Rows,
    faulty: Faulty,
    wait: Later,
    monkeypatch: pytest.MonkeyPatch,
    writes: int,
) -> None:
    in_parts(monkeypatch, 4)
    monkeypatch.setattr(imports, "_WRITTEN_AT_ONCE", 1)
    conversation_id = long_talk(alice)
    parts = exported(alice, conversation_id)
    import_id = sent(bob, parts[0]).body["id"]
    faulty.kill_after = faulty.calls["batch_write_item"] + writes
    with pytest.raises(Killed):
        sent(bob, parts[1], import_id)
    faulty.kill_after = None

    busy = sent(bob, parts[1], import_id)
    assert (busy.status, busy.error["code"]) == (409, "conflict")
    wait(timedelta(seconds=31))
    for part in parts[1:]:
        last = sent(bob, part, import_id)
    assert last.status == 201
    assert said(exported(bob, import_id)) == said(parts)
    assert len(rows_of(rows, "bob")) == 1 + 7 + 9


def test_a_part_that_takes_too_long_is_taken_bit_by_bit(
    alice: Client, bob: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = exported(alice, long_talk(alice))
    monkeypatch.setattr(imports, "_WRITE_SECONDS", 0)
    monkeypatch.setattr(imports, "_WRITTEN_AT_ONCE", 3)
    reply = sent(bob, parts[0])
    assert reply.status == UNFINISHED
    assert "." in reply.body["next_after"]  # amid the versions of the third message
    statuses = []
    while reply.status == UNFINISHED:
        reply = sent(bob, parts[0], reply.body["id"])
        statuses.append(reply.status)
    assert statuses == [202, 202, 202, 202, 201]
    assert said(exported(bob, reply.body["id"])) == said(parts)


def test_a_busy_table_is_tried_again(
    alice: Client, bob: Client, rows: Rows, faulty: Faulty, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation_id = long_talk(alice)
    in_parts(monkeypatch, 4)
    parts = exported(alice, conversation_id)
    import_id = sent(bob, parts[0]).body["id"]
    monkeypatch.setattr(imports, "_WRITTEN_AT_ONCE", 1)
    faulty.rate = 0.3
    for part in parts[1:]:
        # As a client that sends a part again while it is told to, or not all of it has come.
        while (reply := sent(bob, part, import_id)).status == 503 or (
            reply.status == UNFINISHED
            and reply.body["next_after"] != json.loads(part)["next_after"]
        ):
            pass
    faulty.rate = 0.0
    assert reply.status == 201
    assert faulty.failures["batch_write_item"] > 0
    assert said(exported(bob, import_id)) == said(parts)
    assert len(rows_of(rows, "bob")) == 1 + 7 + 9


def test_what_the_table_refuses_to_the_end_can_be_sent_again_at_once(
    alice: Client, bob: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_parts(monkeypatch, 4)
    parts = exported(alice, long_talk(alice))
    import_id = sent(bob, parts[0]).body["id"]
    write = ImportStore.write

    def busy(*_: Any) -> None:
        raise UnavailableError

    monkeypatch.setattr(ImportStore, "write", busy)
    reply = sent(bob, parts[1], import_id)
    assert (reply.status, reply.error["code"]) == (503, "unavailable")
    monkeypatch.setattr(ImportStore, "write", write)
    assert sent(bob, parts[1], import_id).status == UNFINISHED


def test_an_import_that_is_given_up_is_erased(
    alice: Client, bob: Client, rows: Rows, wait: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_parts(monkeypatch, 4)
    parts = exported(alice, long_talk(alice))
    import_id = sent(bob, parts[0]).body["id"]
    wait(timedelta(minutes=50))
    assert sent(bob, parts[1], import_id).status == UNFINISHED
    wait(timedelta(minutes=100))
    assert wiring.expiry().clean(float("inf")).forks_erased == 0
    wait(timedelta(minutes=106))
    reply = sent(bob, parts[2], import_id)
    assert (reply.status, reply.error["param"]) == (404, "import_id")
    wait(timedelta(minutes=111))
    assert wiring.expiry().clean(float("inf")).forks_erased == 1
    assert rows_of(rows, "bob") == []


def test_a_repeated_key_gives_the_first_answer_again(
    alice: Client, bob: Client, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_parts(monkeypatch, 6)
    parts = exported(alice, long_talk(alice))
    keys = [{"idempotency-key": f"k{number}"} for number in range(len(parts))]
    import_id: str | None = None
    first = []
    for part, key in zip(parts, keys, strict=True):
        first.append((import_id, sent(bob, part, import_id, **key)))
        import_id = first[-1][1].body["id"]
    before = rows_of(rows, "bob")
    for part, key, (named, reply) in zip(parts, keys, first, strict=True):
        again = sent(bob, part, named, **key)
        assert (again.status, again.body) == (reply.status, reply.body)
        assert again.headers["idempotent-replayed"] == "true"
    assert first[-1][1].status == 201
    assert rows_of(rows, "bob") == before
    for part, named in ((parts[1], import_id), (parts[0], import_id)):
        other = sent(bob, part, named, **keys[0])
        assert (other.status, other.error["code"]) == (409, "idempotency_mismatch")


def test_the_same_conversation_may_be_imported_twice(alice: Client) -> None:
    conversation_id = talk(alice, "One")
    parts = exported(alice, conversation_id)
    twice = [imported(alice, parts), imported(alice, parts)]
    listed = [each["id"] for each in alice.get("/v1/conversations").body["data"]]
    assert sorted(listed) == sorted([conversation_id, *twice])
    assert (
        len({alice.get(f"/v1/conversations/{each}/items").body["first_id"] for each in listed}) == 3
    )


def test_an_import_stands_in_the_list_where_the_conversation_stood(
    alice: Client, bob: Client
) -> None:
    old = exported(alice, talk(alice, "Old"))
    newer = talk(bob, "Newer")
    imported_id = imported(bob, old)
    assert [each["id"] for each in bob.get("/v1/conversations").body["data"]] == [
        *(newer, imported_id),
    ]


def test_it_is_filed_again_where_the_project_is_the_callers(alice: Client, bob: Client) -> None:
    project_id = alice.post("/v1/projects", {"title": "P"}).body["id"]
    filed = alice.post("/v1/conversations", {"project_id": project_id}).body["id"]
    parts = exported(alice, filed)

    def project_of(client: Client) -> str | None:
        found = client.get(f"/v1/conversations/{imported(client, parts)}").body
        project: str | None = found["project_id"]
        return project

    assert project_of(alice) == project_id
    assert project_of(bob) is None
    alice.delete(f"/v1/projects/{project_id}")
    assert project_of(alice) is None


def test_imports_and_forks_ask_for_no_title(alice: Client, bob: Client, database: Database) -> None:
    stream = Stream(database, declared(), "TitlesFunction")
    conversation_id = talk(alice, "What is it?", "It is.", title=None)
    assert len(stream.take()) == 1
    parts = exported(alice, conversation_id)
    new = imported(bob, parts)
    bob.post(f"/v1/shares/{share(alice, conversation_id)}/fork")
    assert stream.take() == []
    header = bob.get(f"/v1/conversations/{new}").body
    assert (header["title"], header["title_source"]) == ("What is it?", "auto")
    (row,) = (
        row for row in Rows(database.client, TABLE).of_type("conversation") if row["id"] == new
    )
    say(bob, new, "Again", role="assistant")
    assert handler_of("TitlesFunction")({"Records": stream.take()}, Context()) == {
        "batchItemFailures": []
    }
    assert row["title_tries"] == 3


def test_a_deleted_import_leaves_nothing(
    alice: Client, bob: Client, rows: Rows, stream: Stream
) -> None:
    conversation_id = long_talk(alice)
    say(alice, conversation_id, "x", call_id="c")
    new = imported(bob, exported(alice, conversation_id))
    assert bob.delete(f"/v1/conversations/{new}").status == 204
    stream.feed(handler_of("PurgeFunction"))
    assert rows_of(rows, "bob") == []


def test_a_message_that_went_while_it_was_exported_stops_the_import(
    alice: Client, bob: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation_id = long_talk(alice)
    in_parts(monkeypatch, 4)
    path = f"/v1/conversations/{conversation_id}"
    first = alice.get(f"{path}/export")
    item_id, _, version = first.body["next_after"].partition(".")
    assert version
    alice.delete(f"{path}/items/{item_id}")
    in_parts(monkeypatch, 100)
    second = alice.get(f"{path}/export", after=first.body["next_after"])
    assert item_id not in second.text.replace(first.body["next_after"], "")
    import_id = sent(bob, first.text).body["id"]
    reply = sent(bob, second.text, import_id)
    assert (reply.status, reply.error["param"]) == (400, "items")
    assert "Export the conversation again" in reply.error["message"]


def test_nobody_goes_on_with_anothers_import(
    alice: Client, bob: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_parts(monkeypatch, 4)
    parts = exported(alice, long_talk(alice))
    import_id = sent(bob, parts[0]).body["id"]
    living = talk(alice, "One")
    for named in (import_id, living, "conv_nonsense", "x"):
        reply = sent(alice, parts[1], named)
        assert (reply.status, reply.error["param"]) == (404, "import_id")


def test_two_writers_of_one_import_do_not_meet(
    alice: Client, bob: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_parts(monkeypatch, 4)
    parts = exported(alice, long_talk(alice))
    import_id = sent(bob, parts[0]).body["id"]
    write = ImportStore.write
    meanwhile: list[int] = []

    def beside(self: ImportStore, owner_id: str, texts: Sequence[ImportedText]) -> None:
        if not meanwhile:
            meanwhile.append(0)
            meanwhile.append(sent(bob, parts[1], import_id).status)
        write(self, owner_id, texts)

    monkeypatch.setattr(ImportStore, "write", beside)
    assert sent(bob, parts[1], import_id).status == UNFINISHED
    assert meanwhile == [0, 409]


CHATGPT = {"title": "Trip", "create_time": 1.5, "mapping": {"a": {"id": "a"}}, "current_node": "a"}
CLAUDE = {"uuid": "a", "name": "Trip", "chat_messages": [{"uuid": "b", "text": "Hi"}]}


@pytest.mark.parametrize(("name", "conversation"), [("ChatGPT", CHATGPT), ("Claude", CLAUDE)])
def test_another_applications_export_is_named(
    alice: Client, name: str, conversation: dict[str, Any]
) -> None:
    for body in (conversation, [conversation], [conversation, conversation]):
        reply = alice.post("/v1/conversations/import", body)
        assert (reply.status, reply.error["code"]) == (400, "invalid_value")
        assert reply.error["message"].startswith(f"This is an export of {name}. Only what GET")


def test_an_archive_is_named(alice: Client) -> None:
    reply = alice.post("/v1/conversations/import", raw=b"PK\x03\x04\x14\x00")
    assert (reply.status, reply.error["code"]) == (400, "invalid_json")
    assert "it is a ZIP archive" in reply.error["message"]
