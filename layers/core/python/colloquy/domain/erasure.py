"""What is left to erase once a conversation, a message or a link is gone for every reader."""

from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """A deleted conversation whose rows are to go.

    ``asked_at`` is when its header went. ``round`` counts the invocations that ran out of time
    before; ``size`` is how many messages it had, where that is known, to take small ones first.
    """

    owner_id: str
    conversation_id: str
    asked_at: datetime
    round: int = 0
    size: int | None = None

    def next_round(self) -> "Erasure":
        """Return what the invocation after this one is asked for."""
        return replace(self, round=self.round + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LostLink:
    """A share link removed at ``asked_at``, whose row on its owner's side is to go."""

    owner_id: str
    conversation_id: str
    share_id: str
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LostVersions:
    """A message removed at ``asked_at``, whose older versions are to go."""

    owner_id: str
    conversation_id: str
    item_id: str
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LostProject:
    """A project whose deletion began at ``asked_at``, and may have been cut off since."""

    owner_id: str
    project_id: str
    with_conversations: bool
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """What one invocation did for an erasure: rows it erased, and whether none is left."""

    rows: int
    finished: bool


class StillLivingError(Exception):
    """An erasure was asked for of a conversation whose header is there: nothing was erased."""
