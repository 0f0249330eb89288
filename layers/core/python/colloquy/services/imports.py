"""Take back in what was exported, in as many parts as it came out."""

import time
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import Final

from pydantic import TypeAdapter

from colloquy.domain import ids
from colloquy.domain.conversation import UNKNOWN_ITEM, Conversation
from colloquy.domain.errors import (
    ColloquyError,
    InvalidRequestError,
    NotFoundError,
    UnavailableError,
)
from colloquy.domain.imports import MAY_TAKE, PART_MAY_TAKE, Import, ImportPart, texts_of
from colloquy.domain.receipt import AlreadyDoneError, Facts, Once, Receipt, Written
from colloquy.domain.title import MAX_TRIES
from colloquy.services.arguments import known_id
from colloquy.services.import_rules import refuse_elsewhere, refuse_inconsistent, refuse_too_many
from colloquy.services.ports import Clock, ConversationRows, ImportRows

_WRITE_SECONDS: Final = 15.0
"""When a part stops where it is: checking it may have taken 3 seconds, the last rows may take 8
more, and the request has 28."""
_WRITTEN_AT_ONCE: Final = 200
"""Texts: eight batches side by side."""

_IMPORT: Final = TypeAdapter(Import)
_CONVERSATION: Final = TypeAdapter(Conversation)

Imported = Conversation | Import
"""What has become of a part: the conversation, or how far its import has come."""


class Imports:
    """What a caller can bring along; every call names the owner."""

    def __init__(self, conversations: ConversationRows, rows: ImportRows, clock: Clock) -> None:
        self._conversations = conversations
        self._rows = rows
        self._clock = clock

    def take(
        self, owner_id: str, part: ImportPart, import_id: str | None, once: Once | None = None
    ) -> Written[Imported]:
        """Write a part of an export: the first begins an import, the last makes it a conversation.

        The messages come first and the header last, so that nobody ever sees half of it
        (docs/adr/0041). A part that comes again writes what it has not written, and nothing else.
        What does not fit the request's time is left to the next one: the answer says up to where
        it has come.

        Raises:
            InvalidRequestError: the part is not what an export gives, or not the one that follows.
            TooLargeError: a text in it is over the limit of a message.
            NotFoundError: there is no such import, it is finished, or its time was over.
            ConflictError: another part of it is being written.
            IdempotencyMismatchError: the key was used for another request.
        """
        now = self._clock()
        refuse_inconsistent(part, now)
        earlier = self._conversations.receipt(owner_id, once.key) if once else None
        if earlier is not None:
            return _replayed(AlreadyDoneError(earlier).facts_for(once))
        if import_id is None:
            state = self._begin(owner_id, part)
        else:
            known_id(ids.CONVERSATION, import_id, "import", param="import_id")
            state = self._rows.take(owner_id, import_id, now)
        try:
            return self._go_on(part, state, once)
        except AlreadyDoneError as done_meanwhile:
            return _replayed(done_meanwhile.facts_for(once))
        except Exception:
            # What keeps it taken is over in half a minute anyway.
            with suppress(ColloquyError):
                self._rows.hand_back(state, None)
            raise

    def _begin(self, owner_id: str, part: ImportPart) -> Import:
        if part.after is not None:
            raise InvalidRequestError(
                "This is not the first part. Send that one first, and name the import it begins "
                "with this one: '?import_id=…'.",
                param="import_id",
                code="missing_required",
            )
        now = self._clock()
        state = Import(
            # Lists are in the order of ids: it stands where it stood.
            id=ids.mint(ids.CONVERSATION, part.conversation.created_at),
            owner_id=owner_id,
            source_id=part.conversation.id,
            due_at=now + MAY_TAKE,
            busy_until=now + PART_MAY_TAKE,
        )
        self._rows.begin(state)
        return state

    def _go_on(self, part: ImportPart, state: Import, once: Once | None) -> Written[Imported]:
        refuse_elsewhere(part, state)
        refuse_too_many(part, state)
        state, is_written = self._write(part, state)
        if is_written and part.next_after is None:
            return Written(self._finish(part, state, once))
        facts = {"import": _IMPORT.dump_json(state).decode()}
        self._rows.hand_back(state, once.receipt(self._clock(), facts) if once else None)
        return Written(state)

    def _write(self, part: ImportPart, state: Import) -> tuple[Import, bool]:
        """Write what is new in a part; return how far it has come, and whether to the end."""
        until = time.monotonic() + _WRITE_SECONDS
        begun_at = state.up_to
        texts = texts_of(part, state)
        while some := list(islice(texts, _WRITTEN_AT_ONCE)):
            if state.up_to != begun_at and time.monotonic() > until:
                return state, False
            try:
                self._rows.write(state.owner_id, some)
            except UnavailableError:
                if state.up_to == begun_at:
                    raise
                # What is written stays: the same part, sent again, goes on from there.
                return state, False
            state = state.behind(some)
        return state, True

    def _finish(self, part: ImportPart, state: Import, once: Once | None) -> Conversation:
        header = part.conversation
        conversation = replace(
            header,
            id=state.id,
            owner_id=state.owner_id,
            item_count=state.item_count,
            newest_item=state.newest_item,
            # An automatic title comes back as it was: no model is asked for a better one.
            title_tries=MAX_TRIES if header.title_source == "auto" else 0,
            title_item=UNKNOWN_ITEM if header.title_source == "auto" else None,
        )
        try:
            self._rows.finish(state, conversation, self._receipt(conversation, once))
        except NotFoundError:
            # The project is someone else's, or gone since.
            conversation = replace(conversation, project_id=None)
            self._rows.finish(state, conversation, self._receipt(conversation, once))
        return conversation

    def _receipt(self, conversation: Conversation, once: Once | None) -> Receipt | None:
        facts = {"conversation": _CONVERSATION.dump_json(conversation).decode()}
        return once.receipt(self._clock(), facts) if once else None


def _replayed(facts: Facts) -> Written[Imported]:
    if "conversation" in facts:
        return Written(_CONVERSATION.validate_json(facts["conversation"]), replayed=True)
    return Written(_IMPORT.validate_json(facts["import"]), replayed=True)
