"""What DynamoDB's refusals mean: come back later, not at all, or that it was done before."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from colloquy.domain.errors import ConflictError, UnavailableError
from colloquy.store.rows import Row, decode

_THROTTLES: Final = frozenset(
    {
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingException",
    }
)
# Reasons in a cancelled transaction that the next try may not meet.
_PASSING: Final = frozenset(
    {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
)

Refusal = Callable[[Row | None], Exception]
"""Makes the error of a refused write from the row that was in its way, if there was one."""


@dataclass(frozen=True, slots=True)
class Write:
    """One action of a transaction: DynamoDB's own words, and what its refusal means."""

    action: Mapping[str, Any]
    refused: Refusal


def raise_unless_passing(writes: Sequence[Write], error: ClientError) -> None:
    """Raise what a failed transaction means; return when the next attempt may succeed."""
    if error.response["Error"]["Code"] == "IdempotentParameterMismatchException":
        # Another transaction has the token, so this one has written nothing.
        raise ConflictError("Another write was sent under the same token. Try again.") from error
    response: Mapping[str, Any] = error.response
    reasons: Sequence[Mapping[str, Any]] = response.get("CancellationReasons", [])
    for write, reason in zip(writes, reasons, strict=False):
        if reason.get("Code") == "ConditionalCheckFailed":
            row = decode(reason["Item"]) if reason.get("Item") else None
            raise write.refused(row) from error
    if not {reason.get("Code") for reason in reasons} & _PASSING:
        raise error


@contextmanager
def translated() -> Iterator[None]:
    """Turn "not now" of DynamoDB and the network into UnavailableError."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] in _THROTTLES:
            raise UnavailableError from error
        raise
    except (NoConnectionError, HTTPClientError) as error:
        raise UnavailableError from error


def is_refusal(error: ClientError) -> bool:
    """Say whether a condition did not hold."""
    return error.response["Error"]["Code"] == "ConditionalCheckFailedException"


def is_conflict(error: ClientError) -> bool:
    """Say whether a transaction held the row: the same write may pass in a moment."""
    return error.response["Error"]["Code"] == "TransactionConflictException"


def is_in_progress(error: ClientError) -> bool:
    """Report whether an earlier attempt of the same transaction is still being executed."""
    return error.response["Error"]["Code"] == "TransactionInProgressException"


def was_repeated(error: ClientError) -> bool:
    """Report whether botocore sent the call more than once: an earlier attempt may have written."""
    return error.response["ResponseMetadata"].get("RetryAttempts", 0) > 0


def row_of(error: ClientError) -> Row | None:
    """Return the row that was in the way of a refused write, if there was one."""
    response: Mapping[str, Any] = error.response
    return decode(response["Item"]) if response.get("Item") else None


def written_by(action: Mapping[str, Any], row: Row | None, stamp: str) -> Row | None:
    """Return the row if this update wrote it: no two writers have the same microsecond."""
    moment = action.get("ExpressionAttributeValues", {}).get(f":{stamp}")
    return row if row and moment and row.get(stamp) == moment["S"] else None


def meaning(error: ClientError, refused: Refusal) -> Exception:
    """Return what a refused write means to its caller, or the error itself where it is a bug."""
    return refused(row_of(error)) if is_refusal(error) else error
