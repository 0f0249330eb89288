"""The filters of event sources: which stream records, and which lines of a log, a function gets.

Of the language for records (Lambda guide, "Filter rule syntax") only what template.yaml uses is
supported: equal values, and whether an attribute exists. Of CloudWatch's language for log lines it
is one pattern: that a field exists.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from local.template.intrinsics import TemplateError

_ABSENT = object()
_FIELD_EXISTS = re.compile(r'\{ \$\.(\w+) = "\*" \}')


def check(pattern: Mapping[str, Any]) -> None:
    """Reject a pattern that is not supported.

    Raises:
        TemplateError: naming what is not.
    """
    for key, expected in pattern.items():
        if isinstance(expected, dict):
            check(expected)
        elif not isinstance(expected, list) or not expected:
            raise TemplateError(f"a filter's {key} must be a list or a map")
        elif rules := [rule for rule in expected if not _is_supported(rule)]:
            raise TemplateError(f"a filter's {key} has {rules[0]}, which is not supported")


def matches_any(patterns: Iterable[Mapping[str, Any]], record: Mapping[str, Any]) -> bool:
    """Return whether a record matches one of the patterns, or there are none."""
    alternatives = list(patterns)
    return not alternatives or any(_matches(pattern, record) for pattern in alternatives)


def field_of(pattern: str) -> str | None:
    """Return the field that a subscription filter requires, or None for any other filter."""
    found = _FIELD_EXISTS.fullmatch(pattern)
    return found[1] if found else None


def has_field(field: str, line: str) -> bool:
    """Return whether a line is a JSON object with this field."""
    try:
        content = json.loads(line)
    except ValueError:
        return False
    return isinstance(content, dict) and field in content


def _is_supported(rule: Any) -> bool:
    return isinstance(rule, str) or rule in ({"exists": True}, {"exists": False})


def _matches(pattern: Mapping[str, Any], value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    for key, expected in pattern.items():
        found = value.get(key, _ABSENT)
        if isinstance(expected, Mapping):
            # {} so that {"exists": false} deep inside an absent map still matches.
            if not _matches(expected, {} if found is _ABSENT else found):
                return False
        elif not any(_rule(rule, found) for rule in expected):
            return False
    return True


def _rule(rule: Any, value: Any) -> bool:
    if isinstance(rule, Mapping):
        return (value is not _ABSENT) is rule["exists"]
    return bool(value == rule)
