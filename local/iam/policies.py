"""What template.yaml allows each function in DynamoDB, decided as IAM would.

Policies here list what they allow, so only that much of IAM's language is understood: actions and
ARNs without wildcards, and the conditions below. Anything else is an error at startup.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, NamedTuple

from local.iam.requests import (
    ATTRIBUTES,
    KEYED,
    LEADING_KEYS,
    PREFIX,
    SELECT,
    RequestedAction,
    requested_actions,
    table_arn,
)
from local.template.intrinsics import TemplateError
from local.template.resources import Template

# "A request without the key" passes each of them, and so does every value that one of the listed
# matches: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
_OPERATORS: Final[Mapping[str, frozenset[str]]] = {
    "ForAllValues:StringEquals": frozenset({ATTRIBUTES, LEADING_KEYS}),
    "ForAllValues:StringLike": frozenset({LEADING_KEYS}),
    "StringEqualsIfExists": frozenset({SELECT}),
}


class Grant(NamedTuple):
    """One thing a statement of a function's policies lists: an action on a resource, or a value."""

    function: str
    statement: int
    what: str


class AccessDeniedError(Exception):
    """No policy of the function allows what it asked for; the message says what that was."""


@dataclass(frozen=True)
class _Condition:
    operator: str
    key: str
    listed: tuple[str, ...]

    def matches(self, value: str) -> list[str]:
        """Return those of the listed values that one of the request matches."""
        if self.operator.endswith("StringLike"):
            return [each for each in self.listed if _like(each).fullmatch(value)]
        return [each for each in self.listed if each == value]

    def holds(self, access: RequestedAction) -> bool:
        return all(self.matches(value) for value in access.values(self.key))


@dataclass(frozen=True)
class _Statement:
    function: str
    number: int
    actions: frozenset[str]
    resources: frozenset[str]
    conditions: tuple[_Condition, ...]

    def allows(self, access: RequestedAction) -> bool:
        return (
            access.action in self.actions
            and access.resource in self.resources
            and all(condition.holds(access) for condition in self.conditions)
        )

    def used_by(self, access: RequestedAction) -> Iterator[Grant]:
        yield self._grant(access.action, access.resource)
        for condition in self.conditions:
            for value in access.values(condition.key):
                for listed in condition.matches(value):
                    yield self._value(condition, listed)

    def grants(self) -> Iterator[Grant]:
        for resource in self.resources:
            yield from (self._grant(action, resource) for action in self.actions)
        for condition in self.conditions:
            yield from (self._value(condition, listed) for listed in condition.listed)

    def _grant(self, action: str, resource: str) -> Grant:
        return Grant(self.function, self.number, f"{action} on {resource.removeprefix(PREFIX)}")

    def _value(self, condition: _Condition, listed: str) -> Grant:
        return Grant(self.function, self.number, f"{condition.key} {listed}")


class Permissions:
    """The DynamoDB statements of every function's policies."""

    def __init__(
        self,
        policies: Mapping[str, Sequence[Mapping[str, Any]]],
        partition_keys: Mapping[str, str],
    ) -> None:
        """Take each function's policy documents, resolved, and the table's keys by ARN.

        Raises:
            TemplateError: for what is not understood, and what would allow more than it says.
        """
        self.document: Final = {"policies": policies, "partition_keys": partition_keys}
        self._partition_keys = partition_keys
        self._statements = {name: _statements(name, policies[name]) for name in policies}

    @classmethod
    def of(cls, template: Template) -> "Permissions":
        """Return what a template allows its functions.

        Raises:
            TemplateError: when a policy says something that is not supported.
        """
        policies = {name: function.policies for name, function in template.functions.items()}
        table = template.table
        if table is None:
            return cls(policies, {})
        arn = table_arn(table.name)
        partition_keys = {arn: _partition_key(table.parameters)}
        for index in table.parameters.get("GlobalSecondaryIndexes", ()):
            partition_keys[f"{arn}/index/{index['IndexName']}"] = _partition_key(index)
        return cls(policies, partition_keys)

    def holds(self, function: str) -> bool:
        """Return whether this is a function, whose policies decide; others may do everything."""
        return function in self._statements

    def grants(self) -> set[Grant]:
        """Return everything the policies list."""
        return {
            grant
            for statements in self._statements.values()
            for statement in statements
            for grant in statement.grants()
        }

    def used(self, function: str, operation: str, request: Mapping[str, Any]) -> set[Grant]:
        """Return what a function's request uses of its policies.

        Raises:
            AccessDeniedError: they do not allow it.
        """
        used: set[Grant] = set()
        for access in requested_actions(operation, request, self._partition_keys):
            # The first that allows it: a later one that allows the same is not needed.
            allowing = next(
                (each for each in self._statements[function] if each.allows(access)), None
            )
            if allowing is None:
                raise AccessDeniedError(_denial(function, access))
            used.update(allowing.used_by(access))
        return used


def _statements(function: str, policies: Sequence[Mapping[str, Any]]) -> list[_Statement]:
    listed: list[Mapping[str, Any]] = []
    for policy in policies:
        if not isinstance(policy, Mapping) or set(policy) != {"Version", "Statement"}:
            raise TemplateError(f"{function}: a policy must be a Version and its Statement")
        listed += _listed(policy["Statement"])
    return [
        _statement(f"{function}, statement {number}", function, number, raw)
        for number, raw in enumerate(listed, 1)
        if any(action.startswith("dynamodb:") for action in _listed(raw.get("Action", ())))
    ]


def _statement(where: str, function: str, number: int, raw: Mapping[str, Any]) -> _Statement:
    unknown = set(raw) - {"Sid", "Effect", "Action", "Resource", "Condition"}
    if unknown or raw.get("Effect") != "Allow":
        raise TemplateError(f"{where}: it may have Effect Allow, Action, Resource and Condition")
    actions, resources = frozenset(_listed(raw["Action"])), frozenset(_listed(raw["Resource"]))
    for word in (*actions, *resources):
        if "*" in word or "?" in word:
            raise TemplateError(f"{where}: {word} allows more than it says; list each")
    conditions = tuple(
        _condition(where, operator, key, values)
        for operator, pairs in raw.get("Condition", {}).items()
        for key, values in pairs.items()
    )
    unkeyed = sorted(actions - KEYED)
    if unkeyed and any(condition.key == LEADING_KEYS for condition in conditions):
        raise TemplateError(f"{where}: {', '.join(unkeyed)} is not held back by {LEADING_KEYS}")
    return _Statement(function, number, actions, resources, conditions)


def _condition(where: str, operator: str, key: str, values: Any) -> _Condition:
    if key not in _OPERATORS.get(operator, ()):
        raise TemplateError(f"{where}: {operator} of {key} does not work on one machine")
    return _Condition(operator, key, tuple(_listed(values)))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _partition_key(schema: Mapping[str, Any]) -> str:
    (name,) = (key["AttributeName"] for key in schema["KeySchema"] if key["KeyType"] == "HASH")
    return str(name)


def _denial(function: str, access: RequestedAction) -> str:
    # The kinds of keys only: the rest may be a share link's secret.
    kinds = sorted({f"{key.partition('#')[0]}#…" for key in access.keys})
    keys = f", with keys {', '.join(kinds)}" if kinds else ""
    return (
        f"{function} may not {access.action} on {access.resource.removeprefix(PREFIX)}{keys}:"
        " no policy of it in template.yaml allows that."
    )


@cache
def _like(pattern: str) -> re.Pattern[str]:
    """Return IAM's pattern: ``*`` is any characters, ``?`` is one, all others are themselves."""
    words = {"*": ".*", "?": "."}
    return re.compile("".join(words.get(each, re.escape(each)) for each in pattern), re.DOTALL)
