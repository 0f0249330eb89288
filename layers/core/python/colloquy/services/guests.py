"""What a signed-in viewer does with a link: copy what it shows, write into it."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from pydantic import TypeAdapter

from colloquy.domain import ids
from colloquy.domain.conversation import UNKNOWN_ITEM, Conversation
from colloquy.domain.errors import NotFoundError, ReadOnlyError, TooLargeError
from colloquy.domain.item import Item, ItemDraft, automatic_title
from colloquy.domain.page import GaveUp
from colloquy.domain.receipt import AlreadyDoneError, Facts, Once, Written
from colloquy.domain.share import Cut, Share, ShownItem, shown
from colloquy.domain.title import MAX_TRIES
from colloquy.services.appending import APPEND_SECONDS, append_in_order
from colloquy.services.arguments import known_share
from colloquy.services.items import items_from, refuse_too_large
from colloquy.services.ports import Clock, GuestRows, ShareRows, SnapshotRows
from colloquy.services.shares import facts_of
from colloquy.services.viewing import Viewing

COPY_SECONDS: Final = 25.0
"""How long a copy may take; the request has 28 seconds."""
FORK_MAY_TAKE: Final = timedelta(hours=1)
"""After this a copy without a header is surely abandoned: no function runs that long."""

_READ_AT_ONCE: Final = 5_000
"""Messages asked for in one read: more than the 1 MB after which DynamoDB ends a page."""
_COPIED_AT_ONCE: Final = 200
_FACTS: Final = TypeAdapter(Conversation)


class Guests:
    """What viewers who have a token can do with links that others made."""

    def __init__(
        self, shares: ShareRows, snapshots: SnapshotRows, guests: GuestRows, clock: Clock
    ) -> None:
        self._shares = shares
        self._snapshots = snapshots
        self._viewing = Viewing(snapshots, clock)
        self._guests = guests
        self._clock = clock

    def fork(
        self, viewer_id: str, share_id: str, once: Once | None = None
    ) -> Written[Conversation]:
        """Make a conversation of the viewer's own with what a link shows.

        The messages are written first and the header last, so that nobody ever sees half a copy
        (docs/adr/0033).

        Raises:
            NotFoundError: there is no such link.
            ShareExpiredError: its time is over.
            TooLargeError: it shows more than one request can copy.
            IdempotencyMismatchError: the key was used for another request.
        """
        known_share(share_id)
        now = self._clock()
        if facts := facts_of(self._shares, viewer_id, once, now):
            return Written(_FACTS.validate_json(facts["conversation"]), replayed=True)
        share = self._viewing.link(share_id)
        until = time.monotonic() + COPY_SECONDS
        conversation = Conversation(
            id=ids.mint(ids.CONVERSATION, now),
            owner_id=viewer_id,
            created_at=now,
            updated_at=now,
        )
        share, found = self._all(share)
        # The first read proves that there is something to copy.
        items = list(islice(found, _COPIED_AT_ONCE))
        self._guests.begin_fork(viewer_id, conversation.id, now + FORK_MAY_TAKE)
        while items:
            if time.monotonic() > until:
                raise TooLargeError("This link shows more than one request can copy.")
            copies = _copies(items, conversation, now)
            self._guests.copy(viewer_id, copies)
            if conversation.item_count == 0:
                conversation = _titled(conversation, share, copies)
            conversation = replace(
                conversation,
                item_count=conversation.item_count + len(copies),
                newest_item=copies[-1].id,
            )
            items = list(islice(found, _COPIED_AT_ONCE))
        facts = {"conversation": _FACTS.dump_json(conversation).decode()}
        try:
            receipt = once.receipt(now, facts) if once else None
            self._guests.finish_fork(conversation, receipt)
        except AlreadyDoneError as done:
            earlier = _FACTS.validate_json(done.facts_for(once)["conversation"])
            return Written(earlier, replayed=True)
        return Written(conversation)

    def append(
        self, viewer_id: str, share_id: str, draft: ItemDraft, once: Once | None = None
    ) -> Written[Item]:
        """Write a viewer's message into the conversation behind a link that is not read-only.

        Raises:
            NotFoundError: there is no such link.
            ShareExpiredError: its time is over.
            ReadOnlyError: it lets nobody write.
            ConversationFullError: the conversation holds 10,000 messages.
            TooLargeError: the message is over the limit.
            IdempotencyMismatchError: the key was used for another request.
            ConflictError: others kept writing before us.
            ShareFullError: as much was written through the link as may be.
            RateLimitedError: ... or as much as may be in a minute.
        """
        deadline = time.monotonic() + APPEND_SECONDS
        known_share(share_id)
        refuse_too_large([draft])
        if facts := facts_of(self._shares, viewer_id, once, self._clock()):
            return Written(_written(viewer_id, share_id, draft, facts), replayed=True)
        share = self._viewing.link(share_id)
        if share.read_only:
            if share.id not in self._shares.living([share]):
                # Its conversation is deleted and its rows are about to be: as if it never was.
                raise NotFoundError("share link")
            raise ReadOnlyError

        def write(minted: list[str], now: datetime) -> Item:
            facts = {"item": minted[0], "at": now.isoformat()}
            written = _written(viewer_id, share_id, draft, facts)
            item = replace(written, conversation_id=share.conversation_id)
            receipt = once.receipt(now, facts) if once else None
            self._guests.append(share, viewer_id, item, receipt)
            return item

        try:
            return Written(append_in_order([draft], self._clock, deadline, write))
        except AlreadyDoneError as done:
            earlier = _written(viewer_id, share_id, draft, done.facts_for(once))
            return Written(earlier, replayed=True)

    def _all(self, share: Share) -> tuple[Share, Iterator[ShownItem]]:
        """Return a link as it is shown now, and all of its messages that have content, as read."""
        found: Iterable[Item]
        if share.item_id is not None:
            share, found = self._snapshots.message(share)
            return share, _copied(found, share)
        share, first = self._snapshots.page(share, Cut(limit=_READ_AT_ONCE))
        return share, _copied(self._to_the_end(share, first), share)

    def _to_the_end(self, share: Share, found: Iterator[Item | GaveUp]) -> Iterator[Item]:
        """Yield the messages of all the reads it takes, each from where the one before gave up."""
        while True:
            after: str | None = None
            for item in found:
                if isinstance(item, GaveUp):
                    after = item.last
                else:
                    yield item
            if after is None:
                return
            _, found = self._snapshots.page(share, Cut(limit=_READ_AT_ONCE, after=after))


def _copied(items: Iterable[Item], share: Share) -> Iterator[ShownItem]:
    return (copy for item in items if (copy := shown(item, share)).content)


def _titled(conversation: Conversation, share: Share, copies: Sequence[Item]) -> Conversation:
    """Return the copy with the link's title, or else with one from its own first message.

    A title that was automatic stays so, with the copy of its source for its source.
    """
    automatic = automatic_title(copies)
    if share.title is not None and share.title_epoch is None:
        return replace(conversation, title=share.title, title_source="user")
    if share.title is not None:
        return replace(
            conversation,
            title=share.title,
            title_source="auto",
            title_item=automatic.item_id if automatic else UNKNOWN_ITEM,
            title_tries=MAX_TRIES,
        )
    if automatic is None:
        return conversation
    return replace(
        conversation, title=automatic.text, title_source="auto", title_item=automatic.item_id
    )


def _copies(items: list[ShownItem], conversation: Conversation, now: datetime) -> list[Item]:
    """Return messages as the viewer's own: new ids behind those copied before, the old times."""
    minted = ids.mint_many(ids.ITEM, now, len(items), after=conversation.newest_item)
    return [
        Item(
            id=item_id,
            conversation_id=conversation.id,
            role=item.role,
            content=item.content,
            created_at=item.created_at,
        )
        for item, item_id in zip(items, minted, strict=True)
    ]


def _written(viewer_id: str, share_id: str, draft: ItemDraft, facts: Facts) -> Item:
    """Return the message a viewer's draft becomes, but for the conversation it is in."""
    at = datetime.fromisoformat(facts["at"])
    (item,) = items_from([draft], "", [facts["item"]], at)
    return replace(item, author=viewer_id, via_share=share_id)
