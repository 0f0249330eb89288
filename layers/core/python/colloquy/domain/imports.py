"""An import: a conversation that comes in parts, and is seen by nobody before the last of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from colloquy.domain import ids
from colloquy.domain.conversation import Conversation
from colloquy.domain.export import ExportedItem
from colloquy.domain.item import Item, is_hidden
from colloquy.domain.place import Place
from colloquy.domain.version import Version

MAY_TAKE: Final = timedelta(hours=1)
"""After this time without another part an import is given up, and what it has written erased."""
GRACE: Final = timedelta(minutes=5)
"""How long before that no part is begun any more: the cleanup must not meet a writer."""
PART_MAY_TAKE: Final = timedelta(seconds=30)
"""How long a part keeps others out: a request ends after 28 seconds, killed or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """How far an import has come; ``id`` is what its conversation will be called.

    ``source_id`` is the conversation that was exported, ``up_to`` the place in it behind which
    nothing has been written yet. ``busy_until`` is set while a part is being written, and names
    who writes it.
    """

    id: str
    owner_id: str
    source_id: str
    due_at: datetime
    up_to: Place | None = None
    item_count: int = 0
    newest_item: str | None = None
    busy_until: datetime | None = None

    def behind(self, texts: Sequence["ImportedText"]) -> "Import":
        """Return how far the import has come with these texts."""
        whole = [text.item.id for text in texts if text.version is None]
        return replace(
            self,
            up_to=texts[-1].source,
            item_count=self.item_count + len(whole),
            newest_item=whole[-1] if whole else self.newest_item,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPart:
    """A part of an export as it came back: entries that follow on one another, behind ``after``."""

    conversation: Conversation
    items: Sequence[ExportedItem]
    after: Place | None
    next_after: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedText:
    """One text to be written: a message as it is, or an older version of it.

    ``source`` is where it stands in what was exported.
    """

    item: Item
    version: Version | None
    source: Place


def texts_of(part: ImportPart, state: Import) -> Iterator[ImportedText]:
    """Yield what a part adds to an import, in reading order, under the ids it gets there.

    The ids are the exported ones moved by the import's own: the same whenever a part comes again,
    and in the same order.
    """
    for entry in part.items:
        if state.up_to is not None and entry.place <= state.up_to:
            continue
        item = replace(entry.item, id=_moved(entry.item, state), conversation_id=state.id)
        for version in entry.versions:
            place = Place(entry.item.id, version.number)
            if state.up_to is None or place > state.up_to:
                yield ImportedText(item=item, version=version, source=place)
        if entry.is_whole:
            yield ImportedText(item=item, version=None, source=entry.place)


def _moved(item: Item, state: Import) -> str:
    """Return the id a message gets, marked by its role whatever the exported id's mark says.

    Except an assistant's message of tool calls that was edited since: it stays hidden, and its
    versions, which may come in another part, get the same id.
    """
    stays_hidden = item.role == "assistant" and ids.is_hidden(item.id)
    hidden = stays_hidden or is_hidden(item.role, item.content)
    return ids.moved(item.id, state.id, hidden=hidden)
