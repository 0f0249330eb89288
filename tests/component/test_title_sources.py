"""An automatic title never outlives the message it was taken from, wherever it is shown."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from colloquy import wiring
from colloquy.domain.errors import ChangedMeanwhileError
from colloquy.domain.title import MAX_TRIES
from colloquy.domain.version import Text, with_text
from colloquy.store.edits import EditStore
from colloquy.store.titles import TitleStore
from tests.support.client import Client
from tests.support.functions import dispatch, handler_of
from tests.support.model import Exchange, ModelServer, completion, says, serving
from tests.support.rows import Rows
from tests.support.streams import deliver

SECRET = "My door code is 4711. Can you remember it?"
TITLE = "My door code is 4711"
improve = handler_of("TitlesFunction")


@pytest.fixture
def anyone(rows: Rows) -> Client:
    """Somebody without a token."""
    assert rows.all() == []
    return Client(dispatch, None)


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    """A model that answers with a title."""
    with serving(says("Door code 4711")) as server:
        monkeypatch.setenv("MODEL_PROVIDER", "openai")
        monkeypatch.setenv("MODEL_TABLE", json.dumps({"m": {"id": "m", "context": 1000}}))
        monkeypatch.setenv("MODEL_BASE_URL", f"{server.url}/v1")
        yield server


def begun(alice: Client, *messages: dict[str, Any], **more: Any) -> str:
    """Create a conversation with the secret and the messages after it; return its path."""
    items = [{"role": "user", "content": SECRET}, *messages]
    created = alice.post("/v1/conversations", {"items": items, **more}).body
    return f"/v1/conversations/{created['id']}"


def title_of(alice: Client, path: str) -> tuple[str | None, str | None]:
    opened = alice.get(path).body
    return opened["title"], opened["title_source"]


def item_of(alice: Client, path: str, number: int = 0) -> str:
    return f"{path}/items/{alice.get(path).body['items'][number]['id']}"


def header_of(rows: Rows) -> dict[str, Any]:
    (header,) = rows.of_type("conversation")
    return header


def link(alice: Client, at: str, **body: Any) -> str:
    return f"/conversations/share/{alice.post(f'{at}/share', body).body['share_id']}"


def user(text: Any) -> dict[str, Any]:
    return {"role": "user", "content": text}


def assistant(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def test_a_deleted_source_takes_the_title_with_it(alice: Client, rows: Rows) -> None:
    path = begun(alice)
    assert title_of(alice, path) == (TITLE, "auto")
    before = alice.get(path).headers["etag"]

    assert alice.delete(item_of(alice, path)).status == 204

    assert title_of(alice, path) == (None, None)
    assert alice.get(path).headers["etag"] != before
    assert "4711" not in json.dumps(rows.all(), default=str)


def test_the_title_is_taken_from_the_first_user_message_that_remains(alice: Client) -> None:
    path = begun(alice, assistant("Of course. 4711."), user("!!"), user("Then tell me a joke."))

    alice.delete(item_of(alice, path))

    assert title_of(alice, path) == ("Then tell me a joke", "auto")


def test_what_a_viewer_wrote_gives_no_title(alice: Client, sign_in: Callable[..., Client]) -> None:
    path = begun(alice)
    share = link(alice, path, read_only=False).rsplit("/", 1)[1]
    written = sign_in("bob").post(f"/v1/shares/{share}/items", user("A viewer's words"))
    assert written.status == 201

    alice.delete(item_of(alice, path))

    assert title_of(alice, path) == (None, None)


def test_the_next_message_gives_a_title_again(alice: Client) -> None:
    path = begun(alice)
    alice.delete(item_of(alice, path))

    alice.post(f"{path}/items", user("Something else"))

    assert title_of(alice, path) == ("Something else", "auto")
    alice.delete(item_of(alice, path))
    assert title_of(alice, path) == (None, None)


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("I have a door.", ("I have a door", "auto")),
        ([{"type": "input_text", "text": "In parts"}], ("In parts", "auto")),
        ("...", ("And then?", "auto")),
        ([{"type": "input_image", "image_url": "https://a.example/b.png"}], ("And then?", "auto")),
    ],
)
def test_an_edited_source_gives_the_title_its_new_text(
    alice: Client, content: Any, title: tuple[str, str]
) -> None:
    path = begun(alice, assistant("Yes."), user("And then?"))

    alice.put(f"{item_of(alice, path)}/edit", {"content": content})

    assert title_of(alice, path) == title


def test_a_restored_source_brings_its_title_back(alice: Client) -> None:
    path = begun(alice)
    item = item_of(alice, path)
    alice.put(f"{item}/edit", {"content": "Nothing to see"})

    alice.post(f"{item}/versions/1/restore")

    assert title_of(alice, path) == (TITLE, "auto")


def test_changes_of_other_messages_leave_the_title(alice: Client) -> None:
    path = begun(alice, assistant("Yes."), user("And then?"))

    alice.put(f"{item_of(alice, path, 1)}/edit", {"content": "No."})
    alice.delete(item_of(alice, path, 2))

    assert title_of(alice, path) == (TITLE, "auto")


def test_a_users_title_is_never_touched(alice: Client) -> None:
    given, renamed = begun(alice, title="Mine"), begun(alice)
    alice.patch(renamed, {"title": "Mine"})

    for path in (given, renamed):
        alice.put(f"{item_of(alice, path)}/edit", {"content": "Other words"})
        assert title_of(alice, path) == ("Mine", "user")
        alice.delete(item_of(alice, path))
        assert title_of(alice, path) == ("Mine", "user")


def test_a_models_title_goes_with_its_source_and_may_be_made_again(
    alice: Client, rows: Rows, model: ModelServer
) -> None:
    path = begun(alice, assistant("Yes."))
    (answer,) = (row for row in rows.of_type("item") if row["role"] == "assistant")
    deliver(improve, answer)
    assert title_of(alice, path) == ("Door code 4711", "auto")
    assert header_of(rows)["title_tries"] == MAX_TRIES

    alice.put(f"{item_of(alice, path)}/edit", {"content": "My cat is called Tom."})

    assert title_of(alice, path) == ("My cat is called Tom", "auto")
    model.behave = says("A cat called Tom")
    deliver(improve, answer)
    assert title_of(alice, path) == ("A cat called Tom", "auto")
    alice.delete(item_of(alice, path))
    assert title_of(alice, path) == (None, None)


@pytest.mark.parametrize("change", ["edit", "delete"])
def test_a_source_that_changes_while_the_model_writes_leaves_nothing_of_it(
    alice: Client, rows: Rows, model: ModelServer, change: str
) -> None:
    path = begun(alice, assistant("Yes."))
    item = item_of(alice, path)
    (answer,) = (row for row in rows.of_type("item") if row["role"] == "assistant")

    def concurrently(exchange: Exchange) -> None:
        if change == "edit":
            assert alice.put(f"{item}/edit", {"content": "Nothing to see"}).status == 200
        else:
            assert alice.delete(item).status == 204
        exchange.send(200, completion("Door code 4711"))

    model.behave = concurrently
    deliver(improve, answer)

    expected = ("Nothing to see", "auto") if change == "edit" else (None, None)
    assert title_of(alice, path) == expected


@pytest.mark.parametrize("change", ["edit", "delete"])
@pytest.mark.parametrize("of", ["conversation", "message"])
def test_a_link_made_under_the_title_shows_none_once_its_source_has_changed(
    alice: Client, anyone: Client, change: str, of: str
) -> None:
    path = begun(alice, assistant("Yes."), user("And then?"))
    plain = link(alice, item_of(alice, path, 1) if of == "message" else path)
    assert anyone.get(plain, format="json").body["title"] == TITLE

    if change == "edit":
        alice.put(f"{item_of(alice, path)}/edit", {"content": "My door has no code."})
    else:
        alice.delete(item_of(alice, path))
    later = link(alice, path)

    assert anyone.get(plain, format="json").body["title"] is None
    # A link keeps the texts of its time: an edited message is still there, its title is not.
    html = anyone.get(plain, format="html").text
    heads = re.findall(r'<title>.*</title>|og:title" content="[^"]*"|<h1.*</h1>', html)
    assert len(heads) == 3
    assert "4711" not in "".join([*heads, anyone.get(plain, format="md").text.splitlines()[0]])
    listed = {each["share_id"]: each["title"] for each in alice.get("/v1/shares").body["data"]}
    current = title_of(alice, path)[0]
    assert listed == {plain.rsplit("/", 1)[1]: None, later.rsplit("/", 1)[1]: current}
    assert anyone.get(later, format="json").body["title"] == current


def test_a_link_with_a_title_of_its_own_keeps_it(alice: Client, anyone: Client) -> None:
    path = begun(alice)
    own = link(alice, path, title="For you")
    alice.patch(path, {"title": "Mine"})
    users = link(alice, path)

    alice.delete(item_of(alice, path))

    assert anyone.get(own, format="json").body["title"] == "For you"
    assert anyone.get(users, format="json").body["title"] == "Mine"


def test_a_link_follows_the_source_though_the_user_has_given_another_title(
    alice: Client, anyone: Client
) -> None:
    path = begun(alice)
    plain = link(alice, path)
    alice.patch(path, {"title": "Mine"})
    assert anyone.get(plain, format="json").body["title"] == TITLE

    alice.delete(item_of(alice, path))

    assert anyone.get(plain, format="json").body["title"] is None


def test_lists_and_exports_follow(alice: Client) -> None:
    path = begun(alice, assistant("Yes."))

    alice.delete(item_of(alice, path))

    assert [each["title"] for each in alice.get("/v1/conversations").body["data"]] == [None]
    for form in ("json", "markdown", "html"):
        export = alice.get(f"{path}/export", format=form)
        assert "4711" not in export.text + export.headers["content-disposition"]


def test_an_imported_conversation_keeps_the_rule(alice: Client) -> None:
    path = begun(alice, assistant("Yes."), user("And then?"))
    exported = alice.get(f"{path}/export", format="json").body
    imported = f"/v1/conversations/{alice.post('/v1/conversations/import', exported).body['id']}"
    alice.post(f"{imported}/items", user("More"))
    assert title_of(alice, imported) == (TITLE, "auto")

    alice.delete(item_of(alice, imported))

    assert title_of(alice, imported) == ("And then?", "auto")


def test_a_fork_keeps_the_rule(alice: Client, sign_in: Callable[..., Client]) -> None:
    bob = sign_in("bob")
    path = begun(alice, assistant("Yes."), user("And then?"))
    share = link(alice, path).rsplit("/", 1)[1]
    fork = f"/v1/conversations/{bob.post(f'/v1/shares/{share}/fork').body['id']}"
    assert title_of(bob, fork) == (TITLE, "auto")

    bob.delete(item_of(bob, fork))

    assert title_of(bob, fork) == ("And then?", "auto")
    alice.delete(item_of(alice, path))
    again = f"/v1/conversations/{bob.post(f'/v1/shares/{share}/fork').body['id']}"
    assert title_of(bob, again) == ("And then?", "auto")


def test_a_message_that_became_the_source_in_between_is_not_changed_without_the_title(
    alice: Client, rows: Rows
) -> None:
    path = begun(alice, title="Mine")
    edits = EditStore(wiring.table())
    conversation_id, item_id = item_of(alice, path).split("/")[3::2]
    _, item, _ = edits.read("alice", conversation_id, item_id)
    now = datetime.now(UTC)
    after = with_text(item, Text("Nothing to see"), now)
    rows.put({**header_of(rows), "title": TITLE, "title_source": "auto", "title_item": item_id})

    with pytest.raises(ChangedMeanwhileError):
        edits.rewrite("alice", item, after, None)
    with pytest.raises(ChangedMeanwhileError):
        edits.remove("alice", item, now)


def test_a_models_title_is_not_written_from_a_text_that_has_changed(
    alice: Client, rows: Rows
) -> None:
    path = begun(alice)
    conversation_id, item_id = item_of(alice, path).split("/")[3::2]
    header, source, _ = EditStore(wiring.table()).read("alice", conversation_id, item_id)
    alice.put(f"{item_of(alice, path)}/edit", {"content": "Nothing to see"})
    titles = TitleStore(wiring.table())
    # Another invocation has counted a try of its own since: the header alone looks as it was.
    assert titles.count_try(header, datetime.now(UTC))

    assert not titles.improve(header, source, "Door code 4711", datetime.now(UTC))

    assert title_of(alice, path) == ("Nothing to see", "auto")
    assert header_of(rows)["title_item"] == item_id
