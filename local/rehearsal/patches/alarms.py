"""Has ministack's CloudFormation take alarms on an expression of metrics, which it refuses.

They are kept and described, and never ring: nobody works their expression out.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

_STAND_IN = {"Namespace": "Rehearsal", "MetricName": "Expression"}


class AlarmError(ValueError):
    """An alarm says nothing that could be watched; CloudFormation reports it."""


def install() -> None:
    """Wrap how a template's alarm becomes ministack's."""
    provisioners: Any = import_module("ministack.services.cloudformation.provisioners")
    record = provisioners._cw_metric_alarm_record

    def recorded(name: str, properties: Mapping[str, Any]) -> dict[str, Any]:
        metrics = properties.get("Metrics")
        if metrics:
            check(metrics)
            others = {key: value for key, value in properties.items() if key != "Metrics"}
            properties = {**others, **_STAND_IN}
        made: dict[str, Any] = record(name, properties)
        return made

    provisioners._cw_metric_alarm_record = recorded


def check(metrics: list[Mapping[str, Any]]) -> None:
    """See that exactly one of the metrics is the one to watch (CloudWatch API, PutMetricAlarm).

    Raises:
        AlarmError: none is, or several are.
    """
    watched = [
        each["Id"] for each in metrics if str(each.get("ReturnData", True)).lower() == "true"
    ]
    if len(watched) != 1:
        raise AlarmError(f"An alarm watches one of its metrics, not {watched}.")
