"""What a part of an export must be for an import to take it: what ``Exports`` gives, no less."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, NoReturn

from colloquy.domain import ids
from colloquy.domain.conversation import MAX_MESSAGES
from colloquy.domain.errors import InvalidRequestError, TooLargeError
from colloquy.domain.export import ExportedItem
from colloquy.domain.imports import Import, ImportPart
from colloquy.domain.item import MAX_MESSAGE_BYTES, Content, ItemDraft
from colloquy.domain.place import Place

_AHEAD: Final = timedelta(minutes=1)
"""How far the clock of the machine that exported may be before ours."""
_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Ids count from here."""


def refuse_inconsistent(part: ImportPart, now: datetime) -> None:
    """Pass a part whose messages, versions, times and cursors fit together.

    Raises:
        InvalidRequestError: they do not; ``param`` names what does not.
        TooLargeError: a text is over the limit of a message.
    """
    header = part.conversation
    for name, moment in (("created_at", header.created_at), ("updated_at", header.updated_at)):
        _refuse_strange_time(f"conversation.{name}", moment, now)
    if (header.title is None) != (header.title_source is None):
        _refuse(
            "conversation.title_source",
            "must be 'user' or 'auto' where there is a title, and null where there is none",
        )
    place = part.after
    for number, entry in enumerate(part.items):
        name = f"items[{number}]"
        _refuse_strange_message(name, entry, now)
        _refuse_gap(name, entry, place)
        place = entry.place
    # A part that ends amid a message says so in its cursor, and there alone.
    if part.next_after is not None and part.next_after != place:
        _refuse("next_after", "must be null, or name the last message of this part")


def refuse_elsewhere(part: ImportPart, state: Import) -> None:
    """Pass a part that goes on where its import is, or before.

    Raises:
        InvalidRequestError: it is a part of something else, or one before it is missing.
    """
    if part.conversation.id != state.source_id:
        _refuse("conversation.id", "is not the conversation whose parts this import has had")
    if state.up_to is None and part.after is None:
        return
    if state.up_to is None or (part.after is not None and part.after > state.up_to):
        there = f"behind {state.up_to}" if state.up_to else "at the beginning"
        _refuse("after", f"leaves a gap: send the part that begins {there} first")
    cut = state.up_to if not state.up_to.is_whole else None
    new = next((entry for entry in part.items if entry.place > state.up_to), None)
    is_over = new is None and part.next_after is None
    if cut and (is_over or (new and new.item.id != cut.item_id)):
        _refuse(
            "items",
            f"do not go on with {cut.item_id}, whose versions the part before began with: the "
            "message was deleted while it was exported. Export the conversation again",
        )


def refuse_too_many(part: ImportPart, state: Import) -> None:
    """Pass a part with which the conversation holds no more than 10,000 messages.

    Raises:
        InvalidRequestError: it would.
    """
    new = sum(
        entry.is_whole for entry in part.items if not state.up_to or entry.place > state.up_to
    )
    if state.item_count + new > MAX_MESSAGES:
        raise InvalidRequestError(
            f"A conversation holds at most {MAX_MESSAGES:,} messages, but with this part it would "
            f"have {state.item_count + new:,}.",
            param="items",
            code="above_max",
        )


def _refuse_strange_message(name: str, entry: ExportedItem, now: datetime) -> None:
    item = entry.item
    if not ids.is_minted(ids.ITEM, item.id):
        _refuse(f"{name}.id", "must be the id of a message, as the export gave it")
    if ids.milliseconds_of(item.id) > (now + _AHEAD).timestamp() * 1000:
        _refuse(f"{name}.id", "is of a time that is yet to come")
    if (item.edited_at is None) != (item.version == 1):
        _refuse(f"{name}.edited_at", "must be null in version 1, and a time in every other")
    _refuse_strange_time(f"{name}.created_at", item.created_at, now)
    if item.edited_at is not None:
        _refuse_strange_time(f"{name}.edited_at", item.edited_at, now)
    for number, version in enumerate(entry.versions):
        _refuse_strange_time(f"{name}.versions[{number}].created_at", version.created_at, now)
    for where, content in _texts_of(name, entry):
        draft = ItemDraft(
            role=item.role,
            content=content,
            call_id=item.call_id,
            metadata=item.metadata,
            **item.chat_fields,
        )
        if draft.size > MAX_MESSAGE_BYTES:
            raise TooLargeError(
                f"A message may hold {MAX_MESSAGE_BYTES:,} bytes in UTF-8 JSON, "
                f"but this one has {draft.size:,}.",
                param=where,
            )


def _texts_of(name: str, entry: ExportedItem) -> Iterator[tuple[str, Content]]:
    yield name, entry.item.content
    for number, version in enumerate(entry.versions):
        yield f"{name}.versions[{number}]", version.content


def _refuse_gap(name: str, entry: ExportedItem, before: Place | None) -> None:
    """Refuse a message that does not stand behind a place, or misses a version."""
    item, first = entry.item, 1
    if before is not None and before.item_id == item.id and not before.is_whole:
        first = before.version + 1
    elif before is not None and ids.order_of(item.id) <= ids.order_of(before.item_id):
        _refuse(f"{name}.id", f"must sort behind {before.item_id}, which stands before it")
    numbers = [version.number for version in entry.versions]
    if numbers != list(range(first, first + len(numbers))):
        _refuse(f"{name}.versions", f"must be numbered from {first} on, without a gap")
    last = numbers[-1] if numbers else first - 1
    if last >= item.version:
        _refuse(f"{name}.versions", f"must be older than version {item.version}, the text it has")
    if entry.is_whole and last != item.version - 1:
        _refuse(f"{name}.versions", f"must lead up to version {item.version - 1}")


def _refuse_strange_time(name: str, moment: datetime, now: datetime) -> None:
    if not _FIRST <= moment <= now + _AHEAD:
        _refuse(name, "must lie between 1970 and now")


def _refuse(name: str, why: str) -> NoReturn:
    raise InvalidRequestError(f"'{name}' {why}.", param=name)
