"""The one logger and the metrics: facts that have happened, with ids and never with content."""

from typing import Final, Literal

from aws_lambda_powertools import Logger, single_metric
from aws_lambda_powertools.metrics import MetricUnit

NAMESPACE: Final = "Colloquy"

Unit = Literal["Count", "Seconds"]

logger = Logger()


def measure(name: str, value: float, unit: Unit = "Count", **facts: str | int) -> None:
    """Report a metric, by a log line in CloudWatch's embedded format.

    Written at once, whatever the log level: nothing is kept between events, and nothing is lost
    with a process. ``facts`` stand beside it, without a metric.
    """
    with single_metric(
        name=name, unit=MetricUnit[unit], value=value, namespace=NAMESPACE
    ) as metric:
        for fact, said in facts.items():
            metric.add_metadata(fact, said)
