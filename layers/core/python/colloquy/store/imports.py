"""Imports in DynamoDB: the note that says how far one has come, and what it writes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from colloquy.domain.conversation import Conversation
from colloquy.domain.errors import ConflictError, NotFoundError
from colloquy.domain.imports import GRACE, MAY_TAKE, PART_MAY_TAKE, Import, ImportedText
from colloquy.domain.place import place_from
from colloquy.domain.receipt import Receipt
from colloquy.domain.share import AbandonedFork
from colloquy.store import keys
from colloquy.store.copies import copied, finishing, put_copies
from colloquy.store.expressions import project_exists, receipt_put
from colloquy.store.refusals import Write
from colloquy.store.rows import (
    Row,
    encode,
    item_to_row,
    moment_from,
    reference_to_row,
    timestamp,
    version_to_row,
)
from colloquy.store.share_rows import fork_to_row
from colloquy.store.table import Table


class ImportStore:
    """Writes conversations part by part."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def begin(self, state: Import) -> None:
        """Note that an import begins: should it never end, the cleanup erases it when it is due."""
        note = AbandonedFork(owner_id=state.owner_id, conversation_id=state.id)
        row = {**fork_to_row(note, state.due_at), "source_id": state.source_id, **_progress(state)}
        self._table.put_new(encode(row))

    def take(self, owner_id: str, import_id: str, now: datetime) -> Import:
        """Return an import that nobody else can write to until it is handed back.

        Its end moves away as well. A part whose worker died keeps others out until its request
        would have ended.

        Raises:
            NotFoundError: there is no such import, or it is finished, or about to be given up.
            ConflictError: another part of it is being written.
        """
        nobody_writes_and_no_cleanup_is_near = (
            "attribute_exists(source_id) AND GSI2SK > :soon"
            " AND (attribute_not_exists(busy_until) OR busy_until < :updated_at)"
        )
        action = {
            "Key": keys.fork(owner_id, import_id).as_dict(),
            "UpdateExpression": (
                "SET busy_until = :until, GSI2SK = :due, updated_at = :updated_at"
            ),
            "ConditionExpression": nobody_writes_and_no_cleanup_is_near,
            "ExpressionAttributeValues": encode(
                {
                    ":until": timestamp(now + PART_MAY_TAKE),
                    ":due": timestamp(now + MAY_TAKE),
                    ":soon": timestamp(now + GRACE),
                    ":updated_at": timestamp(now),
                }
            ),
        }

        def refused(note: Row | None) -> Exception:
            if note is None or "source_id" not in note or note["GSI2SK"] <= timestamp(now + GRACE):
                return NotFoundError("import", param="import_id")
            return ConflictError(
                "Another part of this import is still being written. Try again in half a minute."
            )

        return _from_row(self._table.update(action, refused))

    def write(self, owner_id: str, texts: Sequence[ImportedText]) -> None:
        """Write texts of an import that has been taken; the same ones may be written again.

        Raises:
            UnavailableError: the table was too busy.
        """
        rows: list[dict[str, Any]] = []
        for text in texts:
            item = text.item
            if text.version is not None:
                rows.append(encode(version_to_row(owner_id, item, text.version)))
                continue
            rows.append(copied(item_to_row(owner_id, item)))
            if item.call_id is not None:
                rows.append(encode(reference_to_row(owner_id, item, item.call_id)))
        put_copies(self._table, rows)

    def hand_back(self, state: Import, receipt: Receipt | None) -> None:
        """Write how far a taken import has come, and let others go on with it.

        Raises:
            ConflictError: it is not ours any more.
            AlreadyDoneError: the receipt's key has a receipt.
        """
        facts = encode(_progress(state, busy=False))
        update = {
            "Key": keys.fork(state.owner_id, state.id).as_dict(),
            "UpdateExpression": "SET "
            + ", ".join(f"{name} = :{name}" for name in facts)
            + " REMOVE busy_until",
            "ConditionExpression": "busy_until = :ours",
            "ExpressionAttributeValues": {f":{name}": value for name, value in facts.items()}
            | _ours(state),
        }
        writes = [Write({"Update": update}, _not_ours)]
        if receipt is not None:
            writes.insert(0, receipt_put(state.owner_id, receipt))
        self._table.transact(writes)

    def finish(self, state: Import, conversation: Conversation, receipt: Receipt | None) -> None:
        """Give the import its header: from here on it is a conversation like any other.

        Raises:
            NotFoundError: the project it is to be filed in is not there.
            ConflictError: it is not ours any more.
            AlreadyDoneError: the receipt's key has a receipt.
        """
        note_is_ours = {
            "ConditionExpression": "busy_until = :ours",
            "ExpressionAttributeValues": _ours(state),
        }
        writes = finishing(conversation, receipt, note_is_ours)
        if conversation.project_id is not None:
            writes.append(project_exists(conversation.owner_id, conversation.project_id))
        self._table.transact(writes)


def _progress(state: Import, *, busy: bool = True) -> Row:
    return {
        "up_to": str(state.up_to) if state.up_to else None,
        "item_count": state.item_count,
        "newest_item": state.newest_item,
        "busy_until": timestamp(state.busy_until) if busy and state.busy_until else None,
    }


def _from_row(row: Row) -> Import:
    return Import(
        id=row["conversation_id"],
        owner_id=row["owner"],
        source_id=row["source_id"],
        due_at=moment_from(row["GSI2SK"]),
        up_to=place_from(row["up_to"]) if "up_to" in row else None,
        item_count=int(row["item_count"]),
        newest_item=row.get("newest_item"),
        busy_until=moment_from(row["busy_until"]),
    )


def _ours(state: Import) -> dict[str, Any]:
    return {":ours": {"S": timestamp(state.busy_until)}} if state.busy_until else {}


def _not_ours(_: Row | None) -> Exception:
    return ConflictError("This import was given up, or another part of it was faster. Try again.")
