"""Proves that deletions are complete: finds rows that belong to no living conversation.

``make verify-erasure`` looks at the table of ``make run``, ``TABLE=name`` makes it a table on AWS,
with the credentials of the environment. It only reads (Scan and BatchGetItem), at a pace.
Exit status: 0 nothing is left, 1 something is, 2 it could not look.
"""

import argparse
import json
import sys
import time

from botocore.exceptions import BotoCoreError, ClientError

from colloquy.domain.errors import UnavailableError
from tools.operations.orphaned_rows import Findings, Pace, Search, Suspect, overdue
from tools.operations.target_table import parser_of_table, table_of


def main(arguments: list[str]) -> int:
    """Search, wait for deletions under way, look again, and report."""
    options = _parser().parse_args(arguments)
    try:
        client, table = table_of(options)
        pace = Pace(options.read_units)
        search = Search(client, table, pace)
        found = search.run(options.segments)
        left = list(found.suspects.values())
        if left:
            _say(f"{len(left)} suspects; looking again in {options.grace:g} s …")
            time.sleep(options.grace)
            left = search.still_there(left)
    except (BotoCoreError, ClientError, OSError, UnavailableError) as exc:
        _say(f"Cannot look: {exc}")
        return 2
    return _report(found, left, pace.spent, options.overdue)


def _report(found: Findings, left: list[Suspect], units: float, overdue_after: float) -> int:
    orphans = [each for each in left if overdue(each, overdue_after)]
    for each in orphans:
        # A line for programs: tools.operations.redrive_erasures takes it.
        line = {
            "PK": each.last.partition,
            "SK": each.last.sort,
            "rows": each.rows,
            "missing": {"PK": each.missing.partition, "SK": each.missing.sort},
        }
        print(json.dumps(line))
    for kind, count in sorted(found.unknown.items()):
        _say(f"{count:,} rows of an unknown kind ({kind}) were not judged.")
    under_way = len(left) - len(orphans)
    _say(
        f"{found.rows:,} rows read with {units:,.1f} read units: "
        f"{sum(each.rows for each in orphans):,} rows belong to nothing that is there, "
        f"{under_way} erasures are under way."
    )
    return 1 if orphans else 0


def _parser() -> argparse.ArgumentParser:
    parser = parser_of_table("python -m tools.operations.verify_erasure", __doc__)
    add = parser.add_argument
    add("--read-units", type=float, default=200.0, help="a second, at most (200)")
    add("--segments", type=int, default=4, help="scanned side by side (4)")
    add("--grace", type=float, default=60.0, help="seconds for deletions under way (60)")
    add("--overdue", type=float, default=3600.0, help="seconds a long erasure may take (3600)")
    return parser


def _say(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
