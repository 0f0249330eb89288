"""Has erased what verify-erasure found: reads its lines from standard input.

``make verify-erasure TABLE=name > left.jsonl``, then ``make redrive-erasures TABLE=name <
left.jsonl``. A line about something that is there after all changes nothing: purge looks before
it erases a conversation on request, and the other rows are deleted in a transaction that asks.
"""

import json
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from colloquy.domain.erasure import Erasure
from colloquy.domain.errors import ColloquyError, ConflictError
from colloquy.store import keys
from colloquy.store.erasure import ErasureStore
from colloquy.store.keys import Key
from colloquy.store.refusals import Write
from colloquy.store.table import Table
from tools.operations.target_table import parser_of_table, table_of

_PATIENCE_SECONDS = 10.0


def main(arguments: list[str], lines: Iterable[str]) -> int:
    """Ask for the erasure of each line; return how it went as an exit status."""
    parser = parser_of_table("python -m tools.operations.redrive_erasures", __doc__)
    options = parser.parse_args(arguments)
    try:
        table = Table(*table_of(options))
        count = sum(_redrive(table, json.loads(line)) for line in lines if line.strip())
    except (BotoCoreError, ClientError, ColloquyError, OSError, ValueError) as exc:
        print(f"Stopped: {exc}", file=sys.stderr)
        return 2
    print(f"{count} asked for. Verify again in a minute.", file=sys.stderr)
    return 0


def _redrive(table: Table, line: dict[str, Any]) -> bool:
    key = Key(line["PK"], line["SK"])
    missing = Key(line["missing"]["PK"], line["missing"]["SK"])
    if content := keys.content_of(key.partition):
        owner_id, conversation_id = content
        now = datetime.now(UTC)
        # Not round 0: only a header's own removal proves that it is gone.
        erasure = Erasure(
            owner_id=owner_id, conversation_id=conversation_id, asked_at=now, round=_next_round(now)
        )
        ErasureStore(table).postpone(erasure, time.monotonic() + _PATIENCE_SECONDS)
        return True
    is_missing = {"Key": missing.as_dict(), "ConditionExpression": "attribute_not_exists(PK)"}
    try:
        table.transact(
            [
                Write({"ConditionCheck": is_missing}, _is_there),
                Write({"Delete": {"Key": key.as_dict()}}, _is_there),
            ]
        )
    except ConflictError as conflict:
        print(f"{key.partition} {key.sort}: {conflict}", file=sys.stderr)
        return False
    return True


def _next_round(now: datetime) -> int:
    """Return a round that no chain of rounds has reached: it must be news to the stream."""
    return int(now.timestamp())


def _is_there(_: Any) -> Exception:
    return ConflictError("What it belongs to is there: left alone.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], sys.stdin))
