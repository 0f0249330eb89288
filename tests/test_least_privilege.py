"""What the component and e2e tests made the functions ask DynamoDB for is what they may ask for.

Each call was held against the caller's policies as it was made (tests/support/permissions.py in
component tests, local/iam/enforcement.py in `make run`), so one that is not allowed has failed its
own test. What is left to say is said here, behind all others: tests/conftest.py puts it there, and
takes it out of a run in which not all of them take part.
"""

import pytest

from tests.support.permissions import record

pytestmark = pytest.mark.behind_all_others


def test_no_function_was_refused_anything() -> None:
    assert record().refused == set()


def test_no_policy_lists_anything_that_was_not_used() -> None:
    surplus = [
        f"{function}, statement {number}: {what}" for function, number, what in record().surplus()
    ]
    assert surplus == [], "take it out of template.yaml, or test what needs it"
