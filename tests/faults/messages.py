"""What clients do with messages: each function asks for one thing, where there is something to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from colloquy import wiring
from colloquy.domain.errors import InvalidRequestError
from colloquy.domain.item import ItemDraft, Role
from colloquy.domain.page import PageRequest
from colloquy.domain.receipt import Once
from colloquy.services.models import ResponseParameters
from tests.faults.client import ALICE, BOB, Client
from tests.faults.history import Operation, Reading


@dataclass(frozen=True)
class Scene:
    """Where an operation happens: an owner's conversation, and one of its messages if known."""

    owner: str
    conversation: str
    item: str = ""


def scene(client: Client) -> Scene | None:
    """Return an owner's conversation, Alice's more often than Bob's."""
    owner = ALICE if client.random.random() < 0.85 else BOB
    conversations = client.world.conversations[owner]
    return Scene(owner, client.pick(conversations)) if conversations else None


def message(client: Client) -> Scene | None:
    """Return a message that somebody was answered was written."""
    found = scene(client)
    items = client.world.items.get(found.conversation) if found else None
    return Scene(found.owner, found.conversation, client.pick(items)) if found and items else None


def append(client: Client, call_id: str | None = None) -> None:
    if not (at := scene(client)):
        return
    texts = [client.text() for _ in range(client.random.choice([1, 1, 1, 2, 3]))]
    roles: list[Role] = ["user", "assistant", "system"]
    drafts = [
        ItemDraft(role=client.random.choices(roles, [4, 4, 1])[0], content=text, call_id=call_id)
        for text in texts
    ]
    appended = client.ask(
        Operation(
            kind="append",
            owner=at.owner,
            conversation=at.conversation,
            texts=texts,
            named=[call_id] if call_id else [],
            once=client.once(at.owner, "append"),
            call=lambda once: wiring.items().append(
                at.owner, at.conversation, drafts, once, within="items"
            ),
        )
    )
    if appended.is_done:
        items = client.world.items.setdefault(at.conversation, [])
        items += [item.id for item in appended.value.value]
        client.world.answers |= {
            item.id for item in appended.value.value if item.role == "assistant"
        }


def append_for_call(client: Client) -> None:
    append(client, f"call-{client.random.randint(1, 3)}")


def edit(client: Client) -> None:
    if at := message(client):
        text = client.text()
        client.ask(
            Operation(
                kind="edit",
                owner=at.owner,
                conversation=at.conversation,
                item=at.item,
                texts=[text],
                once=client.once(at.owner, "edit"),
                call=lambda once: wiring.edits().edit(
                    at.owner, at.conversation, at.item, text, None, once
                ),
            )
        )


def restore(client: Client) -> None:
    if at := message(client):
        client.ask(
            Operation(
                kind="restore",
                owner=at.owner,
                conversation=at.conversation,
                item=at.item,
                once=client.once(at.owner, "restore"),
                call=lambda once: wiring.edits().restore(
                    at.owner, at.conversation, at.item, "1", once
                ),
            )
        )


def regenerate(client: Client) -> None:
    """Ask the model to write a message again; what it writes is noted as it does."""
    at = message(client)
    if not at or at.item not in client.world.answers:
        return
    client.ask(
        Operation(
            kind="regenerate",
            owner=at.owner,
            conversation=at.conversation,
            item=at.item,
            expected=(InvalidRequestError,),  # no message is left before it
            once=client.once(at.owner, "regenerate"),
            call=lambda once: wiring.regenerations().regenerate(
                at.owner, at.conversation, at.item, ResponseParameters(), once
            ),
        )
    )


def respond(client: Client) -> None:
    """Say something and have the model respond; what it writes is noted as it does."""
    if at := scene(client):
        text = client.text()
        responded = client.ask(
            Operation(
                kind="respond",
                owner=at.owner,
                conversation=at.conversation,
                texts=[text],
                once=client.once(at.owner, "respond"),
                call=lambda once: wiring.responses().respond(
                    at.owner,
                    at.conversation,
                    [ItemDraft(role="user", content=text)],
                    ResponseParameters(),
                    once,
                ),
            )
        )
        if responded.is_done:
            ids = [item.id for item in responded.value.value]
            client.world.items.setdefault(at.conversation, []).extend(ids)
            client.world.answers.add(ids[-1])


def delete_message(client: Client) -> None:
    if at := message(client):
        client.ask(
            Operation(
                kind="delete message",
                owner=at.owner,
                conversation=at.conversation,
                item=at.item,
                call=lambda _: wiring.edits().delete(at.owner, at.conversation, at.item),
            )
        )


def page_through(client: Client) -> None:
    """List a conversation's messages page by page, to the end."""
    if not (at := scene(client)):
        return
    limit = client.random.choice([1, 2, 5])
    order: Any = client.random.choice(["asc", "desc"])

    def read(_: Once | None) -> Reading:
        found, after = [], None
        while True:
            request = PageRequest(limit, after, order)
            page = wiring.items().find(at.owner, at.conversation, request)
            found += page.data
            if not page.has_more:
                return Reading(found)
            after = page.next_after

    client.ask(
        Operation(kind="list", owner=at.owner, conversation=at.conversation, order=order, call=read)
    )


def open_conversation(client: Client) -> None:
    if not (at := scene(client)):
        return

    def read(_: Once | None) -> Reading:
        header, page = wiring.conversations().open(at.owner, at.conversation)
        return Reading(page.data, header)

    client.ask(Operation(kind="open", owner=at.owner, conversation=at.conversation, call=read))


def find_by_call(client: Client) -> None:
    if at := scene(client):
        call_id = f"call-{client.random.randint(1, 3)}"
        client.ask(
            Operation(
                kind="find by call",
                owner=at.owner,
                conversation=at.conversation,
                named=[call_id],
                call=lambda _: Reading(
                    wiring.items()
                    .find(at.owner, at.conversation, PageRequest(100, None, "asc"), call_id)
                    .data
                ),
            )
        )


def read_versions(client: Client) -> None:
    if at := message(client):
        client.ask(
            Operation(
                kind="versions",
                owner=at.owner,
                conversation=at.conversation,
                item=at.item,
                call=lambda _: wiring.edits().versions(
                    at.owner, at.conversation, at.item, PageRequest(100)
                ),
            )
        )


def intrude(client: Client) -> None:
    """Try what belongs to the other owner: it must look absent."""
    at = message(client)
    if at is None:
        return
    stranger = BOB if at.owner == ALICE else ALICE
    where = (stranger, at.conversation)
    attempts: Mapping[str, Callable[[], Any]] = {
        "open": lambda: wiring.conversations().open(*where),
        "append": lambda: wiring.items().append(*where, [ItemDraft(role="user", content="mine")]),
        "edit": lambda: wiring.edits().edit(*where, at.item, "mine"),
        "delete message": lambda: wiring.edits().delete(*where, at.item),
        "delete": lambda: wiring.conversations().delete(*where),
        "export": lambda: wiring.exports().part(*where, None),
    }
    attempt = client.random.choice(list(attempts))
    client.ask(
        Operation(
            kind="intrude",
            owner=stranger,
            conversation=at.conversation,
            item=at.item,
            named=[attempt],
            call=lambda _: attempts[attempt](),
        )
    )


WEIGHTS: Final[Mapping[Callable[[Client], None], float]] = {
    append: 20,
    append_for_call: 4,
    edit: 10,
    restore: 3,
    regenerate: 5,
    respond: 5,
    delete_message: 6,
    page_through: 6,
    open_conversation: 5,
    find_by_call: 3,
    read_versions: 3,
    intrude: 3,
}
