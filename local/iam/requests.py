"""What a request to DynamoDB asks for: actions on resources, and what conditions look at.

A transaction is no action of its own: each of its items is the action it performs
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html).
Whether AWS weighs its keys item by item or all together is written nowhere. Here each action sees
the keys of all items, so that a policy which holds here holds in both readings.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from local.template.intrinsics import ACCOUNT, REGION

PREFIX: Final = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:"
"""What the ARN of every table on one machine begins with."""
LEADING_KEYS: Final = "dynamodb:LeadingKeys"
ATTRIBUTES: Final = "dynamodb:Attributes"
SELECT: Final = "dynamodb:Select"
KEYED: Final = frozenset(
    f"dynamodb:{name}"
    for name in (
        *("BatchGetItem", "BatchWriteItem", "ConditionCheckItem", "DeleteItem"),
        *("GetItem", "PutItem", "Query", "UpdateItem"),
    )
)
"""Actions that name partition keys; no condition on keys would hold the others back."""

_TRANSACTED: Final = {
    "ConditionCheck": "ConditionCheckItem",
    "Delete": "DeleteItem",
    "Get": "GetItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
}
_READS: Final = frozenset({"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"})
_EVERY_ATTRIBUTE: Final = "*"
_NO_KEY: Final = ""
"""A key that no pattern matches, for a request that names none where it must."""
# Functions are followed by a bracket, values begin with a colon, numbers stand in lists.
_NAME: Final = re.compile(r"(?<![:\w.#])([#A-Za-z_]\w*)(?!\w*\s*\()")
_WORDS: Final = frozenset(
    {"ADD", "AND", "BETWEEN", "DELETE", "IN", "NOT", "OR", "REMOVE", "SET"},
)


@dataclass(frozen=True)
class RequestedAction:
    """One action on one resource, with the partition keys and the parts of the request."""

    action: str
    resource: str
    keys: frozenset[str]
    parts: tuple[Mapping[str, Any], ...]

    def values(self, condition_key: str) -> frozenset[str]:
        """Return what the request has under a condition key; empty where IAM finds it absent."""
        match condition_key:
            case "dynamodb:LeadingKeys":
                return self.keys
            case "dynamodb:Attributes":
                named = {name for part in self.parts for name in _named_in(part)}
                reads_all = self.action in _READS and any(
                    "ProjectionExpression" not in part for part in self.parts
                )
                return frozenset(named | {_EVERY_ATTRIBUTE} if reads_all else named)
            case "dynamodb:Select":
                reads = self.parts if self.action in _READS else ()
                return frozenset(_selected(self.action, part) for part in reads)
        raise ValueError(condition_key)


def table_arn(name: str) -> str:
    """Return the ARN of a table on one machine."""
    return f"{PREFIX}table/{name}"


def requested_actions(
    operation: str, request: Mapping[str, Any], partition_keys: Mapping[str, str]
) -> list[RequestedAction]:
    """Return what a request asks for; ``partition_keys`` are attributes' names by ARN."""
    parts: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    keys: dict[str, set[str]] = {}
    for name, part in _parts(operation, request):
        action, resource = f"dynamodb:{name}", _resource(part)
        parts.setdefault((action, resource), []).append(part)
        if action in KEYED:
            found = _keys_of(part, partition_keys.get(resource, _NO_KEY))
            keys.setdefault(resource, set()).update(found)
    return [
        RequestedAction(action, resource, frozenset(keys.get(resource, ())), tuple(found))
        for (action, resource), found in parts.items()
    ]


def _parts(operation: str, request: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    match operation:
        case "TransactWriteItems" | "TransactGetItems":
            for member in request["TransactItems"]:
                for verb, part in member.items():
                    yield _TRANSACTED[verb], part
        case "BatchGetItem":
            for table, part in request["RequestItems"].items():
                yield operation, {"TableName": table, **part}
        case "BatchWriteItem":
            for table, writes in request["RequestItems"].items():
                for write in writes:
                    for part in write.values():
                        yield operation, {"TableName": table, **part}
        case _:
            yield operation, request


def _resource(part: Mapping[str, Any]) -> str:
    arn = table_arn(str(part.get("TableName", "*")))
    return f"{arn}/index/{part['IndexName']}" if "IndexName" in part else arn


def _keys_of(part: Mapping[str, Any], attribute: str) -> Sequence[str]:
    rows = part.get("Keys") or [row for row in (part.get("Key"), part.get("Item")) if row]
    if rows:
        return [row.get(attribute, {}).get("S", _NO_KEY) for row in rows]
    condition = _spelled_out(str(part.get("KeyConditionExpression", "")), part)
    named = re.search(rf"(?<!\w){re.escape(attribute)}\s*=\s*(:\w+)", condition)
    if not attribute or named is None:
        return [_NO_KEY]
    return [part["ExpressionAttributeValues"][named[1]].get("S", _NO_KEY)]


def _selected(action: str, part: Mapping[str, Any]) -> str:
    # A Query that does not say has ALL_ATTRIBUTES; the others have no such word to say.
    chosen = action != "dynamodb:Query" and "ProjectionExpression" in part
    return str(part.get("Select", "SPECIFIC_ATTRIBUTES" if chosen else "ALL_ATTRIBUTES"))


def _named_in(part: Mapping[str, Any]) -> Iterator[str]:
    """Yield the attributes a part names: in keys, in items and in expressions."""
    for row in (*part.get("Keys", ()), part.get("Key", {}), part.get("Item", {})):
        yield from row
    aliases = part.get("ExpressionAttributeNames", {})
    for word, text in part.items():
        if word.endswith("Expression"):
            for name in _NAME.findall(text):
                if name not in _WORDS:
                    yield aliases.get(name, name)


def _spelled_out(expression: str, part: Mapping[str, Any]) -> str:
    aliases = part.get("ExpressionAttributeNames", {})
    return re.sub(r"#\w+", lambda alias: aliases.get(alias[0], alias[0]), expression)
