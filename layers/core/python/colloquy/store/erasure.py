"""Erases what is left of deleted conversations, and asks for more time in the table's own stream.

A conversation that does not fit one invocation gets a row of its own (``keys.erasure``); writing
it is a change of the table, so the stream brings it back, behind everything that was deleted
meanwhile (docs/adr/0020). The row goes last.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from colloquy.domain.erasure import (
    Erasure,
    LostLink,
    LostProject,
    LostVersions,
    Progress,
    StillLivingError,
)
from colloquy.domain.share import digest_of
from colloquy.store import keys
from colloquy.store.backoff import patiently
from colloquy.store.rows import (
    Row,
    decode,
    encode,
    lost_versions_from_row,
    moment_from,
    timestamp,
)
from colloquy.store.sweep import key_pages, sweep
from colloquy.store.table import Table

_PAGE: Final = 500
"""Keys read at a time: 20 full batches, and little to read again after a kill."""


class ErasureStore:
    """Erases rows whose conversation, or link, is gone."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def asked_for(
        self, record: Mapping[str, Any]
    ) -> Erasure | LostLink | LostProject | LostVersions:
        """Return what a record of the table's stream asks for.

        Raises:
            KeyError: it is no record that template.yaml's filter lets through.
        """
        change = record["dynamodb"]
        if record["eventName"] != "REMOVE":
            note = decode(change["NewImage"])
            if note["type"] == "lost_versions":
                return lost_versions_from_row(note)
            if note["type"] == "project":
                return LostProject(
                    owner_id=note["owner"],
                    project_id=note["id"],
                    with_conversations=note["with_conversations"],
                    asked_at=moment_from(note["deleting"]),
                )
            return _erasure_from_row(note)
        row = decode(change["OldImage"])
        asked_at = datetime.fromtimestamp(change["ApproximateCreationDateTime"], UTC)
        if row["type"] == "share":
            return LostLink(
                owner_id=row["owner"],
                conversation_id=row["conversation_id"],
                share_id=row["share_id"],
                asked_at=asked_at,
            )
        return Erasure(
            owner_id=row["owner"],
            conversation_id=row["id"],
            asked_at=asked_at,
            size=int(row["item_count"]),
        )

    def erase(self, erasure: Erasure, until: float) -> Progress:
        """Erase links, then everything in the conversation's partition, as far as time allows.

        ``until`` is of ``time.monotonic``; one page of keys is worked off even when it is over,
        so that every round is nearer to the end. Reads are strongly consistent: what was written
        before the header went is seen, and nothing is written after (docs/adr/0021).

        Raises:
            StillLivingError: the conversation is there.
            UnavailableError: the table could not be read up to ``until``.
        """
        if erasure.round > 0:
            # Only the stream's own record proves that the header is gone.
            self._refuse_living(erasure, until)
        links = self._erase_links(erasure, until)
        if not links.finished:
            return links
        content = self._erase_content(erasure, until)
        return Progress(links.rows + content.rows, content.finished)

    def postpone(self, erasure: Erasure, until: float) -> None:
        """Ask for another invocation, unless this round or a later one is asked for already.

        Raises:
            UnavailableError: the table did not take it up to ``until``.
        """
        sets = {
            "type": "erasure",
            "owner": erasure.owner_id,
            "conversation_id": erasure.conversation_id,
            "asked_at": timestamp(erasure.asked_at),
            "round": erasure.round,
            **({} if erasure.size is None else {"size": erasure.size}),
        }
        action = {
            "Key": keys.erasure(erasure.owner_id, erasure.conversation_id).as_dict(),
            "UpdateExpression": "SET " + ", ".join(f"#{name} = :{name}" for name in sets),
            # A record that is delivered twice must not start a second chain of rounds.
            "ConditionExpression": "attribute_not_exists(PK) OR #round < :round",
            "ExpressionAttributeNames": {f"#{name}": name for name in sets},
            "ExpressionAttributeValues": encode({f":{n}": value for n, value in sets.items()}),
        }
        with suppress(_AskedAlreadyError):
            patiently(lambda: self._table.update(action, _asked_already), until)

    def forget(self, link: LostLink, until: float) -> Progress:
        """Erase what its owner has of a link that was removed."""
        owned = keys.owned_link(link.owner_id, link.conversation_id, link.share_id)
        found = [owned, keys.views(digest_of(link.share_id))]
        left = sweep(self._table, found, until)
        return Progress(len(found) - len(left), not left)

    def forget_versions(self, lost: LostVersions, until: float) -> Progress:
        """Erase what a deleted message's versions left, and the note that asked for it last.

        Raises:
            UnavailableError: the table could not be read up to ``until``.
        """
        note = keys.lost_versions(lost.owner_id, lost.conversation_id, lost.item_id)
        rows = 0
        for found in self._pages(note.partition, keys.versions(lost.item_id), until):
            if rows and found and time.monotonic() > until:
                return Progress(rows, finished=False)
            left = sweep(self._table, found, until)
            rows += len(found) - len(left)
            if left:
                return Progress(rows, finished=False)
        return Progress(rows, finished=not sweep(self._table, [note], until))

    def _refuse_living(self, erasure: Erasure, until: float) -> None:
        header = keys.conversation(erasure.owner_id, erasure.conversation_id)
        if patiently(lambda: self._table.get(header), until) is not None:
            raise StillLivingError

    def _erase_links(self, erasure: Erasure, until: float) -> Progress:
        partition = keys.owner_partition(erasure.owner_id)
        pages = self._pages(partition, keys.owned_links(erasure.conversation_id), until)
        rows = 0
        for owned in pages:
            if rows and owned and time.monotonic() > until:
                return Progress(rows, finished=False)
            # The owner's rows name the links: they go when the links have gone.
            links = [keys.link_of(key) for key in owned]
            views = [keys.views(digest_of(keys.share_of(key))) for key in owned]
            for found in (links + views, owned):
                left = sweep(self._table, found, until)
                rows += len(found) - len(left)
                if left:
                    return Progress(rows, finished=False)
        return Progress(rows, finished=True)

    def _erase_content(self, erasure: Erasure, until: float) -> Progress:
        note = keys.erasure(erasure.owner_id, erasure.conversation_id)
        noted, rows = False, 0
        for found in self._pages(note.partition, None, until):
            content = [key for key in found if key != note]
            noted = noted or note in found
            if rows and content and time.monotonic() > until:
                return Progress(rows, finished=False)
            left = sweep(self._table, content, until)
            rows += len(content) - len(left)
            if left:
                return Progress(rows, finished=False)
        finished = not (noted and sweep(self._table, [note], until))
        return Progress(rows, finished)

    def _pages(
        self, partition: str, sort_prefix: str | None, until: float
    ) -> Iterator[Sequence[keys.Key]]:
        query: dict[str, Any] = {
            "KeyConditionExpression": "PK = :partition",
            "ExpressionAttributeValues": {":partition": {"S": partition}},
            "ProjectionExpression": "PK, SK",
            "ConsistentRead": True,
            "Limit": _PAGE,
        }
        if sort_prefix is not None:
            query["KeyConditionExpression"] += " AND begins_with(SK, :kind)"
            query["ExpressionAttributeValues"][":kind"] = {"S": sort_prefix}
        return key_pages(self._table, query, until)


class _AskedAlreadyError(Exception):
    """The round, or a later one, is asked for."""


def _asked_already(_: Row | None) -> Exception:
    return _AskedAlreadyError()


def _erasure_from_row(row: Row) -> Erasure:
    return Erasure(
        owner_id=row["owner"],
        conversation_id=row["conversation_id"],
        asked_at=moment_from(row["asked_at"]),
        round=int(row["round"]),
        size=int(row["size"]) if "size" in row else None,
    )
