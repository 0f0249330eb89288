"""A rate says how much time is between two invocations."""

from datetime import timedelta

import pytest

from local.template.intrinsics import TemplateError
from local.template.schedule_expressions import interval


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("rate(1 minute)", timedelta(minutes=1)),
        ("rate(15 minutes)", timedelta(minutes=15)),
        ("rate(2 hours)", timedelta(hours=2)),
        ("rate(1 day)", timedelta(days=1)),
    ],
)
def test_a_rate_is_an_interval(expression: str, expected: timedelta) -> None:
    assert interval(expression) == expected


@pytest.mark.parametrize("expression", ["rate(0 minutes)", "at(2030)", "cron(0 0 * * ? *)", "x"])
def test_any_other_schedule_is_rejected(expression: str) -> None:
    with pytest.raises(TemplateError, match="not supported"):
        interval(expression)
