"""Numbers of what has happened, as CloudWatch reads them off a log line (embedded metric format).

They do not depend on the log level, as log lines do.
"""

from typing import Final

from aws_lambda_powertools.metrics import MetricUnit, single_metric

NAMESPACE: Final = "Colloquy"


def count(name: str, value: int = 1, **facts: str | int) -> None:
    """Say that something happened ``value`` times; ``facts`` stand beside it, without a metric."""
    with single_metric(name, MetricUnit.Count, value, namespace=NAMESPACE) as metric:
        for fact, said in facts.items():
            metric.add_metadata(fact, said)
