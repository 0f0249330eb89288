"""What clients do with links, and with copies that leave and come back."""

from collections.abc import Callable, Mapping
from typing import Final

from colloquy import wiring
from colloquy.domain.errors import InvalidRequestError
from colloquy.domain.export import ExportPart
from colloquy.domain.imports import Import, ImportPart
from colloquy.domain.item import ItemDraft
from colloquy.domain.page import PageRequest
from colloquy.domain.receipt import Once
from colloquy.domain.share import Cut, ShownItem
from colloquy.services.shares import ShareDraft
from tests.faults.client import ALICE, BOB, Client
from tests.faults.history import Operation
from tests.faults.messages import message, scene


def share(client: Client) -> None:
    if not (at := scene(client)):
        return
    is_read_only = client.random.random() < 0.5
    shared = client.ask(
        Operation(
            kind="share",
            owner=at.owner,
            conversation=at.conversation,
            is_read_only=is_read_only,
            once=client.once(at.owner, "share"),
            call=lambda once: wiring.shares().create(
                at.owner, at.conversation, ShareDraft(read_only=is_read_only), once
            ),
        )
    )
    if shared.is_done:
        client.world.links.append(shared)


def share_message(client: Client) -> None:
    if not (at := message(client)):
        return
    draft = ShareDraft(include_context=client.random.random() < 0.5)
    shared = client.ask(
        Operation(
            kind="share message",
            owner=at.owner,
            conversation=at.conversation,
            item=at.item,
            # A system message cannot be shared alone.
            expected=(InvalidRequestError,),
            once=client.once(at.owner, "share message"),
            call=lambda once: wiring.shares().create_for_message(
                at.owner, at.conversation, at.item, draft, once
            ),
        )
    )
    if shared.is_done:
        client.world.links.append(shared)


def revoke(client: Client) -> None:
    if link := _link(client):
        named = link.conversation if client.random.random() < 0.5 else None
        client.ask(
            Operation(
                kind="revoke",
                owner=link.owner,
                conversation=link.conversation,
                link=link,
                call=lambda _: wiring.shares().revoke(link.owner, link.value.value.id, named),
            )
        )


def view(client: Client) -> None:
    if link := _link(client):
        limit = client.random.choice([2, 100])
        client.ask(
            Operation(
                kind="view",
                owner="anybody",
                conversation=link.conversation,
                link=link,
                call=lambda _: shown_by(link, limit),
            )
        )


def shown_by(link: Operation, limit: int = 100) -> list[ShownItem]:
    """Return everything a link shows, page by page."""
    found: list[ShownItem] = []
    after = None
    while True:
        page = wiring.viewing().open(link.value.value.id, Cut(limit=limit, after=after))
        found += page.items
        if page.next_after is None:
            return found
        after = page.next_after


def fork(client: Client) -> None:
    if link := _link(client):
        forked = client.ask(
            Operation(
                kind="fork",
                owner=BOB,
                link=link,
                once=client.once(BOB, "fork"),
                call=lambda once: wiring.guests().fork(BOB, link.value.value.id, once),
            )
        )
        if forked.is_done:
            forked.conversation = forked.value.value.id


def write_through_link(client: Client) -> None:
    if link := _link(client):
        text = client.text()
        client.ask(
            Operation(
                kind="write through link",
                owner=BOB,
                conversation=link.conversation,
                link=link,
                texts=[text],
                once=client.once(BOB, "write through link"),
                call=lambda once: wiring.guests().append(
                    BOB, link.value.value.id, ItemDraft(role="user", content=text), once
                ),
            )
        )


def list_links(client: Client) -> None:
    client.ask(
        Operation(
            kind="list links",
            owner=ALICE,
            call=lambda _: [each.id for each in wiring.shares().find(ALICE, PageRequest(100)).data],
        )
    )


def export(client: Client) -> None:
    """Export a conversation, part after part."""
    if not (at := scene(client)):
        return

    def read(_: Once | None) -> list[ExportPart]:
        parts = [wiring.exports().part(at.owner, at.conversation, None)]
        while parts[-1].next_after is not None:
            following = str(parts[-1].next_after)
            parts.append(wiring.exports().part(at.owner, at.conversation, following))
        return parts

    exported = client.ask(
        Operation(kind="export", owner=at.owner, conversation=at.conversation, call=read)
    )
    if exported.is_done:
        client.world.exports.append(exported.value)


def import_again(client: Client) -> None:
    """Import what was exported, part after part, each of them until it is written."""
    if not client.world.exports:
        return
    parts = client.random.choice(client.world.exports)
    import_id: str | None = None
    for number, part in enumerate(parts):
        while True:
            taken = client.ask(_import_of(client, parts, number, part, import_id))
            if not taken.is_done:
                return
            value = taken.value.value
            import_id = value.id
            # A part that did not fit the request's time is sent again.
            if not isinstance(value, Import) or value.up_to == part.next_after:
                break


def _import_of(
    client: Client, parts: list[ExportPart], number: int, part: ExportPart, import_id: str | None
) -> Operation:
    sent = ImportPart(
        conversation=part.conversation,
        items=part.items,
        after=part.after,
        next_after=part.next_after,
    )
    return Operation(
        kind="finish import" if number == len(parts) - 1 else "import",
        owner=ALICE,
        item=import_id or "",
        source=parts,
        # A message that was deleted between two parts leaves a gap.
        expected=(InvalidRequestError,),
        once=client.once(ALICE, f"import {number}"),
        call=lambda once: wiring.imports().take(ALICE, sent, import_id, once),
    )


def _link(client: Client) -> Operation | None:
    return client.random.choice(client.world.links) if client.world.links else None


WEIGHTS: Final[Mapping[Callable[[Client], None], float]] = {
    share: 7,
    share_message: 3,
    revoke: 3,
    view: 9,
    fork: 3,
    write_through_link: 6,
    list_links: 2,
    export: 4,
    import_again: 4,
}
