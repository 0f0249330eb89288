"""A place in a conversation, behind which a part of an export begins."""

from dataclasses import dataclass
from typing import Final

from colloquy.domain import ids
from colloquy.domain.version import MAX_VERSIONS

_WHOLE: Final = MAX_VERSIONS + 1


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Behind a message with all of its texts, or behind one of its older versions.

    Places sort as a conversation is read: a message's versions stand before it, oldest first.
    """

    item_id: str
    version: int = _WHOLE

    def __str__(self) -> str:
        """Spell the place as a cursor: ``item_…``, or ``item_….17`` behind a version."""
        return self.item_id if self.is_whole else f"{self.item_id}.{self.version}"

    @property
    def is_whole(self) -> bool:
        """Whether nothing of the message comes behind it."""
        return self.version == _WHOLE


def place_from(text: str) -> Place | None:
    """Return the place a cursor names, or None where it names none."""
    name, dot, number = text.partition(".")
    item_id = ids.item_id_from(name)
    if not ids.is_id(ids.ITEM, item_id):
        return None
    if not dot:
        return Place(item_id)
    digits = number.isascii() and number.isdecimal() and not number.startswith("0")
    if not digits or len(number) > len(str(MAX_VERSIONS)):
        return None
    return Place(item_id, int(number))
