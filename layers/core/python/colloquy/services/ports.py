"""What the services need of the table: the stores fit these, and so do the tests' fakes.

Each method raises what the store of the same name says it does.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from colloquy.domain.conversation import Conversation, ConversationChanges
from colloquy.domain.erasure import Erasure, LostLink, LostProject, LostVersions, Progress
from colloquy.domain.export import History
from colloquy.domain.imports import Import, ImportedText
from colloquy.domain.item import Item
from colloquy.domain.page import Archived, GaveUp, Order, PageRequest
from colloquy.domain.place import Place
from colloquy.domain.project import Project, ProjectChanges
from colloquy.domain.receipt import Once, Receipt
from colloquy.domain.retitle import Retitle
from colloquy.domain.share import AbandonedFork, Cut, EndedShare, Share
from colloquy.domain.title import AutomaticTitle
from colloquy.domain.version import Version

Clock = Callable[[], datetime]
"""Gives the time in UTC."""

IfMatch = frozenset[int] | None
"""Revisions a thing may have to be changed; None asks for none."""


class ConversationRows(Protocol):
    """Conversation headers, wherever they are kept."""

    def add(
        self, conversation: Conversation, items: Sequence[Item], receipt: Receipt | None
    ) -> None: ...

    def get(self, owner_id: str, conversation_id: str) -> Conversation | None: ...

    def find(
        self, owner_id: str, page: PageRequest, archived: Archived
    ) -> Iterator[Conversation | GaveUp]: ...

    def find_in_project(
        self, owner_id: str, project_id: str, page: PageRequest, archived: Archived
    ) -> Iterator[Conversation | GaveUp]: ...

    def filed_in(self, owner_id: str, project_id: str) -> Iterator[Conversation]: ...

    def update(
        self,
        owner_id: str,
        conversation_id: str,
        changes: ConversationChanges,
        now: datetime,
        if_match: IfMatch,
    ) -> Conversation: ...

    def replace(
        self,
        after: Conversation,
        revisions: frozenset[int],
        receipt: Receipt | None,
        *,
        files_it: bool,
    ) -> None: ...

    def receipt(self, owner_id: str, key: str) -> Receipt | None: ...

    def unfile(self, conversation: Conversation, now: datetime) -> bool: ...

    def delete_filed(self, conversation: Conversation) -> bool: ...

    def delete(self, owner_id: str, conversation_id: str, if_match: IfMatch) -> None: ...


class TitleRows(Protocol):
    """Conversation headers, as far as giving them better titles goes."""

    def above(self, partition: str, conversation_id: str) -> Conversation | None: ...

    def count_try(self, conversation: Conversation, now: datetime) -> bool: ...

    def take_back_try(self, conversation: Conversation) -> None: ...

    def improve(
        self, conversation: Conversation, source: Item, title: str, now: datetime
    ) -> bool: ...


class ItemRows(Protocol):
    """Messages, wherever they are kept."""

    def append(
        self,
        owner_id: str,
        items: Sequence[Item],
        title: AutomaticTitle | None,
        receipt: Receipt | None,
    ) -> None: ...

    def read(
        self, owner_id: str, conversation_id: str, order: Order, page: PageRequest | None = None
    ) -> tuple[Conversation, Iterator[Item]]: ...

    def read_shown(
        self, owner_id: str, conversation_id: str, page: PageRequest
    ) -> tuple[Conversation, Iterator[Item]]: ...

    def latest(
        self, owner_id: str, conversation_id: str, page: int, once: Once | None
    ) -> tuple[Conversation, Iterator[Item], Receipt | None]: ...

    def find_by_call_id(
        self, owner_id: str, conversation_id: str, call_id: str, page: PageRequest
    ) -> Iterator[Item | GaveUp]: ...

    def get(self, owner_id: str, conversation_id: str, item_id: str) -> Item: ...

    def id_of_alias(self, owner_id: str, conversation_id: str, client_id: str) -> str | None: ...


class VersionRows(Protocol):
    """Messages and the texts they have had, wherever they are kept."""

    def read(
        self, owner_id: str, conversation_id: str, item_id: str, once: Once | None = None
    ) -> tuple[Conversation, Item, Receipt | None]: ...

    def version(self, owner_id: str, item: Item, number: int) -> Version | None: ...


class EditRows(VersionRows, Protocol):
    """Messages that change, and their versions, wherever they are kept."""

    def first_titling(self, owner_id: str, conversation_id: str, without: str) -> Item | None: ...

    def rewrite(
        self,
        owner_id: str,
        before: Item,
        after: Item,
        receipt: Receipt | None,
        retitle: Retitle | None = None,
    ) -> None: ...

    def versions(self, owner_id: str, item: Item, page: PageRequest) -> Iterator[Version]: ...

    def before(self, owner_id: str, item: Item, page: int) -> Iterator[Item]: ...

    def remove(
        self, owner_id: str, item: Item, now: datetime, retitle: Retitle | None = None
    ) -> None: ...


class ProjectRows(Protocol):
    """Projects, wherever they are kept."""

    def add(self, project: Project, receipt: Receipt | None) -> None: ...

    def get(self, owner_id: str, project_id: str) -> Project: ...

    def find(self, owner_id: str, page: PageRequest) -> Iterator[Project | GaveUp]: ...

    def update(
        self,
        owner_id: str,
        project_id: str,
        changes: ProjectChanges,
        now: datetime,
        if_match: IfMatch,
    ) -> Project: ...

    def start_deleting(
        self,
        owner_id: str,
        project_id: str,
        now: datetime,
        if_match: IfMatch,
        *,
        with_conversations: bool,
    ) -> None: ...

    def finish_deleting(self, owner_id: str, project_id: str) -> None: ...


class DeletionRows(Protocol):
    """Conversation headers that are deleted many at a time, wherever they are kept."""

    def look(
        self, owner_id: str, wanted: Sequence[str], receipt_key: str | None, until: float
    ) -> tuple[set[str], Receipt | None]: ...

    def delete_many(self, owner_id: str, wanted: Sequence[str], until: float) -> set[str]: ...

    def delete_all(self, owner_id: str, until: float) -> tuple[int, bool]: ...

    def remember(self, owner_id: str, receipt: Receipt, until: float) -> None: ...

    def correct(self, owner_id: str, receipt: Receipt, until: float) -> None: ...


class ErasureRows(Protocol):
    """What is left of deleted conversations and links, wherever it is kept."""

    def asked_for(
        self, record: Mapping[str, Any]
    ) -> Erasure | LostLink | LostProject | LostVersions: ...

    def erase(self, erasure: Erasure, until: float) -> Progress: ...

    def postpone(self, erasure: Erasure, until: float) -> None: ...

    def forget(self, link: LostLink, until: float) -> Progress: ...

    def forget_versions(self, lost: LostVersions, until: float) -> Progress: ...


class ShareRows(Protocol):
    """Share links as their owner sees them, wherever they are kept."""

    def receipt(self, owner_id: str, key: str) -> Receipt | None: ...

    def header(self, owner_id: str, conversation_id: str) -> Conversation: ...

    def message(
        self, owner_id: str, conversation_id: str, item_id: str, *, with_context: bool
    ) -> tuple[Conversation, Item, Item | None]: ...

    def add(self, share: Share, receipt: Receipt | None) -> None: ...

    def find(self, owner_id: str) -> Iterator[Share]: ...

    def find_of(
        self, owner_id: str, conversation_id: str, after: str | None
    ) -> Iterator[Share]: ...

    def living(self, shares: Sequence[Share]) -> Mapping[str, Share]: ...

    def view_counts(self, share_ids: Sequence[str]) -> Mapping[str, int]: ...

    def conversation_of(self, owner_id: str, share_id: str) -> str: ...

    def revoke(self, owner_id: str, conversation_id: str, share_id: str) -> None: ...


class SnapshotRows(Protocol):
    """What links show, wherever it is kept."""

    def link(self, share_id: str) -> Share | EndedShare | None: ...

    def page(self, share: Share, cut: Cut) -> tuple[Share, Iterator[Item | GaveUp]]: ...

    def message(self, share: Share) -> tuple[Share, list[Item]]: ...


class GuestRows(Protocol):
    """What viewers of links write, wherever it is kept."""

    def begin_fork(self, owner_id: str, conversation_id: str, due_at: datetime) -> None: ...

    def copy(self, owner_id: str, items: Sequence[Item]) -> None: ...

    def finish_fork(self, conversation: Conversation, receipt: Receipt | None) -> None: ...

    def append(self, share: Share, viewer_id: str, item: Item, receipt: Receipt | None) -> None: ...


class ExportRows(Protocol):
    """Conversations with every text their messages have had, wherever they are kept."""

    def read(
        self, owner_id: str, conversation_id: str, after: Place | None
    ) -> tuple[Conversation, History]: ...


class ImportRows(Protocol):
    """Conversations that come in parts, wherever they are kept."""

    def begin(self, state: Import) -> None: ...

    def take(self, owner_id: str, import_id: str, now: datetime) -> Import: ...

    def write(self, owner_id: str, texts: Sequence[ImportedText]) -> None: ...

    def hand_back(self, state: Import, receipt: Receipt | None) -> None: ...

    def finish(
        self, state: Import, conversation: Conversation, receipt: Receipt | None
    ) -> None: ...


class DueRows(Protocol):
    """What the cleanup is to look at, wherever it is kept."""

    def due(self, now: datetime) -> Iterator[Sequence[Share | AbandonedFork]]: ...

    def with_conversation(self, shares: Sequence[Share]) -> set[str]: ...

    def erase_links(self, shares: Sequence[Share]) -> None: ...

    def retire_links(self, shares: Sequence[Share]) -> None: ...

    def postpone(self, share: Share) -> None: ...

    def erase_fork(self, fork: AbandonedFork) -> None: ...


class ViewRows(Protocol):
    """How often links were opened, wherever it is kept."""

    def add(self, digest: str, seen: int, expires_at: datetime, delivery: str) -> None: ...
