"""Conversations that are written before anybody can see them: forks and imports.

A note comes first, due in the index of what the cleanup looks at; then the rows, in batches; the
header last, in the transaction that deletes the note. Without a header no reader finds the rows,
and a note that is due stands for a copy that never ended (docs/adr/0033).
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import wait
from typing import Any, Final

from colloquy.domain.conversation import Conversation
from colloquy.domain.errors import ConflictError
from colloquy.domain.receipt import Receipt
from colloquy.store import keys
from colloquy.store.expressions import receipt_put
from colloquy.store.refusals import Write
from colloquy.store.rows import Row, conversation_to_row, encode
from colloquy.store.table import BATCH_WRITE, Table

_IS_NEW: Final = {"ConditionExpression": "attribute_not_exists(PK)"}


def copied(row: Row) -> dict[str, Any]:
    """Return a message's row with the mark that it is no answer just given.

    Titles are improved after an answer: the stream's filter in template.yaml passes marked rows by.
    """
    return encode({**row, "copied": True})


def put_copies(table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows of a conversation that has no header yet, so that nobody sees them.

    Nothing of it is under way any more when this returns or raises.

    Raises:
        UnavailableError: the table was too busy.
    """
    running = [
        table.beside(table.put_batch, rows[at : at + BATCH_WRITE])
        for at in range(0, len(rows), BATCH_WRITE)
    ]
    wait(running)
    for each in running:
        each.result()


def finishing(
    conversation: Conversation, receipt: Receipt | None, note_is_ours: Mapping[str, Any]
) -> list[Write]:
    """Return the writes that give a copy its header; ``note_is_ours`` is a condition's words.

    They are refused when the cleanup has begun to erase the copy, or the receipt's key has one.
    """
    note = {
        "Key": keys.fork(conversation.owner_id, conversation.id).as_dict(),
        "ConditionExpression": "attribute_exists(PK)",
        **note_is_ours,
    }
    header = {"Item": encode(conversation_to_row(conversation)), **_IS_NEW}
    writes = [Write({"Delete": note}, _given_up), Write({"Put": header}, _given_up)]
    if receipt is not None:
        writes.insert(0, receipt_put(conversation.owner_id, receipt))
    return writes


def _given_up(_: Row | None) -> Exception:
    return ConflictError("Copying took too long. Try again.")
