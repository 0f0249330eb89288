"""The stores in memory: what the services need of a table, without one.

tests/contract/test_stores.py holds them and the real stores to the same behaviour.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from colloquy.domain import ids
from colloquy.domain.conversation import MAX_MESSAGES, Conversation, ConversationChanges
from colloquy.domain.errors import (
    ChangedMeanwhileError,
    ConflictError,
    ConversationFullError,
    ItemExistsError,
    NotFoundError,
    OutOfOrderError,
    PreconditionFailedError,
)
from colloquy.domain.export import History
from colloquy.domain.imports import GRACE, MAY_TAKE, PART_MAY_TAKE, Import, ImportedText
from colloquy.domain.item import Item
from colloquy.domain.page import Archived, Order, PageRequest
from colloquy.domain.place import Place
from colloquy.domain.project import Project, ProjectChanges
from colloquy.domain.receipt import AlreadyDoneError, Once, Receipt
from colloquy.domain.title import AutomaticTitle
from colloquy.domain.version import Version
from colloquy.services.ports import IfMatch


@dataclass
class Memory:
    """Everything that is kept, by owner and id."""

    conversations: dict[tuple[str, str], Conversation] = field(default_factory=dict)
    items: dict[tuple[str, str, str], Item] = field(default_factory=dict)
    projects: dict[tuple[str, str], Project] = field(default_factory=dict)
    deleting: set[tuple[str, str]] = field(default_factory=set)
    receipts: dict[tuple[str, str], Receipt] = field(default_factory=dict)
    versions: dict[tuple[str, str, str], dict[int, Version]] = field(default_factory=dict)
    imports: dict[tuple[str, str], Import] = field(default_factory=dict)

    def check(self, owner_id: str, receipt: Receipt | None) -> None:
        earlier = self.receipts.get((owner_id, receipt.key)) if receipt else None
        if earlier:
            raise AlreadyDoneError(earlier)

    def keep(self, owner_id: str, receipt: Receipt | None) -> None:
        if receipt:
            self.receipts[owner_id, receipt.key] = receipt

    def check_project(self, owner_id: str, project_id: str | None) -> None:
        key = (owner_id, project_id or "")
        if project_id and (key not in self.projects or key in self.deleting):
            raise NotFoundError("project", param="project_id")


def _in_order(ids: Sequence[str], order: Order, after: str | None) -> list[str]:
    found = sorted(ids, reverse=order == "desc")
    if after is None:
        return found
    return [i for i in found if (i < after if order == "desc" else i > after)]


def _check_match(if_match: IfMatch, revision: int, kind: str) -> None:
    if if_match is not None and revision not in if_match:
        raise PreconditionFailedError(kind)


class FakeConversations:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def add(
        self, conversation: Conversation, items: Sequence[Item], receipt: Receipt | None
    ) -> None:
        owner_id = conversation.owner_id
        self._memory.check(owner_id, receipt)
        self._memory.check_project(owner_id, conversation.project_id)
        self._memory.conversations[owner_id, conversation.id] = conversation
        for item in items:
            self._memory.items[owner_id, conversation.id, item.id] = item
        self._memory.keep(owner_id, receipt)

    def get(self, owner_id: str, conversation_id: str) -> Conversation | None:
        return self._memory.conversations.get((owner_id, conversation_id))

    def find(self, owner_id: str, page: PageRequest, archived: Archived) -> Iterator[Conversation]:
        mine = {c.id: c for (o, _), c in self._memory.conversations.items() if o == owner_id}
        for some_id in _in_order(list(mine), page.order, page.after):
            if archived == "all" or mine[some_id].archived == (archived == "true"):
                yield mine[some_id]

    def find_in_project(
        self, owner_id: str, project_id: str, page: PageRequest, archived: Archived
    ) -> Iterator[Conversation]:
        found = self.find(owner_id, page, archived)
        return (conversation for conversation in found if conversation.project_id == project_id)

    def filed_in(self, owner_id: str, project_id: str) -> Iterator[Conversation]:
        return self.find_in_project(owner_id, project_id, PageRequest(), "all")

    def update(
        self,
        owner_id: str,
        conversation_id: str,
        changes: ConversationChanges,
        now: datetime,
        if_match: IfMatch,
    ) -> Conversation:
        before = self.get(owner_id, conversation_id)
        if before is None:
            raise NotFoundError("conversation")
        if changes.files_it:
            self._memory.check_project(owner_id, changes.fields["project_id"])
        _check_match(if_match, before.revision, "conversation")
        after = changes.apply_to(before, now)
        self._memory.conversations[owner_id, conversation_id] = after
        return after

    def receipt(self, owner_id: str, key: str) -> Receipt | None:
        return self._memory.receipts.get((owner_id, key))

    def replace(
        self,
        after: Conversation,
        revisions: frozenset[int],
        receipt: Receipt | None,
        *,
        files_it: bool,
    ) -> None:
        self._memory.check(after.owner_id, receipt)
        if files_it:
            self._memory.check_project(after.owner_id, after.project_id)
        before = self.get(after.owner_id, after.id)
        if before is None:
            raise NotFoundError("conversation")
        if before.revision not in revisions:
            raise ChangedMeanwhileError
        self._memory.conversations[after.owner_id, after.id] = after
        self._memory.keep(after.owner_id, receipt)

    def unfile(self, conversation: Conversation, now: datetime) -> bool:
        stays = self._is_filed_still(conversation)
        if stays:
            changes = ConversationChanges(fields={"project_id": None})
            self.update(conversation.owner_id, conversation.id, changes, now, None)
        return stays

    def delete_filed(self, conversation: Conversation) -> bool:
        stays = self._is_filed_still(conversation)
        if stays:
            self.delete(conversation.owner_id, conversation.id, None)
        return stays

    def _is_filed_still(self, conversation: Conversation) -> bool:
        current = self.get(conversation.owner_id, conversation.id)
        return current is not None and current.project_id == conversation.project_id

    def delete(self, owner_id: str, conversation_id: str, if_match: IfMatch) -> None:
        before = self.get(owner_id, conversation_id)
        if before is None:
            raise NotFoundError("conversation")
        _check_match(if_match, before.revision, "conversation")
        del self._memory.conversations[owner_id, conversation_id]


class FakeItems:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def append(
        self,
        owner_id: str,
        items: Sequence[Item],
        title: AutomaticTitle | None,
        receipt: Receipt | None,
    ) -> None:
        self._memory.check(owner_id, receipt)
        header = self._header(owner_id, items[0].conversation_id)
        if header.item_count + len(items) > MAX_MESSAGES:
            raise ConversationFullError(MAX_MESSAGES)
        if header.newest_item is not None and header.newest_item >= items[0].id:
            raise OutOfOrderError(header.newest_item)
        self._check_new(owner_id, items)
        for item in items:
            self._memory.items[owner_id, item.conversation_id, item.id] = item
        counted = replace(
            header,
            item_count=header.item_count + len(items),
            newest_item=items[-1].id,
            updated_at=items[-1].created_at,
            revision=header.revision + 1,
        )
        if title and counted.title is None:
            counted = replace(
                counted, title=title.text, title_source="auto", title_item=title.item_id
            )
        self._memory.conversations[owner_id, header.id] = counted
        self._memory.keep(owner_id, receipt)

    def read(
        self, owner_id: str, conversation_id: str, order: Order, page: PageRequest | None = None
    ) -> tuple[Conversation, Iterator[Item]]:
        header = self._header(owner_id, conversation_id)
        after = page.after if page else None
        mine = self._of(owner_id, conversation_id)
        return header, (mine[i] for i in _in_order(list(mine), order, after))

    def read_shown(
        self, owner_id: str, conversation_id: str, page: PageRequest
    ) -> tuple[Conversation, Iterator[Item]]:
        header, found = self.read(owner_id, conversation_id, page.order, page)
        return header, (item for item in found if not ids.is_hidden(item.id))

    def latest(
        self, owner_id: str, conversation_id: str, page: int, once: Once | None
    ) -> tuple[Conversation, Iterator[Item], Receipt | None]:
        assert page > 0
        header, found = self.read(owner_id, conversation_id, "desc")
        return header, found, self._memory.receipts.get((owner_id, once.key if once else ""))

    def find_by_call_id(
        self, owner_id: str, conversation_id: str, call_id: str, page: PageRequest
    ) -> Iterator[Item]:
        _, found = self.read(owner_id, conversation_id, page.order, page)
        return (item for item in found if item.call_id == call_id)

    def get(self, owner_id: str, conversation_id: str, item_id: str) -> Item:
        self._header(owner_id, conversation_id)
        if item := self._of(owner_id, conversation_id).get(item_id):
            return item
        raise NotFoundError("message")

    def id_of_alias(self, owner_id: str, conversation_id: str, client_id: str) -> str | None:
        mine = self._of(owner_id, conversation_id).values()
        return next((item.id for item in mine if item.client_id == client_id), None)

    def _of(self, owner_id: str, conversation_id: str) -> dict[str, Item]:
        return {
            item_id: item
            for (owner, conversation, item_id), item in self._memory.items.items()
            if (owner, conversation) == (owner_id, conversation_id)
        }

    def _check_new(self, owner_id: str, items: Sequence[Item]) -> None:
        for item in items:
            if item.client_id and self.id_of_alias(owner_id, item.conversation_id, item.client_id):
                raise ItemExistsError

    def _header(self, owner_id: str, conversation_id: str) -> Conversation:
        header = self._memory.conversations.get((owner_id, conversation_id))
        if header is None:
            raise NotFoundError("conversation")
        return header


class FakeProjects:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def add(self, project: Project, receipt: Receipt | None) -> None:
        self._memory.check(project.owner_id, receipt)
        self._memory.projects[project.owner_id, project.id] = project
        self._memory.keep(project.owner_id, receipt)

    def get(self, owner_id: str, project_id: str) -> Project:
        key = (owner_id, project_id)
        if key not in self._memory.projects or key in self._memory.deleting:
            raise NotFoundError("project")
        return self._memory.projects[key]

    def find(self, owner_id: str, page: PageRequest) -> Iterator[Project]:
        mine = {
            project_id: project
            for (owner, project_id), project in self._memory.projects.items()
            if owner == owner_id and (owner, project_id) not in self._memory.deleting
        }
        return (mine[i] for i in _in_order(list(mine), page.order, page.after))

    def update(
        self,
        owner_id: str,
        project_id: str,
        changes: ProjectChanges,
        now: datetime,
        if_match: IfMatch,
    ) -> Project:
        before = self.get(owner_id, project_id)
        _check_match(if_match, before.revision, "project")
        fields = {"updated_at": now, "revision": before.revision + 1, **changes.fields}
        after = replace(before, **fields)  # type: ignore[arg-type]
        self._memory.projects[owner_id, project_id] = after
        return after

    def start_deleting(
        self,
        owner_id: str,
        project_id: str,
        now: datetime,
        if_match: IfMatch,
        *,
        with_conversations: bool,
    ) -> None:
        del now, with_conversations
        key = (owner_id, project_id)
        if key not in self._memory.deleting:
            _check_match(if_match, self.get(owner_id, project_id).revision, "project")
        self._memory.deleting.add(key)

    def finish_deleting(self, owner_id: str, project_id: str) -> None:
        key = (owner_id, project_id)
        if key in self._memory.projects and key not in self._memory.deleting:
            raise PreconditionFailedError("project")
        self._memory.deleting.discard(key)
        self._memory.projects.pop(key, None)


class FakeExports:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def read(
        self, owner_id: str, conversation_id: str, after: Place | None
    ) -> tuple[Conversation, History]:
        header = self._memory.conversations.get((owner_id, conversation_id))
        if header is None:
            raise NotFoundError("conversation")
        items = [
            item
            for (owner, conversation, _), item in sorted(self._memory.items.items())
            if (owner, conversation) == (owner_id, conversation_id)
        ]
        return header, self._behind(owner_id, items, after)

    def _behind(self, owner_id: str, items: Sequence[Item], after: Place | None) -> History:
        for item in items:
            kept = self._memory.versions.get((owner_id, item.conversation_id, item.id), {})
            older = [kept[number] for number in sorted(kept)]
            if after is None or Place(item.id) > after:
                yield (
                    item,
                    (v for v in older if after is None or Place(item.id, v.number) > after),
                )


class FakeImports:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def begin(self, state: Import) -> None:
        self._memory.imports[state.owner_id, state.id] = state

    def take(self, owner_id: str, import_id: str, now: datetime) -> Import:
        state = self._memory.imports.get((owner_id, import_id))
        if state is None or state.due_at <= now + GRACE:
            raise NotFoundError("import", param="import_id")
        if state.busy_until is not None and state.busy_until >= now:
            raise ConflictError("taken")
        taken = replace(state, due_at=now + MAY_TAKE, busy_until=now + PART_MAY_TAKE)
        self._memory.imports[owner_id, import_id] = taken
        return taken

    def write(self, owner_id: str, texts: Sequence[ImportedText]) -> None:
        for text in texts:
            key = (owner_id, text.item.conversation_id, text.item.id)
            if text.version is None:
                self._memory.items[key] = text.item
            else:
                self._memory.versions.setdefault(key, {})[text.version.number] = text.version

    def hand_back(self, state: Import, receipt: Receipt | None) -> None:
        self._memory.check(state.owner_id, receipt)
        self._check_ours(state)
        self._memory.imports[state.owner_id, state.id] = replace(state, busy_until=None)
        self._memory.keep(state.owner_id, receipt)

    def finish(self, state: Import, conversation: Conversation, receipt: Receipt | None) -> None:
        self._memory.check(state.owner_id, receipt)
        self._check_ours(state)
        self._memory.check_project(state.owner_id, conversation.project_id)
        del self._memory.imports[state.owner_id, state.id]
        self._memory.conversations[state.owner_id, conversation.id] = conversation
        self._memory.keep(state.owner_id, receipt)

    def _check_ours(self, state: Import) -> None:
        kept = self._memory.imports.get((state.owner_id, state.id))
        if kept is None or kept.busy_until != state.busy_until:
            raise ConflictError("not ours")
