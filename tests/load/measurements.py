"""How long requests took and what they were answered, by what was asked for."""

import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field


@dataclass
class Measurements:
    """Durations in seconds and failed attempts, since ``began`` of ``time.monotonic``."""

    began: float = field(default_factory=time.monotonic)
    ended: float = 0.0
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    failures: Counter[str] = field(default_factory=Counter)

    def add(self, kind: str, seconds: float) -> None:
        """Count a request that was answered as it should be."""
        self.seconds[kind].append(seconds)

    def fail(self, kind: str, why: str) -> None:
        """Count an attempt that was not."""
        self.failures[f"{kind}: {why}"] += 1

    def progress(self) -> str:
        """Return one line on everything so far."""
        taken = sorted(each for some in self.seconds.values() for each in some)
        elapsed = time.monotonic() - self.began
        return (
            f"{elapsed:4.0f} s  {len(taken):6,} requests  {len(taken) / elapsed:5.0f}/s  "
            f"p95 {_milliseconds(taken, 95)}  {self.failures.total()} failed attempts"
        )

    def report(self) -> list[str]:
        """Return a table of all kinds, and the failures."""
        elapsed = self.ended - self.began
        whole = sorted(each for some in self.seconds.values() for each in some)
        lines = [f"{'':22}{'requests':>9}{'/s':>7}{'p50':>10}{'p95':>10}{'p99':>10}{'max':>10}"]
        for kind, taken in [*sorted(self.seconds.items()), ("all", whole)]:
            ordered = sorted(taken)
            shown = "".join(f"{_milliseconds(ordered, share):>10}" for share in (50, 95, 99, 100))
            lines.append(f"{kind:22}{len(ordered):9,}{len(ordered) / elapsed:7.1f}{shown}")
        lines += [f"failed attempts, {why}: {times}" for why, times in self.failures.most_common()]
        return lines


def _milliseconds(ordered: list[float], share: int) -> str:
    if not ordered:
        return "-"
    at = min(len(ordered) - 1, len(ordered) * share // 100)
    return f"{ordered[at] * 1000:,.0f} ms"
