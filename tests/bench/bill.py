"""Makes money of what was counted and measured, by the prices in docs/cost/prices.toml."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from local.template.intrinsics import read_yaml
from local.template.resources import Schedule
from tests.bench.counting import Counted, Counts, Units
from tests.bench.measuring import Measured, Measurements
from tests.bench.operations import CLEANUP, Operation
from tests.support.functions import ROOT, declared

MILLION: Final = 1_000_000
_GB: Final = 1_000_000_000
_REQUEST_BYTES: Final = 512 * 1024

# What Lambda itself writes into the log of a traced invocation.
_ID: Final = "0" * 36
_PLATFORM_LINES: Final = (
    f"START RequestId: {_ID} Version: $LATEST",
    f"END RequestId: {_ID}",
    (
        f"REPORT RequestId: {_ID} Duration: 20.00 ms Billed Duration: 20 ms Memory Size: 512 MB "
        "Max Memory Used: 100 MB XRAY TraceId: 1-00000000-000000000000000000000000 "
        "SegmentId: 0000000000000000 Sampled: true"
    ),
)
_ACCESS: Final = {
    "requestId": "JKJaXmPLvHcESHA=",
    "requestTime": "23/Nov/2026:03:10:59 +0000",
    "httpMethod": "POST",
    "routeKey": "POST /v1/conversations/{conversation_id}/items",
    "status": "201",
    "responseLatency": "60",
    "integrationLatency": "55",
    "integrationStatus": "200",
    "responseLength": "1000",
}
"""How long the fields of the access log are; those that are not here are `-` where all is well."""
_EVENT_BYTES: Final = 26
"""What CloudWatch Logs adds to each event (PutLogEvents)."""


@dataclass(frozen=True)
class Prices:
    """The price file."""

    region: str
    looked_up: str
    price: Mapping[str, Mapping[str, Any]]
    assumed: Mapping[str, float]

    @classmethod
    def read(cls) -> "Prices":
        """Read docs/cost/prices.toml."""
        said = tomllib.loads((ROOT / "docs/cost/prices.toml").read_text("utf-8"))
        return cls(said["region"], str(said["looked_up"]), said["price"], said["assumed"])

    def of(self, name: str, amount: float) -> float:
        """Return what an amount costs, in dollars."""
        return float(amount * self.price[name]["usd"] / self.price[name]["per"])

    def beyond_free(self, name: str, amount: float) -> float:
        """Return what it costs an account that uses nothing else."""
        return self.of(name, max(0, amount - self.price[name].get("free", 0)))


@dataclass(frozen=True)
class Work:
    """What one function does for one operation."""

    function: str
    ms: float
    """Of Lambda, as it bills them."""
    units: Units
    log_bytes: float


@dataclass(frozen=True)
class Line:
    """What a million of one operation cost, in dollars; ``busy`` and ``thin`` are of traces."""

    gateway: float
    compute: float
    table: float
    logs: float
    out: float
    busy: float
    thin: float

    @property
    def total(self) -> float:
        """Everything but traces."""
        return self.gateway + self.compute + self.table + self.logs + self.out


class Bill:
    """Puts counts, measurements and prices together."""

    def __init__(self, counts: Counts, measured: Measurements, prices: Prices) -> None:
        self._counts = counts
        self._measured = measured
        self._prices = prices
        self._functions = declared().functions

    def work(self, operation: Operation) -> list[Work]:
        """Return what is done for one: the request's, and what is done later."""
        counted, measured = self._of(operation)
        invocations = 1 / operation.size
        request = Work(
            operation.function,
            self._ms(operation.function, measured.cpu_ms, counted.request.trips, invocations),
            counted.request,
            _log_bytes(measured.log_bytes, measured.log_lines, invocations),
        )
        if operation.later is None:
            return [request]
        # The cleanup works links off in its regular runs, which the idle stack pays for.
        own = 0 if operation.later == CLEANUP else 1
        later = Work(
            operation.later,
            self._ms(operation.later, measured.later_cpu_ms, counted.later.trips, own),
            counted.later,
            _log_bytes(measured.later_log_bytes, measured.later_log_lines, own),
        )
        return [request, later]

    def line(self, operation: Operation) -> Line:
        """Return what a million cost."""
        _, measured = self._of(operation)
        done = self.work(operation)
        pay, million = self._prices.of, MILLION
        requests = million / operation.size
        answers = max(1, -(-measured.answer_bytes * operation.size // _REQUEST_BYTES))
        invocations = requests + sum(million for each in done[1:] if each.function != CLEANUP)
        gb_seconds = sum(self._gigabytes(each.function) * each.ms / 1000 for each in done)
        lines = sum(each.log_bytes for each in done) + _access_log_bytes() / operation.size
        traced = self._prices.assumed["traced_percent"] / 100
        return Line(
            gateway=pay("api_request", requests * answers),
            compute=pay("lambda_request", invocations)
            + pay("lambda_gb_second", gb_seconds * million),
            table=pay("write_unit", million * sum(each.units.writes for each in done))
            + pay("read_unit", million * sum(each.units.reads for each in done)),
            logs=pay("log_gb", lines * million / _GB),
            out=pay("out_gb", measured.answer_bytes * million / _GB),
            busy=pay("trace", traced * invocations),
            thin=pay("trace", invocations),
        )

    def idle(self) -> list["Idle"]:
        """Return what a month costs in which nobody calls."""
        hours = self._prices.assumed["hours_a_month"]
        runs = sum(_runs(each, hours) for each in declared().schedules)
        units = self._counts.idle_cleanup
        wait = units.trips * self._prices.assumed["round_trip_ms"] / 1000
        return [
            *self._monitoring(),
            self._idle("schedule", "runs of the cleanup: schedule", runs),
            self._idle("lambda_request", "… requests", runs),
            self._idle("lambda_gb_second", "… GB-seconds", runs * wait * self._gigabytes(CLEANUP)),
            self._idle("read_unit", "… read units", runs * units.reads),
            self._idle("trace", "… traces", runs),
        ]

    def _monitoring(self) -> list["Idle"]:
        """Return what ``Monitoring=off`` saves."""
        watched = sum(map(_metrics_of, _resources("CloudWatch::Alarm")))
        dashboards = len(_resources("CloudWatch::Dashboard"))
        return [
            replace(each, is_optional=True)
            for each in (
                self._idle("alarm_month", "metrics that alarms watch", watched),
                self._idle("dashboard_month", "dashboards", dashboards),
            )
        ]

    def _idle(self, price: str, what: str, amount: float) -> "Idle":
        return Idle(
            what, amount, self._prices.of(price, amount), self._prices.beyond_free(price, amount)
        )

    def _of(self, operation: Operation) -> tuple[Counted, Measured]:
        name = operation.name
        return self._counts.operations[name], self._measured.operations[name]

    def _ms(self, function: str, cpu: float, trips: float, invocations: float) -> float:
        """Return the billed time: the CPU's, stretched by its share of one, and waiting."""
        assumed = self._prices.assumed
        stretched = cpu * max(1, assumed["vcpu_mb"] / self._functions[function].memory)
        cold = invocations * assumed["cold_starts_percent"] / 100
        # While it starts, an environment has a whole vCPU.
        starting = cold * self._measured.start_cpu_ms[function]
        return stretched + trips * assumed["round_trip_ms"] + starting

    def _gigabytes(self, function: str) -> float:
        return self._functions[function].memory / 1024


@dataclass(frozen=True)
class Idle:
    """A position of the bill of an idle month, in dollars."""

    what: str
    amount: float
    usd: float
    beyond_free: float
    is_optional: bool = False


def _log_bytes(own: float, lines: float, invocations: float) -> float:
    platform = sum(len(line) for line in _PLATFORM_LINES) + _EVENT_BYTES * len(_PLATFORM_LINES)
    return own + _EVENT_BYTES * lines + platform * invocations


def _access_log_bytes() -> int:
    """Return what API Gateway writes into the access log of a request."""
    (api,) = _resources("Serverless::HttpApi")
    form: str = api["AccessLogSettings"]["Format"]["Fn::Sub"]
    line = re.sub(r"\$context\.([\w.]+)", lambda field: _ACCESS.get(field[1], "-"), form)
    return len(line.replace("${AWS::StackName}", "colloquy-prod")) + _EVENT_BYTES


@cache
def _resources(kind: str) -> list[Mapping[str, Any]]:
    """Return the properties of the template's resources of a kind."""
    resources = read_yaml((ROOT / "template.yaml").read_text("utf-8"))["Resources"].values()
    return [each["Properties"] for each in resources if each["Type"] == f"AWS::{kind}"]


def _metrics_of(alarm: Mapping[str, Any]) -> int:
    """Return how many metrics an alarm is charged for."""
    return sum(1 for each in alarm.get("Metrics", ()) if "MetricStat" in each) or 1


def _runs(schedule: Schedule, hours: float) -> float:
    rate = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", schedule.expression)
    assert rate is not None, f"nobody has said how often {schedule.expression} is"
    return hours / (int(rate[1]) * {"minute": 1 / 60, "hour": 1, "day": 24}[rate[2]])
