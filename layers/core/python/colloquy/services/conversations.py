"""Create, list, open, change and delete conversations."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from pydantic import TypeAdapter

from colloquy.domain import ids
from colloquy.domain.conversation import Conversation, ConversationChanges
from colloquy.domain.errors import (
    ChangedMeanwhileError,
    ConflictError,
    NotFoundError,
    PreconditionFailedError,
)
from colloquy.domain.item import Item, ItemDraft, automatic_title, mint_item_ids
from colloquy.domain.page import Archived, Order, Page, PageRequest, take
from colloquy.domain.receipt import AlreadyDoneError, Facts, Once, Written
from colloquy.services.arguments import known_id, valid_cursor
from colloquy.services.items import items_from, refuse_too_large
from colloquy.services.ports import Clock, ConversationRows, IfMatch, ItemRows

_UPDATE_TRIES: Final = 8
_FACTS: Final = TypeAdapter(Conversation)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationDraft:
    """A conversation as a client asks for it."""

    title: str | None = None
    project_id: str | None = None
    metadata: dict[str, str]
    items: Sequence[ItemDraft] = ()


class Conversations:
    """What a caller can do with conversations; every call names its owner."""

    def __init__(self, conversations: ConversationRows, items: ItemRows, clock: Clock) -> None:
        self._conversations = conversations
        self._items = items
        self._clock = clock

    def create(
        self, owner_id: str, draft: ConversationDraft, once: Once | None = None
    ) -> Written[Conversation]:
        """Create a conversation with its first messages, all or nothing.

        Raises:
            NotFoundError: the project is not the caller's.
            TooLargeError: a message, or all together, are over the limit.
            IdempotencyMismatchError: the key was used for another request.
        """
        if draft.project_id is not None:
            known_id(ids.PROJECT, draft.project_id, "project", param="project_id")
        refuse_too_large(draft.items, within="items")
        now = self._clock()
        facts: Facts = {
            "id": ids.mint(ids.CONVERSATION, now),
            "at": now.isoformat(),
            "items": " ".join(mint_item_ids(draft.items, now)),
        }
        conversation, items = _created(owner_id, draft, facts)
        receipt = once.receipt(now, facts) if once else None
        try:
            self._conversations.add(conversation, items, receipt)
        except AlreadyDoneError as done:
            earlier, _ = _created(owner_id, draft, done.facts_for(once))
            return Written(earlier, replayed=True)
        return Written(conversation)

    def find(
        self,
        owner_id: str,
        page: PageRequest,
        archived: Archived = "false",
        project_id: str | None = None,
    ) -> Page[Conversation]:
        """Return a page of the caller's conversations, of one project if so asked.

        Raises:
            InvalidCursorError: the cursor is no conversation's id.
        """
        valid_cursor(ids.CONVERSATION, page.after, "conversation")
        if project_id is None:
            return take(self._conversations.find(owner_id, page, archived), page.limit)
        if not ids.is_id(ids.PROJECT, project_id):
            return Page([], has_more=False)
        found = self._conversations.find_in_project(owner_id, project_id, page, archived)
        return take(found, page.limit)

    def open(
        self, owner_id: str, conversation_id: str, order: Order = "asc"
    ) -> tuple[Conversation, Page[Item]]:
        """Return a conversation and as many of its messages as one answer holds.

        Raises:
            NotFoundError: the conversation is not the caller's.
        """
        known_id(ids.CONVERSATION, conversation_id, "conversation")
        conversation, found = self._items.read(owner_id, conversation_id, order)
        page = take(found)
        if not page.has_more:
            # Messages written or deleted since the header was read count as the page shows them.
            conversation = replace(conversation, item_count=len(page.data))
        return conversation, page

    def get(self, owner_id: str, conversation_id: str) -> Conversation:
        """Return a conversation without its messages.

        Raises:
            NotFoundError: the conversation is not the caller's.
        """
        known_id(ids.CONVERSATION, conversation_id, "conversation")
        conversation = self._conversations.get(owner_id, conversation_id)
        if conversation is None:
            raise NotFoundError("conversation")
        return conversation

    def update(
        self,
        owner_id: str,
        conversation_id: str,
        changes: ConversationChanges,
        if_match: IfMatch = None,
        once: Once | None = None,
    ) -> Written[Conversation]:
        """Apply what the client sent and return the conversation as it then is.

        Raises:
            NotFoundError: the conversation, or the project, is not the caller's.
            PreconditionFailedError: it is in none of the states ``if_match`` names.
            ConflictError: others kept changing it.
        """
        known_id(ids.CONVERSATION, conversation_id, "conversation")
        if changes.files_it:
            known_id(ids.PROJECT, changes.fields["project_id"], "project", param="project_id")
        if once is not None:
            return self._read_and_replace(owner_id, conversation_id, changes, if_match, once)
        now = self._clock()
        return Written(
            self._conversations.update(owner_id, conversation_id, changes, now, if_match)
        )

    def delete(self, owner_id: str, conversation_id: str, if_match: IfMatch = None) -> None:
        """Delete a conversation: from here on it is gone for every reader.

        Raises:
            NotFoundError: the conversation is not the caller's.
            PreconditionFailedError: it is in none of the states ``if_match`` names.
        """
        known_id(ids.CONVERSATION, conversation_id, "conversation")
        self._conversations.delete(owner_id, conversation_id, if_match)

    def _read_and_replace(
        self,
        owner_id: str,
        conversation_id: str,
        changes: ConversationChanges,
        if_match: IfMatch,
        once: Once,
    ) -> Written[Conversation]:
        """Update in a transaction with the receipt, which needs the answer before it is written."""
        for _ in range(_UPDATE_TRIES):
            before = self._conversations.get(owner_id, conversation_id)
            if before is None:
                earlier = self._conversations.receipt(owner_id, once.key)
                if earlier is None:
                    raise NotFoundError("conversation")
                return _replayed(AlreadyDoneError(earlier).facts_for(once))
            now = self._clock()
            after = changes.apply_to(before, now)
            facts = {"conversation": _FACTS.dump_json(after).decode()}
            receipt = once.receipt(now, facts)
            read = frozenset({before.revision})
            allowed = read if if_match is None else read & if_match
            try:
                # With nothing allowed too: what was done before comes before a precondition that
                # its own first try made stale, and only the write can tell.
                self._conversations.replace(after, allowed, receipt, files_it=changes.files_it)
            except AlreadyDoneError as done:
                return _replayed(done.facts_for(once))
            except ChangedMeanwhileError as conflict:
                if not allowed:
                    raise PreconditionFailedError("conversation") from conflict
            else:
                return Written(after)
        raise ConflictError("Others keep changing this conversation. Try again in a moment.")


def _replayed(facts: Facts) -> Written[Conversation]:
    return Written(_FACTS.validate_json(facts["conversation"]), replayed=True)


def _created(
    owner_id: str, draft: ConversationDraft, facts: Facts
) -> tuple[Conversation, list[Item]]:
    """Return what the draft becomes with these ids and this time."""
    at = datetime.fromisoformat(facts["at"])
    items = items_from(draft.items, facts["id"], facts["items"].split(), at)
    automatic = automatic_title(items)
    title = draft.title or (automatic.text if automatic else None)
    conversation = Conversation(
        id=facts["id"],
        owner_id=owner_id,
        title=title,
        title_source="user" if draft.title else "auto" if title else None,
        title_item=automatic.item_id if automatic and not draft.title else None,
        project_id=draft.project_id,
        metadata=draft.metadata,
        item_count=len(items),
        newest_item=items[-1].id if items else None,
        created_at=at,
        updated_at=at,
    )
    return conversation, items
