"""The verdict on a whole run: functions may do what they did in component and e2e tests, no more.

Each call was checked against its function's policy as it was made (permissions.py in component
tests, local/iam in e2e tests), so one that is not allowed has failed its own test. What can be said
only after all tests, and across parallel workers, is said here.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from local.iam.policies import Grant
from tests.support.permissions import record

COMPLETE: Final = pytest.StashKey[bool]()
"""Whether all component and e2e tests take part in the run."""

_TESTS: Final = Path(__file__).parents[1]


def needs() -> set[Path]:
    """Return the files whose tests make the functions use their policies."""
    files = {file for kind in ("component", "e2e") for file in _TESTS.glob(f"{kind}/**/test_*.py")}
    # The fuzz calls nothing that the others do not, and cannot be split among workers.
    return files - {_TESTS / "e2e/test_fuzz.py"}


def seen(config: pytest.Config) -> dict[str, Any]:
    """Return what a worker has seen, as values that can be sent to its controller."""
    return {
        "policies_complete": config.stash.get(COMPLETE, False),
        "policies_used": [tuple(grant) for grant in sorted(record().used)],
        "policies_rejected": sorted(record().refused),
    }


def add(config: pytest.Config, output: Mapping[str, Any] | None) -> None:
    """Add what a worker has seen; one that died without a word makes the run incomplete."""
    complete = output is not None and bool(output["policies_complete"])
    config.stash[COMPLETE] = config.stash.get(COMPLETE, True) and complete
    if output is not None:
        record().used |= {Grant(*grant) for grant in output["policies_used"]}
        record().refused |= set(output["policies_rejected"])


def violations(config: pytest.Config) -> list[str]:
    """Return a line for each thing a function was not allowed, or was allowed and did not use.

    Of a run in which only some tests took part, nothing can be said.
    """
    if not config.stash.get(COMPLETE, False):
        return []
    surplus = [
        f"{function}, statement {number}: nothing used {what}; take it out, or test what needs it"
        for function, number, what in record().surplus()
    ]
    return sorted(record().refused) + surplus
