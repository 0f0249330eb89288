"""A part of an export: as many messages, with every text they had, as one answer holds."""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from colloquy.domain.conversation import Conversation
from colloquy.domain.item import Content, Item, ToolCall
from colloquy.domain.place import Place
from colloquy.domain.version import Version

PART_BYTES: Final = 4_500_000
"""What the messages of a part may take of an answer (``page.MAX_ANSWER_BYTES``); it is less, so
that a part can be sent to the import as it is, whose body may hold 5 MB."""
_BYTES_PER_VALUE: Final = 10
"""What a value of a content counts as at least: the import's body may hold 500,000 of them."""

History = Iterator[tuple[Item, Iterator[Version]]]
"""Messages in reading order, each with its older versions, oldest first, which are to be taken
before the next message is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedItem:
    """A message with the versions before its text; those behind them may be left to the next part.

    ``is_whole`` says that none are.
    """

    item: Item
    versions: list[Version]
    is_whole: bool = True

    @property
    def place(self) -> Place:
        """The place behind what is here of the message."""
        if self.is_whole:
            return Place(self.item.id)
        return Place(self.item.id, self.versions[-1].number)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportPart:
    """A part of an export: what comes behind ``after``, up to ``next_after`` if that is set."""

    conversation: Conversation
    items: list[ExportedItem]
    after: Place | None
    next_after: Place | None


def fill(found: History, room: int, until: float) -> tuple[list[ExportedItem], bool]:
    """Return what of a history fits ``room`` bytes of an answer, and whether anything is left.

    A message whose versions do not all fit is cut behind one of them. The first text is always
    taken, whatever the room and the time (``until`` of ``time.monotonic``).
    """
    taken: list[ExportedItem] = []
    for item, versions in found:
        room -= max(item.answer_bytes, _bytes_of_values(item.content, item.tool_calls))
        if taken and _is_over(room, until):
            return taken, True
        kept: list[Version] = []
        for version in versions:
            room -= max(version.answer_bytes, _bytes_of_values(version.content))
            if (taken or kept) and _is_over(room, until):
                if kept:
                    taken.append(ExportedItem(item=item, versions=kept, is_whole=False))
                return taken, True
            kept.append(version)
        taken.append(ExportedItem(item=item, versions=kept))
    return taken, False


def _is_over(room: int, until: float) -> bool:
    return room < 0 or time.monotonic() > until


def _bytes_of_values(content: Content, tool_calls: Sequence[ToolCall] = ()) -> int:
    if isinstance(content, str) and not tool_calls:
        return 0
    parts = None if isinstance(content, str) else content
    text = json.dumps([parts, tool_calls])
    return _BYTES_PER_VALUE * (text.count(",") + text.count("[") + text.count("{"))
