"""Whatever fails on the way, what clients were answered is true: 300 fixed seeds, 100 fresh ones.

``make faults SEED=… RUNS=1 TRACE=1`` repeats a run and prints what happened in it.
"""

import os
import secrets
from typing import Final

import pytest

from tests.faults.run import Report, run

_BLOCK: Final = 20
"""Seeds of one test: blocks can run side by side."""
_FRESH: Final = int(os.environ.get("FAULTS_SEED") or secrets.randbelow(10**8) + 1_000)


@pytest.mark.parametrize("first", range(1, 301, _BLOCK))
def test_fixed_seeds_violate_nothing(first: int) -> None:
    _expect_no_violation(first)


@pytest.mark.parametrize("block", range(5))
def test_fresh_seeds_violate_nothing(block: int) -> None:
    first = _FRESH + block * _BLOCK
    _expect_no_violation(first)


def test_a_run_depends_on_its_seed_alone() -> None:
    first, again, other = run(7), run(7), run(8)

    assert first.log == again.log
    assert first.log != other.log


def test_every_fault_and_operation_occurs() -> None:
    reports = [run(seed) for seed in range(501, 526)]

    faults = {kind for report in reports for kind, times in report.faults.items() if times}
    done = {
        what.removesuffix(" done")
        for report in reports
        for what in report.operations
        if what.endswith(" done")
    }
    assert faults == {
        *("busy", "timeout before", "timeout after", "reset", "killed before", "killed after"),
        *("cancelled", "in progress", "conflict", "in part", "late", "meets itself"),
        *("short page", "empty page"),
    }
    assert {
        "regenerate",
        "respond",
        "finish import",
        "fork",
        "write through link",
        "delete many",
    } <= done


def _expect_no_violation(first: int) -> None:
    violated: list[Report] = []
    for seed in range(first, first + _BLOCK):
        report = run(seed)
        if report.violations:
            violated.append(report)
    told = f"make faults SEED={first} RUNS={_BLOCK}"
    assert not violated, "\n".join([told, *map(str, violated)])
