"""Decides which stream records, and which lines of a log, a function wants.

The language for records is EventBridge's, as far as Lambda supports it (Lambda guide, "Filter rule
syntax"). Numbers of a DynamoDB record are text, so ``numeric`` matches none of its attributes, as
on AWS. Of CloudWatch's language for lines one sentence is understood: that a field is there.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from local.template.intrinsics import TemplateError

_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "=": lambda left, right: left == right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}
_OPERATORS = {
    *("anything-but", "equals-ignore-case", "exists", "numeric", "prefix", "suffix"),
}
_ABSENT = object()
_FIELD_IS_THERE = re.compile(r'\{ \$\.(\w+) = "\*" \}')


def check(pattern: Mapping[str, Any]) -> None:
    """Refuse a pattern that is not understood.

    Raises:
        TemplateError: naming what is not.
    """
    for key, expected in pattern.items():
        if key == "$or":
            for alternative in expected:
                check(alternative)
        elif isinstance(expected, dict):
            check(expected)
        elif not isinstance(expected, list) or not expected:
            raise TemplateError(f"a filter's {key} must be a list or a map")
        else:
            _check_rules(key, expected)


def wanted(patterns: Iterable[Mapping[str, Any]], record: Mapping[str, Any]) -> bool:
    """Say whether a record matches one of the patterns, or there are none."""
    alternatives = list(patterns)
    return not alternatives or any(_matches(pattern, record) for pattern in alternatives)


def field_of(pattern: str) -> str | None:
    """Return the field a subscription filter asks for, or None where it asks for anything else."""
    found = _FIELD_IS_THERE.fullmatch(pattern)
    return found[1] if found else None


def has_field(field: str, line: str) -> bool:
    """Say whether a line is a JSON object with this field."""
    try:
        said = json.loads(line)
    except ValueError:
        return False
    return isinstance(said, dict) and field in said


def _check_rules(key: str, rules: list[Any]) -> None:
    for rule in rules:
        if isinstance(rule, dict) and (len(rule) != 1 or not _OPERATORS.issuperset(rule)):
            raise TemplateError(f"a filter's {key} has {rule}, which is not supported")


def _matches(pattern: Mapping[str, Any], value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    for key, expected in pattern.items():
        found = value.get(key, _ABSENT)
        if key == "$or":
            fits = any(_matches(alternative, value) for alternative in expected)
        elif isinstance(expected, Mapping):
            # {} stands in, so that {"exists": false} deep inside an absent map still holds.
            fits = _matches(expected, {} if found is _ABSENT else found)
        else:
            candidates = found if isinstance(found, list) else [found]
            fits = any(_rule(rule, candidate) for rule in expected for candidate in candidates)
        if not fits:
            return False
    return True


def _rule(rule: Any, value: Any) -> bool:
    if not isinstance(rule, Mapping):
        return value is not _ABSENT and value == rule and type(value) is type(rule)
    ((operator, argument),) = rule.items()
    if operator == "exists":
        return (value is not _ABSENT) is bool(argument)
    if operator == "anything-but":
        return value is not _ABSENT and not _excluded(argument, value)
    if operator == "numeric":
        return _numeric(argument, value)
    return isinstance(value, str) and _text(operator, str(argument), value)


def _excluded(argument: Any, value: Any) -> bool:
    if isinstance(argument, Mapping):
        return _rule(argument, value)
    return value in (argument if isinstance(argument, list) else [argument])


def _numeric(argument: list[Any], value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    pairs = zip(argument[::2], argument[1::2], strict=True)
    return all(_COMPARE[operator](value, bound) for operator, bound in pairs)


def _text(operator: str, argument: str, value: str) -> bool:
    if operator == "prefix":
        return value.startswith(argument)
    if operator == "suffix":
        return value.endswith(argument)
    return value.lower() == argument.lower()
