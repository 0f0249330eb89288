"""Share links to rows and back: the link itself, and what its owner keeps of it."""

from datetime import datetime
from math import ceil
from typing import Any, Final

from colloquy.domain.item import Item
from colloquy.domain.share import REMEMBERED_FOR, AbandonedFork, Share
from colloquy.store import keys
from colloquy.store.rows import Row, moment_from, timestamp

ENDED: Final = "expired_share"
"""The type of what is left of a link that has expired: a row of nothing but its end."""
COUNTS: Final = ("written", "written_minute", "written_in_minute")
"""What a link's row counts of the messages viewers write through it."""


def link_to_row(share: Share) -> Row:
    """Return the link's row, with its place in the index of what the cleanup is to look at."""
    key = keys.link(share.id)
    return {
        "PK": key.partition,
        "SK": key.sort,
        "type": "share",
        **due(share.id, share.due_at),
        "owner": share.owner_id,
        **_facts(share),
        "ttl": forgotten_at(share),
    }


def forgotten_at(share: Share) -> int:
    """Return until when a link's row says at least that it has expired, as a time to live."""
    return ceil((share.expires_at + REMEMBERED_FOR).timestamp())


def owned_link_to_row(share: Share) -> Row:
    """Return the row by which the link's owner lists and revokes it."""
    key = keys.owned_link(share.owner_id, share.conversation_id, share.id)
    return {
        "PK": key.partition,
        "SK": key.sort,
        "type": "share_ref",
        **_facts(share),
        # Not a second early: the TTL is only behind the reader's own check and the cleanup.
        "ttl": ceil(share.expires_at.timestamp()),
    }


def share_from_row(row: Row, owner_id: str) -> Share:
    """Return the link that one of its rows holds."""
    return Share(
        id=row["share_id"],
        owner_id=owner_id,
        conversation_id=row["conversation_id"],
        item_id=row.get("item_id"),
        include_context=row["include_context"],
        context_id=row.get("context_id"),
        read_only=row["read_only"],
        title=row.get("title"),
        title_epoch=int(row["title_epoch"]) if "title_epoch" in row else None,
        up_to=row.get("up_to"),
        created_at=moment_from(row["created_at"]),
        expires_at=moment_from(row["expires_at"]),
    )


def fork_to_row(fork: AbandonedFork, due_at: datetime) -> Row:
    """Return the note that a copy has begun, which the cleanup finds if it never ends."""
    key = keys.fork(fork.owner_id, fork.conversation_id)
    return {
        "PK": key.partition,
        "SK": key.sort,
        "type": "fork",
        **due(fork.conversation_id, due_at),
        "owner": fork.owner_id,
        "conversation_id": fork.conversation_id,
    }


def guest_reference_to_row(share: Share, item: Item) -> Row:
    """Return the row by which a link finds a message that was written through it."""
    key = keys.guest_reference(share.owner_id, item.conversation_id, share.digest, item.id)
    return {"PK": key.partition, "SK": key.sort, "type": "guest_ref", "item_id": item.id}


def due(some_id: str, at: datetime) -> Row:
    """Return the attributes that put a row before the cleanup at a moment."""
    return {"GSI2PK": keys.due_partition(some_id), "GSI2SK": timestamp(at)}


def _facts(share: Share) -> dict[str, Any]:
    return {
        "share_id": share.id,
        "conversation_id": share.conversation_id,
        "item_id": share.item_id,
        "include_context": share.include_context,
        "context_id": share.context_id,
        "read_only": share.read_only,
        "title": share.title,
        "title_epoch": share.title_epoch,
        "up_to": share.up_to,
        "created_at": timestamp(share.created_at),
        "expires_at": timestamp(share.expires_at),
    }
