"""Make, list and revoke share links."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from colloquy.domain import ids
from colloquy.domain.conversation import Conversation
from colloquy.domain.errors import (
    ConflictError,
    InvalidCursorError,
    InvalidRequestError,
    NotFoundError,
)
from colloquy.domain.item import SHOWN_ROLES
from colloquy.domain.page import MAX_LIMIT, GaveUp, Page, PageRequest, take
from colloquy.domain.receipt import AlreadyDoneError, Facts, Once, Written
from colloquy.domain.share import (
    DEFAULT_EXPIRES_IN,
    Share,
    is_share_id,
    mint_share_id,
)
from colloquy.services.arguments import known_id, known_share
from colloquy.services.ports import Clock, ShareRows

_LOOKED_AT: Final = MAX_LIMIT
"""Links whose conversations are looked for in one read."""
_MOST_LOOKED_AT: Final = 1_000
_LOOK_SECONDS: Final = 5.0
"""How many links a page looks at, and how long, before it ends with those that work."""
_MOST_LISTED: Final = 20_000
"""Links of an owner that one list sorts: 8 MB of rows, two seconds of a third of a CPU."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareDraft:
    """A link as a client asks for it, ``expires_in`` in seconds.

    Links to one message are read-only and take the conversation's title; links to a conversation
    have no context.
    """

    expires_in: int = DEFAULT_EXPIRES_IN
    read_only: bool = True
    title: str | None = None
    include_context: bool = False


@dataclass(frozen=True, slots=True)
class ListedShare:
    """A link in its owner's list, and how often it was opened."""

    share: Share
    view_count: int

    @property
    def id(self) -> str:
        """The link's id."""
        return self.share.id

    @property
    def answer_bytes(self) -> int:
        """What it takes of an answer (``page.MAX_ANSWER_BYTES``)."""
        return self.share.answer_bytes


class Shares:
    """What an owner can do with links; every call names the owner."""

    def __init__(self, shares: ShareRows, clock: Clock) -> None:
        self._shares = shares
        self._clock = clock

    def create(
        self, owner_id: str, conversation_id: str, draft: ShareDraft, once: Once | None = None
    ) -> Written[Share]:
        """Make a link that shows a conversation as it is now.

        Raises:
            NotFoundError: the conversation is not the caller's.
            IdempotencyMismatchError: the key was used for another request.
        """
        known_id(ids.CONVERSATION, conversation_id, "conversation")
        if facts := facts_of(self._shares, owner_id, once, self._clock()):
            return Written(_made(owner_id, conversation_id, draft, facts), replayed=True)
        header = self._shares.header(owner_id, conversation_id)
        facts = self._mint(header, draft, of_message=False)
        share = replace(
            _made(owner_id, conversation_id, draft, facts),
            title=draft.title or header.title,
            title_epoch=None if draft.title else _epoch_of(header),
            up_to=header.newest_item,
        )
        return self._add(share, draft, facts, once)

    def create_for_message(
        self,
        owner_id: str,
        conversation_id: str,
        item_id: str,
        draft: ShareDraft,
        once: Once | None = None,
    ) -> Written[Share]:
        """Make a link that shows one message as it is now, with the question if so asked.

        Raises:
            NotFoundError: the conversation or the message is not the caller's.
            InvalidRequestError: it is a message that links never show.
            IdempotencyMismatchError: the key was used for another request.
        """
        known_id(ids.CONVERSATION, conversation_id, "conversation")
        item_id = known_id(ids.ITEM, ids.item_id_from(item_id), "message")
        if facts := facts_of(self._shares, owner_id, once, self._clock()):
            return Written(_made(owner_id, conversation_id, draft, facts), replayed=True)
        header, item, context = self._shares.message(
            owner_id, conversation_id, item_id, with_context=draft.include_context
        )
        if ids.is_hidden(item.id) or item.role not in SHOWN_ROLES:
            raise InvalidRequestError(
                "Links show what users and assistants say, but this is "
                + (
                    "a message of tool calls."
                    if item.role in SHOWN_ROLES
                    else f"a {item.role} message."
                ),
                param="item_id",
            )
        facts = self._mint(header, draft, of_message=True)
        share = replace(
            _made(owner_id, conversation_id, draft, facts),
            title=header.title,
            title_epoch=_epoch_of(header),
            up_to=item_id,
            item_id=item_id,
            context_id=context.id if context else None,
        )
        return self._add(share, draft, facts, once)

    def find(
        self, owner_id: str, page: PageRequest, conversation_id: str | None = None
    ) -> Page[ListedShare]:
        """Return a page of the links that work, of one conversation if so asked, by id.

        Raises:
            NotFoundError: the conversation is not the caller's.
            InvalidCursorError: the cursor is no link's id.
        """
        if page.after is not None and not is_share_id(page.after):
            raise InvalidCursorError("share link")
        if conversation_id is not None:
            known_id(ids.CONVERSATION, conversation_id, "conversation")
            self._shares.header(owner_id, conversation_id)
            found = self._shares.find_of(owner_id, conversation_id, page.after)
        else:
            found = iter(self._all(owner_id, page.after))
        working = take(self._working(found), page.limit)
        seen = self._shares.view_counts([share.id for share in working.data])
        listed = [ListedShare(share, seen.get(share.id, 0)) for share in working.data]
        return Page(listed, working.has_more, working.cursor)

    def revoke(self, owner_id: str, share_id: str, conversation_id: str | None = None) -> None:
        """Revoke a link: from here on it is gone for everyone.

        Raises:
            NotFoundError: the caller has no such link.
        """
        known_share(share_id)
        if conversation_id is None:
            conversation_id = self._shares.conversation_of(owner_id, share_id)
        elif not ids.is_id(ids.CONVERSATION, conversation_id):
            raise NotFoundError("share link")
        self._shares.revoke(owner_id, conversation_id, share_id)

    def _mint(self, header: Conversation, draft: ShareDraft, *, of_message: bool) -> Facts:
        now = self._clock()
        # Another clock, a moment ahead, may have stamped an edit that this link is to show.
        at = max(now, header.updated_at)
        return {
            "id": mint_share_id(of_message=of_message),
            "at": at.isoformat(),
            "until": (now + timedelta(seconds=draft.expires_in)).isoformat(),
        }

    def _add(
        self, share: Share, draft: ShareDraft, facts: Facts, once: Once | None
    ) -> Written[Share]:
        receipt = once.receipt(self._clock(), facts) if once else None
        try:
            self._shares.add(share, receipt)
        except AlreadyDoneError as done:
            earlier = _made(share.owner_id, share.conversation_id, draft, done.facts_for(once))
            return Written(earlier, replayed=True)
        return Written(share)

    def _all(self, owner_id: str, after: str | None) -> list[Share]:
        """Return an owner's links by id, behind a cursor.

        All of them are read: a link's id does not tell where it is among them (docs/adr/0034).
        """
        found = list(islice(self._shares.find(owner_id), _MOST_LISTED + 1))
        if len(found) > _MOST_LISTED:
            raise ConflictError(
                f"You have more than {_MOST_LISTED:,} links. List them by conversation: "
                "GET /v1/conversations/{conversation_id}/shares."
            )
        found.sort(key=lambda share: share.id)
        return [share for share in found if after is None or share.id > after]

    def _working(self, shares: Iterator[Share]) -> Iterator[Share | GaveUp]:
        now, deadline = self._clock(), time.monotonic() + _LOOK_SECONDS
        looked_at = 0
        while some := list(islice(shares, _LOOKED_AT)):
            fresh = [share for share in some if not share.has_expired(now)]
            living = self._shares.living(fresh) if fresh else {}
            yield from (living[share.id] for share in fresh if share.id in living)
            looked_at += len(some)
            if looked_at >= _MOST_LOOKED_AT or time.monotonic() > deadline:
                yield GaveUp(some[-1].id)
                return


def facts_of(shares: ShareRows, owner_id: str, once: Once | None, now: datetime) -> Facts | None:
    """Return what was minted when a request was first done, or None if it is new.

    Asked before anything else, for what the request named may be gone by now. The receipt's own
    condition still decides between two that come at the same time.

    Raises:
        IdempotencyMismatchError: the key was used for another request.
    """
    receipt = shares.receipt(owner_id, once.key) if once else None
    if receipt is None or receipt.expires_at <= now:
        return None
    return AlreadyDoneError(receipt).facts_for(once)


def _epoch_of(header: Conversation) -> int | None:
    return header.title_epoch if header.title_source == "auto" else None


def _made(owner_id: str, conversation_id: str, draft: ShareDraft, facts: Facts) -> Share:
    """Return the link as far as the request and what was minted for it tell."""
    return Share(
        id=facts["id"],
        owner_id=owner_id,
        conversation_id=conversation_id,
        read_only=draft.read_only,
        include_context=draft.include_context,
        created_at=datetime.fromisoformat(facts["at"]),
        expires_at=datetime.fromisoformat(facts["until"]),
    )
