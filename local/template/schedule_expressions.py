"""EventBridge's rate expressions; cron expressions are not used by template.yaml."""

import re
from datetime import timedelta

from local.template.intrinsics import TemplateError

_RATE = re.compile(r"rate\((?P<number>[1-9]\d*) (?P<unit>minute|hour|day)s?\)")


def interval(expression: str) -> timedelta:
    """Return the time between two invocations.

    Raises:
        TemplateError: for an expression that is not supported.
    """
    rate = _RATE.fullmatch(expression)
    if rate is None:
        raise TemplateError(f"the schedule {expression} is not supported: only rate(…) is")
    return timedelta(**{f"{rate['unit']}s": int(rate["number"])})
