"""Filters choose records as EventBridge patterns do."""

from typing import Any

import pytest

from local.template.event_patterns import check, matches_any
from local.template.intrinsics import TemplateError

RECORD = {
    "eventName": "REMOVE",
    "dynamodb": {"Keys": {"SK": {"S": "C#1"}}, "OldImage": {"n": {"N": "5"}}},
}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"eventName": ["REMOVE"]}, True),
        ({"eventName": ["INSERT", "MODIFY"]}, False),
        ({"dynamodb": {"Keys": {"SK": {"S": ["C#1", "C#2"]}}}}, True),
        ({"dynamodb": {"NewImage": {"x": [{"exists": False}]}}}, True),
        ({"dynamodb": {"OldImage": {"n": [{"exists": True}]}}}, True),
        ({"dynamodb": {"OldImage": {"n": [{"exists": False}]}}}, False),
        # A number of DynamoDB is text.
        ({"dynamodb": {"OldImage": {"n": {"N": ["5"]}}}}, True),
        ({"eventName": ["REMOVE"], "userIdentity": {"type": ["Service"]}}, False),
    ],
)
def test_a_pattern_matches_or_not(pattern: dict[str, Any], *, expected: bool) -> None:
    check(pattern)

    assert matches_any([pattern], RECORD) is expected


def test_without_patterns_every_record_matches() -> None:
    assert matches_any([], RECORD)


@pytest.mark.parametrize(
    "pattern",
    [{"a": "b"}, {"a": []}, {"a": [1]}, {"a": [{"prefix": "x"}]}, {"$or": [{"a": ["b"]}]}],
)
def test_an_unsupported_pattern_is_rejected(pattern: dict[str, Any]) -> None:
    with pytest.raises(TemplateError):
        check(pattern)
