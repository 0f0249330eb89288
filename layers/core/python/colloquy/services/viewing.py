"""Open a share link: what anyone sees who has it."""

from collections.abc import Iterator
from dataclasses import replace

from colloquy.domain import ids
from colloquy.domain.errors import InvalidCursorError, NotFoundError, ShareExpiredError
from colloquy.domain.item import Item
from colloquy.domain.page import MAX_ANSWER_BYTES, GaveUp, take
from colloquy.domain.share import REMEMBERED_FOR, Cut, EndedShare, Share, View, shown
from colloquy.services.arguments import known_share
from colloquy.services.ports import Clock, SnapshotRows


class Viewing:
    """What everyone can do with a link they have."""

    def __init__(self, snapshots: SnapshotRows, clock: Clock) -> None:
        self._snapshots = snapshots
        self._clock = clock

    def open(self, share_id: str, cut: Cut, room: int = MAX_ANSWER_BYTES) -> View:
        """Return a page of what a link shows, of at most ``room`` bytes.

        Raises:
            NotFoundError: there is no such link, or what it shows is gone: never told apart.
            ShareExpiredError: its time is over.
            InvalidCursorError: ``cut`` names no message.
        """
        share = self.link(share_id)
        cut = _checked(cut)
        if share.item_id is not None:
            share, messages = self._snapshots.message(share)
            rows: Iterator[Item | GaveUp] = _within(messages, cut)
        else:
            share, rows = self._snapshots.page(share, cut)
        found = (item if isinstance(item, GaveUp) else shown(item, share) for item in rows)
        page = take(found, cut.limit, room)
        if cut.before is None:
            back = page.data[0].id if page.data and cut.after is not None else None
            return View(
                share=share, items=page.data, next_after=page.next_after, previous_before=back
            )
        items = page.data[::-1]
        # A page without messages, of a read that gave up, lies around its cursor.
        onwards = items[-1].id if items else page.cursor
        return View(share=share, items=items, next_after=onwards, previous_before=page.next_after)

    def link(self, share_id: str) -> Share:
        """Return a link that works, as of now.

        Raises:
            NotFoundError: there is no such link.
            ShareExpiredError: its time is over.
        """
        share = self._snapshots.link(known_share(share_id))
        now = self._clock()
        if share is None or now >= share.expires_at + REMEMBERED_FOR:
            raise NotFoundError("share link")
        if isinstance(share, EndedShare) or share.has_expired(now):
            raise ShareExpiredError
        return share


def _within(items: list[Item], cut: Cut) -> Iterator[Item]:
    """Yield a message and its context as a page yields a conversation's messages."""
    if cut.before is not None:
        return (item for item in reversed(items) if item.id < cut.before)
    return (item for item in items if cut.after is None or item.id > cut.after)


def _checked(cut: Cut) -> Cut:
    """Return the cut with item ids in it, however the client spelled them.

    Raises:
        InvalidCursorError: they are none.
    """
    after = ids.item_id_from(cut.after) if cut.after is not None else None
    before = ids.item_id_from(cut.before) if cut.before is not None else None
    if not all(ids.is_id(ids.ITEM, named) for named in (after, before) if named is not None):
        raise InvalidCursorError("message")
    return replace(cut, after=after, before=before)
