"""What the cleanup is to look at, by the index of due moments: links, and copies never finished."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

from colloquy.domain.errors import NotFoundError
from colloquy.domain.share import AbandonedFork, Share
from colloquy.store import keys
from colloquy.store.rows import Row, encode, timestamp
from colloquy.store.share_rows import (
    COUNTS,
    ENDED,
    due,
    forgotten_at,
    link_to_row,
    share_from_row,
)
from colloquy.store.sweep import sweep_all
from colloquy.store.table import BATCH_READ, Table

_PAGE: Final = 500
_KEPT: Final = frozenset({"PK", "SK", "type", "ttl", "expires_at"})
"""What is left of a link that has expired."""


class DueStore:
    """Finds, postpones and erases what is due."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def due(self, now: datetime) -> Iterator[Sequence[Share | AbandonedFork]]:
        """Yield what is due, up to 100 at a time, of each partition the longest overdue first."""
        for partition in keys.due_partitions():
            found = self._table.query_pages(
                IndexName=keys.DUE_INDEX,
                KeyConditionExpression="GSI2PK = :partition AND GSI2SK <= :now",
                ExpressionAttributeValues={
                    ":partition": {"S": partition},
                    ":now": {"S": timestamp(now)},
                },
                Limit=BATCH_READ,
            )
            for page in found:
                rows = self._table.get_many([keys.Key(row["PK"], row["SK"]) for row in page])
                # The index may lag behind what was erased or postponed a moment ago.
                late = [row for row in rows.values() if row["GSI2SK"] <= timestamp(now)]
                if late:
                    yield [_from_row(row) for row in late]

    def with_conversation(self, shares: Sequence[Share]) -> set[str]:
        """Return the ids of the links whose conversation is there."""
        headers = {
            share.id: keys.conversation(share.owner_id, share.conversation_id) for share in shares
        }
        found = self._table.get_many(list(dict.fromkeys(headers.values())), "PK, SK")
        return {share_id for share_id, key in headers.items() if key in found}

    def erase_links(self, shares: Sequence[Share]) -> None:
        """Erase links with all that belongs to them; cut off on the way, they are still due.

        Raises:
            UnavailableError: the table was too busy; the same call goes on.
        """
        sweep_all(self._table, _of_owner(shares))
        # The link goes last: it is what the index finds the rest by.
        sweep_all(self._table, [keys.link(share.id) for share in shares])

    def retire_links(self, shares: Sequence[Share]) -> None:
        """Reduce expired links to rows of nothing but their end; cut off, they are still due.

        Raises:
            UnavailableError: the table was too busy; the same call goes on.
        """
        sweep_all(self._table, _of_owner(shares))
        for each in [self._table.beside(self._retire, share) for share in shares]:
            each.result()

    def _retire(self, share: Share) -> None:
        kept = encode({":type": ENDED, ":ttl": forgotten_at(share)})
        removed = [name for name in link_to_row(share) if name not in _KEPT] + list(COUNTS)
        action = {
            "Key": keys.link(share.id).as_dict(),
            "UpdateExpression": "SET #type = :type, #ttl = :ttl REMOVE "
            + ", ".join(f"#{name}" for name in removed),
            "ConditionExpression": "attribute_exists(PK)",  # else a revoked link would be back
            "ExpressionAttributeNames": {f"#{name}": name for name in ["type", "ttl", *removed]},
            "ExpressionAttributeValues": kept,
        }
        with suppress(NotFoundError):
            self._table.update(action, _revoked)

    def postpone(self, share: Share) -> None:
        """Let a link's next look be at its end."""
        sets = due(share.id, share.expires_at)
        action = {
            "Key": keys.link(share.id).as_dict(),
            "UpdateExpression": "SET GSI2SK = :at",
            "ConditionExpression": "attribute_exists(PK)",  # else a revoked link would be back
            "ExpressionAttributeValues": encode({":at": sets["GSI2SK"]}),
        }
        with suppress(NotFoundError):
            self._table.update(action, _revoked)

    def erase_fork(self, fork: AbandonedFork) -> None:
        """Erase the messages of a copy that never got a header, then the note of it.

        The note alone, if the copy has its header after all: a put of the note that the network
        held back may have been applied after the copy was finished.

        Raises:
            UnavailableError: the table was too busy; the same call continues.
        """
        note = keys.fork(fork.owner_id, fork.conversation_id)
        header = keys.conversation(fork.owner_id, fork.conversation_id)
        if self._table.get_many([header], "PK, SK"):
            sweep_all(self._table, [note])
            return
        found = self._table.query_pages(
            KeyConditionExpression="PK = :conversation",
            ExpressionAttributeValues={
                ":conversation": {"S": keys.content_partition(fork.owner_id, fork.conversation_id)}
            },
            ProjectionExpression="PK, SK",
            ConsistentRead=True,
            Limit=_PAGE,
        )
        for page in found:
            sweep_all(self._table, [keys.Key(row["PK"], row["SK"]) for row in page])
        sweep_all(self._table, [note])


def _of_owner(shares: Sequence[Share]) -> list[keys.Key]:
    """Return the keys of all that belongs to links but the links."""
    owned = [keys.owned_link(share.owner_id, share.conversation_id, share.id) for share in shares]
    return owned + [keys.views(share.digest) for share in shares]


def _from_row(row: Row) -> Share | AbandonedFork:
    if row["type"] == "fork":
        return AbandonedFork(owner_id=row["owner"], conversation_id=row["conversation_id"])
    return share_from_row(row, row["owner"])


def _revoked(_: Row | None) -> Exception:
    return NotFoundError("share link")
