"""Writes the tables of docs/cost.md: ``make cost``.

The page is prose with tables between markers; each table is made of what is counted now, of
docs/cost/measured.json and of docs/cost/prices.toml. A test holds the page to them.
"""

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import redirect_stdout
from io import StringIO
from typing import Final

import tests.conftest  # noqa: F401 - an environment without anybody's AWS account
from colloquy.observability import logger
from tests.bench.bill import MILLION, Bill, Idle, Prices
from tests.bench.counting import SIZES, Counts, Units, count
from tests.bench.measuring import Measurements, measure
from tests.bench.operations import IN_LONG_ONES, OPERATIONS
from tests.support.functions import ROOT, declared

PAGE: Final = ROOT / "docs/cost.md"
MEASURED: Final = ROOT / "docs/cost/measured.json"
_ASSUMED: Final = {
    "round_trip_ms": "a round trip to DynamoDB, in ms (AWS says single-digit milliseconds)",
    "cold_starts_percent": "cold starts among a hundred invocations (AWS says under 1)",
    "vcpu_mb": "MB of memory at which Lambda gives one vCPU",
    "traced_percent": "traced of a hundred invocations, beyond the first of each second",
    "hours_a_month": "hours of a month",
}
_BLOCK: Final = re.compile(r"(<!-- make cost: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> int:
    """Count and measure, write the page, and print its tables."""
    print("Measuring on the processes of make run, some minutes …", file=sys.stderr)
    measured = measure()
    MEASURED.write_text(measured.as_json(), encoding="utf-8")
    print("Counting …", file=sys.stderr)
    logger.setLevel("CRITICAL")
    with redirect_stdout(StringIO()):  # the metrics of the functions
        counts = count()
    tables = Tables(counts, measured, Prices.read())
    PAGE.write_text(filled(PAGE.read_text("utf-8"), tables), encoding="utf-8")
    for name in tables.names:
        print(f"\n{name}\n\n{tables.made(name)}")
    return 0


def filled(page: str, tables: "Tables") -> str:
    """Return the page with each table made anew."""
    return _BLOCK.sub(lambda found: f"{found[1]}{tables.made(found[2])}{found[3]}", page)


class Tables:
    """The page's tables, in Markdown."""

    def __init__(self, counts: Counts, measured: Measurements, prices: Prices) -> None:
        self._counts = counts
        self._measured = measured
        self._prices = prices
        self._bill = Bill(counts, measured, prices)
        self._by_name: dict[str, Callable[[], str]] = {
            "million": self.million,
            "storage": self.storage,
            "idle": self.idle,
            "counted": self.counted,
            "length": self.length,
            "measured": self.measured,
            "assumed": self.assumed,
            "prices": self.prices,
        }

    @property
    def names(self) -> tuple[str, ...]:
        """The tables there are."""
        return tuple(self._by_name)

    def made(self, name: str) -> str:
        """Return a table by its name."""
        return self._by_name[name]()

    def million(self) -> str:
        """Return what a million of each cost."""
        rows = []
        for operation in OPERATIONS:
            line = self._bill.line(operation)
            parts = (line.gateway, line.compute, line.table, line.logs, line.out)
            total = f"**{line.total:.2f}**"
            traces = f"{line.busy:.2f} to {line.thin:.2f}"
            rows.append([operation.name, *(f"{part:.2f}" for part in parts), total, traces])
        head = ["1 million", "API", "Lambda", "DynamoDB", "logs", "data out", "together", "traces"]
        return _table(head, rows)

    def storage(self) -> str:
        """Return what a million stored messages cost a month."""
        size = self._counts.message_bytes
        kept, recoverable = (
            self._prices.of(name, size * MILLION / 1e9)
            for name in ("storage_gb_month", "recovery_gb_month")
        )
        row = [f"{size:,}", f"{kept:.2f}", f"{recoverable:.2f}", f"**{kept + recoverable:.2f}**"]
        return _table(["bytes of one", "storage", "point-in-time recovery", "together"], [row])

    def idle(self) -> str:
        """Return what a month costs in which nobody calls."""
        positions = self._bill.idle()
        rows = [
            [each.what, f"{each.amount:,.0f}", f"{each.usd:.3f}", f"{each.beyond_free:.3f}"]
            for each in positions
        ]
        needed = [each for each in positions if not each.is_optional]
        rows += [_sum("together", positions), _sum("with `Monitoring=off`", needed)]
        return _table(["", "a month", "list price", "beyond what is free"], rows)

    def counted(self) -> str:
        """Return the units of each, and who spends them."""
        rows = []
        for operation in OPERATIONS:
            counted = self._counts.operations[operation.name]
            later = "" if operation.later is None else _units(counted.later)
            who = "" if operation.later is None else _who(operation.later)
            rows.append([operation.name, *_each(counted.request), who, later])
        head = ["one of", "round trips", "write units", "read units", "later", "of these each"]
        return _table(head, rows)

    def length(self) -> str:
        """Return the units of a request in a short conversation and in the longest."""
        rows = [
            [name, _units(self._counts.operations[name].request), _units(self._counts.full[name])]
            for name in IN_LONG_ONES
        ]
        return _table(["", *(f"among {size:,} messages" for size in SIZES)], rows)

    def measured(self) -> str:
        """Return what was measured, and the time Lambda would bill for it."""
        rows = []
        for operation in OPERATIONS:
            measured = self._measured.operations[operation.name]
            works = self._bill.work(operation)
            cpu = [measured.cpu_ms, measured.later_cpu_ms][: len(works)]
            rows.append(
                [
                    operation.name,
                    " + ".join(_who(work.function) for work in works),
                    " + ".join(f"{each:.1f}" for each in cpu),
                    " + ".join(f"{work.ms:.1f}" for work in works),
                    f"{sum(work.log_bytes for work in works):,.0f}",
                    f"{measured.answer_bytes:,.0f}",
                ]
            )
        head = ["one of", "function", "CPU, ms", "billed, ms", "log, bytes", "answer, bytes"]
        taken = f"Taken on {self._measured.taken} on: {self._measured.machine}.\n\n"
        return taken + _table(head, rows)

    def assumed(self) -> str:
        """Return what is taken to be so."""
        rows = [[_ASSUMED[name], f"{value:g}"] for name, value in self._prices.assumed.items()]
        return _table(["", "taken to be"], rows)

    def prices(self) -> str:
        """Return the price list."""
        rows = []
        for price in self._prices.price.values():
            usd = f"{price['usd']:.10f}".rstrip("0")
            whole, _, cents = usd.partition(".")
            free = f"{price['free']:,}" if "free" in price else ""
            sources = {"AWS": price["source"], "also": price.get("also")}
            said = ", ".join(f"[{who}]({url})" for who, url in sources.items() if url)
            listed, per = f"{whole}.{cents:<02}", f"{price['per']:,}"
            rows.append([price["what"], listed, per, free, price.get("as_of", ""), said])
        when = f"{self._prices.region}, looked up on {self._prices.looked_up}.\n\n"
        head = ["", "US dollars", "for", "free a month", "as of", "source"]
        return when + _table(head, rows)


def _each(units: Units) -> list[str]:
    return [f"{value:g}" for value in (units.trips, units.writes, units.reads)]


def _sum(what: str, positions: Sequence[Idle]) -> list[str]:
    usd = sum(each.usd for each in positions)
    beyond = sum(each.beyond_free for each in positions)
    return [f"**{what}**", "", f"**{usd:.2f}**", f"**{beyond:.2f}**"]


def _units(units: Units) -> str:
    return " / ".join(_each(units))


def _who(function: str) -> str:
    return (
        f"{function.removesuffix('Function').lower()} ({declared().functions[function].memory} MB)"
    )


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
