"""Change messages that are there: edit, list and restore versions, delete."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Final

from colloquy.domain import ids
from colloquy.domain.conversation import Conversation
from colloquy.domain.errors import (
    ChangedMeanwhileError,
    ConflictError,
    InvalidCursorError,
    InvalidRequestError,
    NotFoundError,
    PreconditionFailedError,
)
from colloquy.domain.item import Content, Item, ItemDraft
from colloquy.domain.page import Page, PageRequest, take
from colloquy.domain.receipt import AlreadyDoneError, Facts, Once, Written
from colloquy.domain.retitle import Retitle, is_source, retitle_after_edit, retitle_from
from colloquy.domain.version import MAX_VERSIONS, Text, Version, at_version, with_text
from colloquy.services.arguments import known_id
from colloquy.services.items import refuse_too_large
from colloquy.services.ports import Clock, EditRows, IfMatch

_WRITE_TRIES: Final = 30
"""Each lost try means that another version was written meanwhile."""

_NUMBER: Final = re.compile(r"[1-9][0-9]{0,5}")

NextText = Callable[[Item], Text]
"""Gives the next text of a message that was just read."""


class Edits:
    """What a caller can do with messages that are there; every call names their owner."""

    def __init__(self, edits: EditRows, clock: Clock) -> None:
        self._edits = edits
        self._clock = clock

    def edit(
        self,
        owner_id: str,
        conversation_id: str,
        item_id: str,
        content: Content,
        if_match: IfMatch = None,
        once: Once | None = None,
    ) -> Written[Item]:
        """Give a message another text, in its place; the messages after it stay.

        Raises:
            NotFoundError: the conversation or the message is not the caller's.
            TooLargeError: the message would be over the limit.
            PreconditionFailedError: it has none of the versions ``if_match`` names.
            IdempotencyMismatchError: the key was used for another request.
            ConflictError: others kept changing it.
        """

        def text(_: Item) -> Text:
            return Text(content)

        return self._write(owner_id, conversation_id, item_id, text, if_match, once)

    def restore(
        self,
        owner_id: str,
        conversation_id: str,
        item_id: str,
        version: str,
        once: Once | None = None,
    ) -> Written[Item]:
        """Give a message a text it has had, as a new version written by who wrote that text.

        Raises:
            NotFoundError: the conversation, the message or the version is not the caller's.
            IdempotencyMismatchError: the key was used for another request.
            ConflictError: others kept changing it.
        """
        number = _number_from(version)

        def text(item: Item) -> Text:
            wanted = self._edits.version(owner_id, item, number) if number else None
            if wanted is None:
                raise NotFoundError("version")
            return Text(wanted.content, wanted.model, wanted.usage, wanted.status)

        return self._write(owner_id, conversation_id, item_id, text, None, once)

    def versions(
        self, owner_id: str, conversation_id: str, item_id: str, page: PageRequest
    ) -> Page[Version]:
        """Return a page of a message's versions, newest first, the current one included.

        Raises:
            NotFoundError: the conversation or the message is not the caller's.
            InvalidCursorError: the cursor is no version's number.
        """
        if page.after is not None and _number_from(page.after) is None:
            raise InvalidCursorError("version")
        _, item, _ = self._edits.read(owner_id, *_known(conversation_id, item_id))
        return take(self._edits.versions(owner_id, item, page), page.limit)

    def delete(
        self, owner_id: str, conversation_id: str, item_id: str, if_match: IfMatch = None
    ) -> Conversation:
        """Delete one message with its versions; the others stay, and so does their order.

        Returns the conversation as it was before.

        Raises:
            NotFoundError: the conversation or the message is not the caller's.
            PreconditionFailedError: it has none of the versions ``if_match`` names.
            ConflictError: others kept changing it.
        """
        where = _known(conversation_id, item_id)
        for _ in range(_WRITE_TRIES):
            conversation, item, _ = self._edits.read(owner_id, *where)
            if if_match is not None and item.version not in if_match:
                raise PreconditionFailedError("message")
            try:
                retitle = _retitled(self._edits, conversation, item, None)
                self._edits.remove(owner_id, item, self._clock(), retitle)
            except ChangedMeanwhileError:
                continue
            return conversation
        raise _keeps_changing()

    def _write(
        self,
        owner_id: str,
        conversation_id: str,
        item_id: str,
        text: NextText,
        if_match: IfMatch,
        once: Once | None,
    ) -> Written[Item]:
        where = _known(conversation_id, item_id)
        return write_version(
            self._edits, self._clock, (owner_id, *where), text, if_match=if_match, once=once
        )


def write_version(
    edits: EditRows,
    clock: Clock,
    where: tuple[str, str, str],
    text: NextText,
    *,
    if_match: IfMatch = None,
    once: Once | None = None,
) -> Written[Item]:
    """Write the next version of a message; of two writers at once, one comes after the other.

    A receipt holds only the number of the version: its text is in the message or among its
    versions as long as the message is there (docs/adr/0010).

    Raises:
        NotFoundError: the conversation or the message is not there.
        TooLargeError: the message would be over the limit.
        PreconditionFailedError: it has none of the versions ``if_match`` names.
        IdempotencyMismatchError: the key was used for another request.
        ConflictError: others kept changing it.
    """
    owner_id = where[0]
    for _ in range(_WRITE_TRIES):
        conversation, item, earlier = edits.read(*where, once)
        # A replay comes before the precondition, which its own first try made stale.
        if earlier is not None:
            return replayed(edits, owner_id, item, AlreadyDoneError(earlier).facts_for(once))
        if if_match is not None and item.version not in if_match:
            raise PreconditionFailedError("message")
        if item.kind is not None:
            raise InvalidRequestError(
                f"Only messages have texts to change, but this is a {item.kind} item.",
                param="item_id",
            )
        now = clock()
        after = with_text(item, text(item), _later(item, now))
        if after.version > MAX_VERSIONS:
            raise ConflictError(f"A message holds at most {MAX_VERSIONS:,} versions.")
        refuse_too_large([_draft_of(after)])
        receipt = once.receipt(now, {"version": str(after.version)}) if once else None
        try:
            retitle = _retitled(edits, conversation, item, after)
            edits.rewrite(owner_id, item, after, receipt, retitle)
        except (AlreadyDoneError, ChangedMeanwhileError):
            # The next reading finds the other's version, or the receipt of this request.
            continue
        return Written(after)
    raise _keeps_changing()


def replayed(edits: EditRows, owner_id: str, item: Item, facts: Facts) -> Written[Item]:
    """Return the answer again that a request with these facts had."""
    version = edits.version(owner_id, item, int(facts["version"]))
    if version is None:
        raise NotFoundError("version")
    return Written(at_version(item, version), replayed=True)


def _retitled(
    edits: EditRows, conversation: Conversation, item: Item, after: Item | None
) -> Retitle | None:
    """Return what a change of ``item`` makes of the title, or None where it is not its source.

    ``after`` is None where the message is deleted. Only a source that gives no title any more costs
    a further read, which is bounded.
    """
    if not is_source(conversation, item):
        return None
    if after is not None and (retitle := retitle_after_edit(conversation, after)):
        return retitle
    found = edits.first_titling(conversation.owner_id, conversation.id, without=item.id)
    return retitle_from(conversation, found)


def _known(conversation_id: str, item_id: str) -> tuple[str, str]:
    known_id(ids.CONVERSATION, conversation_id, "conversation")
    return conversation_id, known_id(ids.ITEM, ids.item_id_from(item_id), "message")


def _number_from(text: str) -> int | None:
    """Return the version number a client means, or None where it can be none."""
    return int(text) if _NUMBER.fullmatch(text) else None


def _later(item: Item, now: datetime) -> datetime:
    """Return a moment not before the text that is replaced, whatever this machine's clock says."""
    return max(now, item.edited_at or item.created_at)


def _draft_of(item: Item) -> ItemDraft:
    return ItemDraft(
        role=item.role,
        content=item.content,
        call_id=item.call_id,
        metadata=item.metadata,
        **item.chat_fields,
    )


def _keeps_changing() -> ConflictError:
    return ConflictError("Others keep changing this message. Try again in a moment.")
