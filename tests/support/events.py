"""Every file in events/: the rows it finds in the table, and what must come of it."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from colloquy.domain.conversation import Conversation
from colloquy.domain.item import Item
from colloquy.domain.share import AbandonedFork, Share
from colloquy.domain.version import current_version
from colloquy.store.rows import (
    Row,
    conversation_to_row,
    encode,
    item_to_row,
    project_to_row,
    version_to_row,
)
from colloquy.store.share_rows import fork_to_row, link_to_row, owned_link_to_row
from tests.support import make
from tests.support.functions import ROOT, declared
from tests.support.rows import Rows

EVENTS: Final = sorted((ROOT / "events").glob("*/*.json"))
FUNCTIONS: Final = {function.code.name: name for name, function in declared().functions.items()}

STATUS: Final = {
    "conversations/bulk-delete": 200,
    "conversations/create": 201,
    "conversations/delete": 204,
    "conversations/delete-all": 200,
    "conversations/list": 200,
    "conversations/open": 200,
    "conversations/update": 200,
    "exports/html": 200,
    "exports/json": 200,
    "exports/markdown-next": 200,
    "imports/import": 201,
    "imports/next-part": 201,
    "items/append": 201,
    "items/append-many": 201,
    "items/delete": 204,
    "items/edit": 200,
    "items/edit-by-post": 200,
    "items/list": 200,
    "items/read": 200,
    "items/restore": 200,
    "items/versions": 200,
    "meta/document": 200,
    "meta/health": 200,
    "meta/reference": 200,
    "meta/unknown-path": 404,
    "meta/wrong-method": 405,
    **{
        f"openai_conversations/{case}": 200
        for case in (
            "create",
            "create-items",
            "delete",
            "delete-item",
            "list",
            "list-items",
            "models",
            "read",
            "read-item",
            "update",
        )
    },
    "projects/conversations": 200,
    "projects/create": 201,
    "projects/delete": 204,
    "projects/list": 200,
    "projects/read": 200,
    "projects/update": 200,
    "public/open": 200,
    "public/open-in-browser": 200,
    "public/open-markdown": 200,
    "responses/regenerate": 200,
    "responses/respond": 201,
    "responses/without-body": 200,
    "shares/append": 201,
    "shares/fork": 201,
    "shares/list": 200,
    "shares/list-of-conversation": 200,
    "shares/revoke": 204,
    "shares/revoke-by-id": 204,
    "shares/share": 201,
    "shares/share-item": 201,
}
"""What each HTTP event is answered with, where what it names is there."""

SAID: Final = "Baking Bread at Home"
"""What the model says to the events that ask one."""
_CONVERSATION: Final = "conv_06h0b8jlbguudf2ia6r94atum4"
_GONE: Final = "conv_06h0bcmqfh8u8tj8757mbb4g8o"
_BESIDE_IT: Final = "conv_06h0bcmqmpr9mi4etagu2pg8us"
_QUESTION: Final = "item_06h0b6ujls5t575bq3msncimm4"
_ANSWER: Final = "item_06h0b8jlbgm3s0vq6tkhp2e1ok"
_NEWEST: Final = "item_06h0b8jlbguudf2ia6r94atum4"
_SHARE: Final = "share_7m0kdvp9s2mgefd9smb1csbd4c"
_EXPIRED: Final = "share_00000000000000000000000000"
_REMOVED: Final = "share_abc123"


def name_of(path: Path) -> str:
    """Return what a file in events/ is called here."""
    return f"{path.parent.name}/{path.stem}"


def event_of(name: str) -> dict[str, Any]:
    """Return the event of a name."""
    event: dict[str, Any] = json.loads((ROOT / "events" / f"{name}.json").read_text())
    return event


def prepare(name: str, rows: Rows) -> None:
    """Make the table what an event is to find, and nothing else."""
    rows.clear()
    rows.put_encoded([encode(row) for row in _found_by(name)])


def _found_by(name: str) -> list[Row]:
    conversation = _conversation(_CONVERSATION)
    question = make.item(conversation, id=_QUESTION)
    answer = make.item(conversation, id=_ANSWER, role="assistant", content="Mix, wait, bake bread.")
    newest = make.item(conversation, id=_NEWEST)
    links = [_link(_SHARE), _link(f"msg_{_SHARE}", item_id=_ANSWER)]
    living = [question, answer, newest]
    older: list[Row] = []
    also: list[Row] = []
    match name:
        case "titles/first-answer":
            # What its title was taken from, and shares a word with the better one.
            question = replace(question, content="How do I bake bread?")
            conversation = replace(conversation, title_item=question.id)
            living = [question, answer, newest]
        case "conversations/bulk-delete":
            also = [conversation_to_row(_conversation(each)) for each in (_GONE, _BESIDE_IT)]
        case "titles/first-answer":
            conversation = replace(conversation, title_item=_QUESTION)
            living = [replace(question, content="How do I bake bread?"), answer, newest]
        case "items/restore" | "items/versions":
            older = [_older(answer, number) for number in range(1, 13)]
            living = [question, replace(answer, version=13), newest]
        case "purge/message-deleted":
            older = [_older(answer, 1)]
            living = [question, newest]
        case "imports/next-part":
            also = [_begun_import(_GONE)]
        case "cleanup/scheduled":
            links.append(_link(_EXPIRED, expires_at=datetime.now(UTC) - timedelta(minutes=1)))
        case "purge/expired-link":
            also = [owned_link_to_row(_link(_REMOVED, conversation_id=_GONE))]
        case "purge/removed-conversation" | "purge/next-round":
            gone = make.conversation(id=_GONE)
            also = [item_to_row("alice", make.item(gone, second)) for second in range(30)]
    return [
        project_to_row(make.project(id="proj_06h0b6uk494f4teosbrd0chkr8")),
        conversation_to_row(replace(conversation, item_count=len(living))),
        *(item_to_row("alice", item) for item in living),
        *older,
        *(row for link in links for row in (link_to_row(link), owned_link_to_row(link))),
        *also,
    ]


def _conversation(conversation_id: str) -> Conversation:
    return make.conversation(
        id=conversation_id,
        title="Hello",
        title_source="auto",
        project_id="proj_06h0b6uk494f4teosbrd0chkr8",
    )


def _older(item: Item, number: int) -> Row:
    return version_to_row("alice", item, replace(current_version(item), number=number))


def _begun_import(import_id: str) -> Row:
    note = AbandonedFork(owner_id="alice", conversation_id=import_id)
    return {
        **fork_to_row(note, datetime.now(UTC) + timedelta(hours=1)),
        "source_id": _CONVERSATION,
        "up_to": "item_06h0bfc3mskjjtam52aos5hef0",
        "item_count": 1,
        "newest_item": _QUESTION,
    }


def _link(share_id: str, **fields: Any) -> Share:
    now = datetime.now(UTC)
    made: dict[str, Any] = {
        "conversation_id": _CONVERSATION,
        "created_at": now - timedelta(hours=1),
        "expires_at": now + timedelta(hours=1),
        "read_only": False,
        "up_to": _NEWEST,
    }
    return Share(id=share_id, owner_id="alice", **{**made, **fields})


def check(name: str, answer: Any, rows: Rows) -> None:
    """Say that an event was answered as it should be, and has left the rows it should."""
    event = event_of(name)
    if "requestContext" in event:
        _check_http(name, event, answer)
        return
    ids = {row.get("share_id", row.get("id")) for row in rows.all()}
    match name:
        case "cleanup/scheduled":
            assert answer is None
            assert _SHARE in ids
            assert _EXPIRED not in ids
        case "views/viewed":
            assert answer is None
            assert [row["seen"] for row in rows.of_type("views")] == [1]
        case "titles/first-answer":
            assert answer == {"batchItemFailures": []}
            assert [row["title"] for row in rows.of_type("conversation")] == [SAID]
        case _:
            assert answer == {"batchItemFailures": []}
            assert name.startswith("purge/")
            assert _REMOVED not in ids
            assert rows.of_type("version") == []
            assert {row["conversation_id"] for row in rows.of_type("item")} == {_CONVERSATION}


def _check_http(name: str, event: dict[str, Any], answer: Any) -> None:
    assert answer["statusCode"] == STATUS[name], answer
    assert answer["headers"]["x-request-id"] == event["requestContext"]["requestId"]
    if name.startswith("responses/"):
        said = json.loads(answer["body"])
        assert said.get("data", [said])[-1]["content"] == SAID
    if name.startswith("exports/"):
        assert "Hello" in answer["body"]
    if name == "imports/next-part":
        assert json.loads(answer["body"])["item_count"] == 2
