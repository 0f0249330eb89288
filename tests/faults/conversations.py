"""What clients do with conversations and projects."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from colloquy import wiring
from colloquy.domain.conversation import ConversationChanges
from colloquy.domain.item import ItemDraft
from colloquy.domain.page import PageRequest
from colloquy.domain.receipt import Once
from colloquy.services.conversations import ConversationDraft
from colloquy.services.projects import ProjectDraft
from tests.faults.client import ALICE, BOB, Client
from tests.faults.history import Operation
from tests.faults.messages import Scene, scene


def create(client: Client) -> None:
    owner = client.random.choice([ALICE, ALICE, BOB])
    texts = [client.text() for _ in range(client.random.randint(0, 2))]
    projects = client.world.projects[owner]
    draft = ConversationDraft(
        title=client.text() if client.random.random() < 0.5 else None,
        project_id=client.pick(projects) if projects and client.random.random() < 0.4 else None,
        metadata={"tag": client.text()},
        items=[ItemDraft(role="user", content=text) for text in texts],
    )
    created = client.ask(
        Operation(
            kind="create",
            owner=owner,
            texts=texts,
            project=draft.project_id or "",
            named=[draft.metadata["tag"]],
            once=client.once(owner, "create"),
            call=lambda once: wiring.conversations().create(owner, draft, once),
        )
    )
    if created.is_done:
        created.conversation = created.value.value.id
        client.world.conversations[owner].append(created.conversation)


def retitle(client: Client) -> None:
    _update(client, "retitle", title=client.text())


def describe(client: Client) -> None:
    _update(client, "describe", metadata={"note": client.text()})


def file(client: Client) -> None:
    at = scene(client)
    if at and (projects := client.world.projects[at.owner]):
        where = client.random.choice([client.pick(projects), None])
        _update(client, "file", at, project_id=where)


def _update(client: Client, kind: str, at: Scene | None = None, **fields: Any) -> None:
    found = at or scene(client)
    if found is None:
        return
    changes = ConversationChanges(fields=fields)
    client.ask(
        Operation(
            kind=kind,
            owner=found.owner,
            conversation=found.conversation,
            texts=[fields["title"]] if "title" in fields else [],
            project=fields.get("project_id") or "",
            once=client.once(found.owner, kind, 0.5),
            call=lambda once: wiring.conversations().update(
                found.owner, found.conversation, changes, None, once
            ),
        )
    )


def delete_conversation(client: Client) -> None:
    at = scene(client)
    if at and len(client.world.conversations[at.owner]) > 1:
        client.ask(
            Operation(
                kind="delete conversation",
                owner=at.owner,
                conversation=at.conversation,
                call=lambda _: wiring.conversations().delete(at.owner, at.conversation),
            )
        )


def delete_many(client: Client) -> None:
    conversations = client.world.conversations[ALICE]
    if len(conversations) > 1:
        named = client.random.sample(conversations, 2)
        client.ask(
            Operation(
                kind="delete many",
                owner=ALICE,
                named=named,
                once=client.once(ALICE, "delete many"),
                call=lambda once: wiring.deletions().delete_many(ALICE, named, once),
            )
        )


def delete_all(client: Client) -> None:
    client.ask(
        Operation(
            kind="delete all",
            owner=ALICE,
            call=lambda _: wiring.deletions().delete_all(ALICE),
        )
    )


def create_project(client: Client) -> None:
    owner = client.random.choice([ALICE, ALICE, BOB])
    created = client.ask(
        Operation(
            kind="create project",
            owner=owner,
            once=client.once(owner, "create project"),
            call=lambda once: wiring.projects().create(owner, ProjectDraft(title="Work"), once),
        )
    )
    if created.is_done:
        created.project = created.value.value.id
        client.world.projects[owner].append(created.project)


def delete_project(client: Client) -> None:
    owner = client.random.choice([ALICE, ALICE, BOB])
    if projects := client.world.projects[owner]:
        project = client.pick(projects)
        together = client.random.random() < 0.3
        client.ask(
            Operation(
                kind="delete project",
                owner=owner,
                project=project,
                with_conversations=together,
                call=lambda _: wiring.projects().delete(
                    owner, project, with_conversations=together
                ),
            )
        )
        if client.random.random() < 0.7 and project in projects:
            projects.remove(project)


def list_conversations(client: Client) -> None:
    owner = client.random.choice([ALICE, ALICE, BOB])

    def read(_: Once | None) -> list[str]:
        found: list[str] = []
        after = None
        while True:
            page = wiring.conversations().find(owner, PageRequest(2, after), "all")
            found += [each.id for each in page.data]
            if not page.has_more:
                return found
            after = page.next_after

    client.ask(Operation(kind="list conversations", owner=owner, call=read))


WEIGHTS: Final[Mapping[Callable[[Client], None], float]] = {
    create: 4,
    retitle: 4,
    describe: 4,
    file: 5,
    delete_conversation: 2,
    delete_many: 2,
    delete_all: 0.5,
    create_project: 2,
    delete_project: 2,
    list_conversations: 3,
}
