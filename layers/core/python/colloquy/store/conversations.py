"""Conversation headers in DynamoDB."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from colloquy.domain.conversation import Conversation, ConversationChanges
from colloquy.domain.errors import (
    ChangedMeanwhileError,
    ConflictError,
    NotFoundError,
    PreconditionFailedError,
)
from colloquy.domain.item import Item
from colloquy.domain.page import Archived, GaveUp, PageRequest
from colloquy.domain.receipt import Receipt
from colloquy.store import keys
from colloquy.store.bounded import Effort, bounded_pages, bounded_rows
from colloquy.store.expressions import (
    matching,
    project_exists,
    receipt_put,
    updating,
    valid_receipt,
)
from colloquy.store.items import item_puts
from colloquy.store.refusals import Write
from colloquy.store.rows import (
    Row,
    conversation_from_row,
    conversation_to_row,
    encode,
    timestamp,
)
from colloquy.store.table import BATCH_READ, Table

_KIND: Final = "conversation"
_FILED: Final = ("project_id", "GSI1PK", "GSI1SK")
_IS_NEW: Final = {"ConditionExpression": "attribute_not_exists(PK)"}
_WIDEST_LOOK: Final = 400
"""Headers one Query looks at while it skips archived ones: some 140 KB."""


class ConversationStore:
    """Reads and writes conversation headers."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def add(
        self, conversation: Conversation, items: Sequence[Item], receipt: Receipt | None
    ) -> None:
        """Write a new conversation with its first messages, all or nothing.

        Raises:
            NotFoundError: its project is not there.
            AlreadyDoneError: the receipt's key has a receipt.
        """
        header = encode(conversation_to_row(conversation))
        if conversation.project_id is None and not items and receipt is None:
            # A plain put costs one write unit, a transaction two.
            self._table.put_new(header)
            return
        owner_id = conversation.owner_id
        writes = [Write({"Put": {"Item": header, **_IS_NEW}}, _already_there)]
        if conversation.project_id is not None:
            writes.insert(0, project_exists(owner_id, conversation.project_id))
        if receipt is not None:
            writes.insert(0, receipt_put(owner_id, receipt))
        self._table.transact([*writes, *item_puts(owner_id, items)])

    def get(self, owner_id: str, conversation_id: str) -> Conversation | None:
        """Return the conversation as it is now, or None."""
        row = self._table.get(keys.conversation(owner_id, conversation_id))
        return conversation_from_row(row) if row else None

    def find(
        self, owner_id: str, page: PageRequest, archived: Archived
    ) -> Iterator[Conversation | GaveUp]:
        """Yield the owner's conversations by creation, from behind the page's cursor.

        Ends with a ``GaveUp`` where it passed over so many that it does not look any further.
        """
        query: dict[str, Any] = {
            "KeyConditionExpression": "PK = :owner AND begins_with(SK, :kind)",
            "ExpressionAttributeValues": {
                ":owner": {"S": keys.owner_partition(owner_id)},
                ":kind": {"S": keys.CONVERSATION},
            },
            "ScanIndexForward": page.order == "asc",
            "ConsistentRead": True,
            "Limit": page.limit + 1,
        }
        if archived != "all":
            query["FilterExpression"] = "archived = :archived"
            query["ExpressionAttributeValues"][":archived"] = {"BOOL": archived == "true"}
        if page.after is not None:
            query["ExclusiveStartKey"] = keys.conversation(owner_id, page.after).as_dict()
        found = bounded_rows(self._table, query, Effort(_WIDEST_LOOK))
        return (row if isinstance(row, GaveUp) else conversation_from_row(row) for row in found)

    def find_in_project(
        self, owner_id: str, project_id: str, page: PageRequest, archived: Archived
    ) -> Iterator[Conversation | GaveUp]:
        """Yield the conversations filed in a project, by creation; ends as ``find`` does.

        The index names them, the table says how they are now: one that was deleted or moved a
        moment ago does not appear, and ``item_count`` is exact. One filed a moment ago may
        appear a moment later, as DynamoDB's indexes follow the table (docs/adr/0004).
        """
        partition = keys.project_partition(owner_id, project_id)
        query: dict[str, Any] = {
            "IndexName": keys.PROJECT_INDEX,
            "KeyConditionExpression": "GSI1PK = :project",
            "ExpressionAttributeValues": {":project": {"S": partition}},
            "ScanIndexForward": page.order == "asc",
            "Limit": page.limit + 1,
        }
        if page.after is not None:
            after = keys.conversation(owner_id, page.after)
            query["ExclusiveStartKey"] = after.in_index(partition)
        for found in bounded_pages(self._table, query, Effort(BATCH_READ)):
            if isinstance(found, GaveUp):
                yield found
                return
            wanted = [keys.Key(row["PK"], row["SK"]) for row in found]
            headers = self._table.get_many(wanted)
            for key in wanted:
                row = headers.get(key)
                if row is None or row.get("project_id") != project_id:
                    continue
                if archived == "all" or row["archived"] == (archived == "true"):
                    yield conversation_from_row(row)

    def filed_in(self, owner_id: str, project_id: str) -> Iterator[Conversation]:
        """Yield every conversation that names the project, as of now, at the cost of all headers.

        Not from the index, which may not know the newest yet.
        """
        return map(
            conversation_from_row,
            self._table.query(
                KeyConditionExpression="PK = :owner AND begins_with(SK, :kind)",
                FilterExpression="project_id = :project",
                ExpressionAttributeValues={
                    ":owner": {"S": keys.owner_partition(owner_id)},
                    ":kind": {"S": keys.CONVERSATION},
                    ":project": {"S": project_id},
                },
                ConsistentRead=True,
            ),
        )

    def update(
        self,
        owner_id: str,
        conversation_id: str,
        changes: ConversationChanges,
        now: datetime,
        if_match: frozenset[int] | None,
    ) -> Conversation:
        """Apply changes and return what came of it.

        One call; filing takes a transaction, which cannot say what came of it, and one more read.

        Raises:
            NotFoundError: the conversation, or the project it is being filed in, is not there.
            PreconditionFailedError: it is in none of the states ``if_match`` names.
        """
        sets: Row = {"updated_at": timestamp(now)}
        removes: list[str] = []
        for name, value in changes.fields.items():
            if name == "project_id" and value is None:
                removes += _FILED
            elif name == "project_id":
                sets |= _filed_in(owner_id, conversation_id, value)
            elif name == "metadata" and not value:
                removes.append(name)
            else:
                sets[name] = value
        if "title" in sets:
            sets["title_source"] = "user"
        key = keys.conversation(owner_id, conversation_id).as_dict()
        action = {"Key": key, **updating(sets, removes, if_match)}
        if not changes.files_it:
            return conversation_from_row(self._table.update(action, _absent_or_changed))
        filed = project_exists(owner_id, changes.fields["project_id"])
        self._table.transact([filed, Write({"Update": action}, _absent_or_changed)])
        written = self.get(owner_id, conversation_id)
        if written is None:  # deleted in the moment since
            raise NotFoundError(_KIND)
        return written

    def receipt(self, owner_id: str, key: str) -> Receipt | None:
        """Return the receipt of an Idempotency-Key, unless its time is over."""
        return valid_receipt(self._table.get(keys.receipt(owner_id, key)))

    def replace(
        self,
        after: Conversation,
        revisions: frozenset[int],
        receipt: Receipt | None,
        *,
        files_it: bool,
    ) -> None:
        """Write what an update makes of a conversation that had one of these revisions.

        Raises:
            ChangedMeanwhileError: it has none of them any more.
            NotFoundError: it, or the project it is being filed in, is not there.
            AlreadyDoneError: the receipt's key has a receipt.
        """
        put = {"Item": encode(conversation_to_row(after)), **matching(revisions)}
        writes = [Write({"Put": put}, _changed_meanwhile)]
        if files_it and after.project_id is not None:
            writes.insert(0, project_exists(after.owner_id, after.project_id))
        if receipt is not None:
            writes.insert(0, receipt_put(after.owner_id, receipt))
        self._table.transact(writes)

    def unfile(self, conversation: Conversation, now: datetime) -> bool:
        """Take a conversation out of the project it was found in, unless it has left by now.

        Returns whether it had not.
        """
        words = updating({"updated_at": timestamp(now)}, _FILED)
        words["ExpressionAttributeValues"] |= _project_of(conversation)
        words["ConditionExpression"] = "project_id = :project"
        try:
            self._table.update({"Key": _key(conversation), **words}, _has_left)
        except NotFoundError:
            return False
        return True

    def delete_filed(self, conversation: Conversation) -> bool:
        """Delete a conversation in the project it was found in, unless it has left by now.

        Returns whether it was there to be deleted. The condition is why this is no batch: one
        that its owner has just moved elsewhere must stay (docs/adr/0022).
        """
        words = {
            "ConditionExpression": "project_id = :project",
            "ExpressionAttributeValues": _project_of(conversation),
        }
        try:
            self._table.delete({"Key": _key(conversation), **words}, _has_left)
        except NotFoundError:
            return False
        return True

    def delete(self, owner_id: str, conversation_id: str, if_match: frozenset[int] | None) -> None:
        """Delete the header: with that the conversation is gone for every reader.

        Raises:
            NotFoundError: the conversation is not there.
            PreconditionFailedError: it is in none of the states ``if_match`` names.
        """
        key = keys.conversation(owner_id, conversation_id).as_dict()
        self._table.delete({"Key": key, **matching(if_match)}, _absent_or_changed)


def _key(conversation: Conversation) -> dict[str, keys.StringAttribute]:
    return keys.conversation(conversation.owner_id, conversation.id).as_dict()


def _filed_in(owner_id: str, conversation_id: str, project_id: str) -> Row:
    return {
        "project_id": project_id,
        "GSI1PK": keys.project_partition(owner_id, project_id),
        "GSI1SK": keys.conversation(owner_id, conversation_id).sort,
    }


def _project_of(conversation: Conversation) -> dict[str, Any]:
    return {":project": {"S": conversation.project_id}}


def _absent_or_changed(row: Row | None) -> Exception:
    return NotFoundError(_KIND) if row is None else PreconditionFailedError(_KIND)


def _changed_meanwhile(row: Row | None) -> Exception:
    if row is None:
        return NotFoundError(_KIND)
    return ChangedMeanwhileError()


def _already_there(_: Row | None) -> Exception:
    return ConflictError("The conversation was created at the same time. Try again.")


def _has_left(_: Row | None) -> Exception:
    return NotFoundError(_KIND)
