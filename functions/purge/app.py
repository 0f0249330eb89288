"""Fed by the table's stream: erases what is left of deleted conversations and links."""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from colloquy import wiring
from colloquy.observability import logger, measure, observed
from colloquy.services.erasure import Outcome


@observed
def lambda_handler(event: Mapping[str, Any], _: LambdaContext) -> dict[str, Any]:
    """Work off a batch of records; those it reports are sent again by Lambda, and what follows."""
    records = event["Records"]
    logger.info("erasure begun", records=len(records))
    rows, oldest, failed = 0, 0.0, []
    for outcome in wiring.erasures().work(records):
        _log(outcome)
        rows += outcome.rows
        oldest = max(oldest, outcome.age)
        if outcome.error is not None:
            failed.append(outcome.sequence_number)
    measure("RowsErased", rows)
    measure("ErasureAge", oldest, "Seconds")
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}


def _log(outcome: Outcome) -> None:
    facts: dict[str, Any] = {
        "conversation_id": outcome.conversation_id,
        **({"project_id": outcome.project_id} if outcome.project_id else {}),
        "rows": outcome.rows,
        "round": outcome.round,
        "age_seconds": round(outcome.age, 3),
    }
    if outcome.error is not None:
        # Its type and not its message, which may quote a row.
        logger.error("erasure failed", **facts, error_type=type(outcome.error).__qualname__)
    else:
        what = f"{outcome.kind} erased" if outcome.finished else "erasure postponed"
        logger.info(what, **facts)
