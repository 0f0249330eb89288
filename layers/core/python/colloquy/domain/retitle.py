"""What becomes of an automatic title when the message it was taken from changes."""

from dataclasses import dataclass

from colloquy.domain.conversation import UNKNOWN_ITEM, Conversation
from colloquy.domain.item import Item, automatic_title
from colloquy.domain.title import AutomaticTitle


@dataclass(frozen=True, slots=True)
class Retitle:
    """The change of a title whose source is edited or deleted in the same transaction.

    ``before`` is the conversation as it was read. ``title`` replaces an automatic title, and None
    removes it; a title of the user's stays. ``checked`` is another message that ``title`` was taken
    from, which must not change before the title is written.
    """

    before: Conversation
    title: AutomaticTitle | None
    checked: Item | None = None


def is_source(conversation: Conversation, item: Item) -> bool:
    """Report whether the conversation's automatic title, now or before, came from the message."""
    if conversation.title_source != "auto":
        return conversation.title_item == item.id
    if conversation.title_item in {None, UNKNOWN_ITEM}:
        return item.role == "user"
    return conversation.title_item == item.id


def retitle_after_edit(conversation: Conversation, after: Item) -> Retitle | None:
    """Return the title that an edited source gives, or None where it gives none."""
    title = automatic_title([after])
    return Retitle(conversation, title) if title else None


def retitle_from(conversation: Conversation, found: Item | None) -> Retitle:
    """Return the title that the first remaining user message gives, if there is one."""
    return Retitle(conversation, automatic_title([found]) if found else None, found)
