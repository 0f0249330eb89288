"""The parts of DynamoDB expressions that several stores share."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from colloquy.domain.errors import NotFoundError
from colloquy.domain.receipt import AlreadyDoneError, Receipt
from colloquy.store import keys
from colloquy.store.refusals import Write
from colloquy.store.rows import Row, encode, receipt_from_row, receipt_to_row


def updating(
    sets: Row, removes: Iterable[str] = (), if_match: frozenset[int] | None = None
) -> dict[str, Any]:
    """Return an UpdateItem's words that set and remove attributes of a row that exists.

    The row's revision goes up by one; ``if_match`` as in ``matching``.
    """
    removes = list(removes)
    condition = matching(if_match)
    expression = "SET " + ", ".join(f"#{name} = :{name}" for name in sets)
    if removes:
        expression += " REMOVE " + ", ".join(f"#{name}" for name in removes)
    return {
        "UpdateExpression": f"{expression} ADD revision :one",
        "ConditionExpression": condition["ConditionExpression"],
        "ExpressionAttributeNames": {f"#{name}": name for name in [*sets, *removes]},
        "ExpressionAttributeValues": {
            **encode({f":{name}": value for name, value in sets.items()}),
            **condition.get("ExpressionAttributeValues", {}),
            ":one": {"N": "1"},
        },
    }


def matching(if_match: frozenset[int] | None) -> dict[str, Any]:
    """Return the condition that a row exists and has one of the revisions.

    None asks for no revision; an empty set (If-Match named no tag of ours) matches no row.
    """
    if if_match is None:
        return {"ConditionExpression": "attribute_exists(PK)"}
    # No row has revision 0.
    values = {f":match{n}": {"N": str(tag)} for n, tag in enumerate(sorted(if_match or {0}))}
    return {
        "ConditionExpression": f"revision IN ({', '.join(values)})",
        "ExpressionAttributeValues": values,
    }


def project_exists(owner_id: str, project_id: str) -> Write:
    """Return the check that a conversation is filed in a project that is there to stay."""
    check = {
        "Key": keys.project(owner_id, project_id).as_dict(),
        "ConditionExpression": "attribute_exists(PK) AND attribute_not_exists(deleting)",
    }
    return Write({"ConditionCheck": check}, lambda _: NotFoundError("project", param="project_id"))


def receipt_put(owner_id: str, receipt: Receipt) -> Write:
    """Return the write of a receipt, which is refused while another of its key holds."""
    put = {
        "Item": encode(receipt_to_row(owner_id, receipt)),
        # DynamoDB removes expired rows when it gets to them, not when they expire.
        "ConditionExpression": "attribute_not_exists(PK) OR #ttl <= :now",
        "ExpressionAttributeNames": {"#ttl": "ttl"},
        "ExpressionAttributeValues": {":now": {"N": str(int(datetime.now(UTC).timestamp()))}},
    }
    return Write({"Put": put}, _done_before)


def valid_receipt(row: Row | None) -> Receipt | None:
    """Return the receipt of a row that was read, or None where there is none that still holds."""
    receipt = receipt_from_row(row) if row else None
    # As above: an expired row may still be there.
    return receipt if receipt and receipt.expires_at > datetime.now(UTC) else None


def _done_before(row: Row | None) -> Exception:
    if row is None:  # the condition cannot fail where there is no row
        raise AssertionError("a receipt was refused by a row that is not there")
    return AlreadyDoneError(receipt_from_row(row))
