"""Filters choose records as EventBridge patterns do."""

from typing import Any

import pytest

from local.template.event_patterns import check, wanted
from local.template.intrinsics import TemplateError

RECORD = {
    "eventName": "REMOVE",
    "dynamodb": {"Keys": {"SK": {"S": "C#1"}}, "OldImage": {"n": {"N": "5"}, "tags": ["a", "b"]}},
}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"eventName": ["REMOVE"]}, True),
        ({"eventName": ["INSERT", "MODIFY"]}, False),
        ({"dynamodb": {"Keys": {"SK": {"S": [{"prefix": "C#"}]}}}}, True),
        ({"dynamodb": {"Keys": {"SK": {"S": [{"suffix": "#2"}]}}}}, False),
        ({"dynamodb": {"Keys": {"SK": {"S": [{"equals-ignore-case": "c#1"}]}}}}, True),
        ({"dynamodb": {"Keys": {"SK": {"S": [{"anything-but": {"prefix": "I#"}}]}}}}, True),
        ({"dynamodb": {"Keys": {"SK": {"S": [{"anything-but": ["C#1"]}]}}}}, False),
        ({"dynamodb": {"NewImage": {"x": [{"exists": False}]}}}, True),
        ({"dynamodb": {"OldImage": {"n": [{"exists": True}]}}}, True),
        # A number of DynamoDB is text.
        ({"dynamodb": {"OldImage": {"n": {"N": [{"numeric": [">", 1]}]}}}}, False),
        ({"dynamodb": {"OldImage": {"tags": ["b", "c"]}}}, True),
        ({"$or": [{"eventName": ["INSERT"]}, {"eventName": ["REMOVE"]}]}, True),
        ({"eventName": ["REMOVE"], "userIdentity": {"type": ["Service"]}}, False),
    ],
)
def test_a_pattern_matches_or_not(pattern: dict[str, Any], *, expected: bool) -> None:
    check(pattern)

    assert wanted([pattern], RECORD) is expected


def test_numbers_of_the_envelope_compare() -> None:
    assert wanted([{"size": [{"numeric": [">=", 1, "<", 3]}]}], {"size": 2})
    assert not wanted([{"size": [{"numeric": [">=", 1, "<", 3]}]}], {"size": 3})


def test_without_patterns_everything_is_wanted() -> None:
    assert wanted([], RECORD)


@pytest.mark.parametrize("pattern", [{"a": "b"}, {"a": []}, {"a": [{"wildcard": "x*"}]}])
def test_an_unknown_pattern_is_refused(pattern: dict[str, Any]) -> None:
    with pytest.raises(TemplateError):
        check(pattern)
