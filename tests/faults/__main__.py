"""Run seeds: ``python -m tests.faults [--seed N] [--runs N] [--trace]``."""

import argparse
import sys
import time
from collections import Counter

import tests.conftest  # noqa: F401 - the environment that the product reads
from tests.faults.run import run


def main() -> int:
    """Run the seeds, print what was done and what was violated, and return 1 if anything was."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--runs", type=int, default=1, help="how many seeds, from the first on")
    parser.add_argument("--trace", action="store_true", help="print what happened in each run")
    options = parser.parse_args()
    began, violated, requests = time.monotonic(), 0, 0
    faults: Counter[str] = Counter()
    operations: Counter[str] = Counter()
    for seed in range(options.seed, options.seed + options.runs):
        report = run(seed)
        requests += report.requests
        faults += report.faults
        operations += report.operations
        if options.trace:
            print("\n".join(report.log))
        if report.violations:
            violated += 1
            print(report)
    seconds = time.monotonic() - began
    print(f"{options.runs} runs in {seconds:.0f} s, {requests} requests, {violated} violated")
    print("faults:", ", ".join(f"{kind} {n}" for kind, n in sorted(faults.items())))
    print("operations:", ", ".join(f"{kind} {n}" for kind, n in sorted(operations.items())))
    return 1 if violated else 0


if __name__ == "__main__":
    sys.exit(main())
