"""Create, list, change and delete projects, and list what is filed in one."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from colloquy.domain import ids
from colloquy.domain.conversation import Conversation
from colloquy.domain.errors import UnfinishedError
from colloquy.domain.page import Archived, Page, PageRequest, take
from colloquy.domain.project import Project, ProjectChanges
from colloquy.domain.receipt import AlreadyDoneError, Facts, Once, Written
from colloquy.services.arguments import known_id, valid_cursor
from colloquy.services.ports import Clock, ConversationRows, IfMatch, ProjectRows

_AT_ONCE: Final = 16
"""Conversations that leave a deleted project side by side: as many as the client's connections."""
_DELETE_SECONDS: Final = 20.0
"""How long a deletion works before it asks to be called again; the request has 28 seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectDraft:
    """A project as a client asks for it."""

    title: str
    description: str | None = None
    instructions: str | None = None


class Projects:
    """What a caller can do with projects; every call names their owner."""

    def __init__(
        self, projects: ProjectRows, conversations: ConversationRows, clock: Clock
    ) -> None:
        self._projects = projects
        self._conversations = conversations
        self._clock = clock

    def create(
        self, owner_id: str, draft: ProjectDraft, once: Once | None = None
    ) -> Written[Project]:
        """Create a project.

        Raises:
            IdempotencyMismatchError: the key was used for another request.
        """
        now = self._clock()
        facts: Facts = {"id": ids.mint(ids.PROJECT, now), "at": now.isoformat()}
        project = _created(owner_id, draft, facts)
        try:
            self._projects.add(project, once.receipt(now, facts) if once else None)
        except AlreadyDoneError as done:
            return Written(_created(owner_id, draft, done.facts_for(once)), replayed=True)
        return Written(project)

    def find(self, owner_id: str, page: PageRequest) -> Page[Project]:
        """Return a page of the caller's projects.

        Raises:
            InvalidCursorError: the cursor is no project's id.
        """
        valid_cursor(ids.PROJECT, page.after, "project")
        return take(self._projects.find(owner_id, page), page.limit)

    def get(self, owner_id: str, project_id: str) -> Project:
        """Return a project.

        Raises:
            NotFoundError: it is not the caller's.
        """
        known_id(ids.PROJECT, project_id, "project")
        return self._projects.get(owner_id, project_id)

    def conversations_in(
        self, owner_id: str, project_id: str, page: PageRequest, archived: Archived = "false"
    ) -> Page[Conversation]:
        """Return a page of the conversations filed in a project.

        Raises:
            NotFoundError: the project is not the caller's.
            InvalidCursorError: the cursor is no conversation's id.
        """
        valid_cursor(ids.CONVERSATION, page.after, "conversation")
        self.get(owner_id, project_id)
        found = self._conversations.find_in_project(owner_id, project_id, page, archived)
        return take(found, page.limit)

    def update(
        self,
        owner_id: str,
        project_id: str,
        changes: ProjectChanges,
        if_match: IfMatch = None,
    ) -> Project:
        """Apply what the client sent and return the project as it then is.

        Raises:
            NotFoundError: it is not the caller's.
            PreconditionFailedError: it is in none of the states ``if_match`` names.
        """
        known_id(ids.PROJECT, project_id, "project")
        return self._projects.update(owner_id, project_id, changes, self._clock(), if_match)

    def delete(
        self,
        owner_id: str,
        project_id: str,
        if_match: IfMatch = None,
        *,
        with_conversations: bool = False,
    ) -> int:
        """Delete a project; its conversations go with it, or stay outside of any project.

        Returns how many conversations left it.

        First nobody can file anything in it any more, then what is filed leaves, then the row
        goes: at no moment after the answer does a conversation name a project that is gone. Cut
        off on the way, the same call goes on where it stopped.

        Raises:
            NotFoundError: it is not the caller's.
            PreconditionFailedError: it is in none of the states ``if_match`` names.
            UnfinishedError: there is more filed than one call can move; call again.
        """
        known_id(ids.PROJECT, project_id, "project")
        self._projects.start_deleting(
            owner_id, project_id, self._clock(), if_match, with_conversations=with_conversations
        )
        return self.finish(owner_id, project_id, with_conversations=with_conversations)

    def finish(self, owner_id: str, project_id: str, *, with_conversations: bool) -> int:
        """Do what is left of a deletion that has begun; return how many conversations left.

        Raises:
            UnfinishedError: there is more filed than one call can move; call again.
        """
        now = self._clock()
        leave: Callable[[Conversation], bool] = (
            self._conversations.delete_filed
            if with_conversations
            else lambda conversation: self._conversations.unfile(conversation, now)
        )
        left = _each(self._conversations.filed_in(owner_id, project_id), leave)
        self._projects.finish_deleting(owner_id, project_id)
        return left


def _each(found: Iterable[Conversation], leave: Callable[[Conversation], bool]) -> int:
    """Let conversations leave, ``_AT_ONCE`` side by side, and return how many did."""
    deadline = time.monotonic() + _DELETE_SECONDS
    left = 0
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        running: deque[Future[bool]] = deque()
        for conversation in found:
            if time.monotonic() > deadline:
                raise UnfinishedError("The project is gone, but not all that was filed in it yet.")
            if len(running) == _AT_ONCE:
                left += running.popleft().result()
            running.append(pool.submit(leave, conversation))
        return left + sum(each.result() for each in running)


def _created(owner_id: str, draft: ProjectDraft, facts: Facts) -> Project:
    at = datetime.fromisoformat(facts["at"])
    return Project(
        id=facts["id"],
        owner_id=owner_id,
        title=draft.title,
        description=draft.description,
        instructions=draft.instructions,
        created_at=at,
        updated_at=at,
    )
