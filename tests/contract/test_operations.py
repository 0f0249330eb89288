"""What an operator has, in template.yaml and docs/runbook.md, names what is there and all of it."""

import ast
import json
import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from colloquy.observability import NAMESPACE, Metric
from tests.support.document import document, of_type, resolved
from tests.support.functions import ROOT, declared

RUNBOOK = (ROOT / "docs/runbook.md").read_text(encoding="utf-8")
DEPLOYING = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
ALARMS = of_type("AWS::CloudWatch::Alarm")
FUNCTIONS = of_type("AWS::Serverless::Function")
MOST_METRICS = 10
"""Of an alarm with an expression (CloudWatch's quota)."""

# What AWS publishes without being asked, of what is shown or watched here.
PUBLISHED = {
    "AWS/ApiGateway": {"4xx", "5xx", "Count", "DataProcessed", "IntegrationLatency", "Latency"},
    "AWS/DynamoDB": {
        *("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits", "ReadThrottleEvents"),
        *("SuccessfulRequestLatency", "TransactionConflict", "WriteThrottleEvents"),
    },
    "AWS/Lambda": {
        *("ConcurrentExecutions", "Duration", "Errors", "Invocations", "IteratorAge", "Throttles"),
    },
    "AWS/Logs": {"IncomingBytes"},
    "AWS/SQS": {"ApproximateNumberOfMessagesVisible"},
}
NAMED_BY = {
    "ApiId": {"HttpApi"},
    "FunctionName": set(FUNCTIONS),
    "GlobalSecondaryIndexName": {"GSI1", "GSI2"},
    "LogGroupName": set(of_type("AWS::Logs::LogGroup")),
    "Operation": {"BatchGetItem", "BatchWriteItem", "GetItem", "Query", "TransactWriteItems"},
    "QueueName": {"ErasuresParked.QueueName"},
    "TableName": {"ConversationsTable"},
    "service": {"local"},  # the name of the stack
}


def metrics_of_filters() -> set[str]:
    return {
        transformation["MetricName"]
        for each in of_type("AWS::Logs::MetricFilter").values()
        for transformation in each["MetricTransformations"]
    }


def own_metrics() -> set[str]:
    return {*get_args(Metric), *metrics_of_filters()}


def check(namespace: str, metric: str, dimensions: dict[str, str]) -> None:
    """Check that there is such a metric, of such a thing."""
    published = own_metrics() if namespace == NAMESPACE else PUBLISHED[namespace]
    assert metric in published
    assert dimensions
    for name, value in dimensions.items():
        assert value in NAMED_BY[name], f"{namespace} {metric}: there is no {name} {value}"


# -- Alarms


def test_the_runbook_has_a_paragraph_for_each_alarm_and_for_no_other() -> None:
    headings = re.findall(r"^### `(\w+Alarm)`$", RUNBOOK, re.MULTILINE)
    assert sorted(headings) == sorted(ALARMS)


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_watches_what_is_there_and_says_when_it_rings_and_ends(name: str) -> None:
    alarm = resolved(ALARMS[name])
    single = [{**alarm, "Metric": alarm}] if "MetricName" in alarm else []
    stats = [each["MetricStat"] for each in alarm.get("Metrics", []) if "MetricStat" in each]
    assert 1 <= len(single + stats) <= MOST_METRICS
    for each in single + stats:
        metric = each["Metric"]
        dimensions = {pair["Name"]: pair["Value"] for pair in metric["Dimensions"]}
        check(metric["Namespace"], metric["MetricName"], dimensions)
    assert alarm["TreatMissingData"] == "notBreaching"
    assert "docs/runbook.md" in alarm["AlarmDescription"]
    for action in ("AlarmActions", "OKActions"):
        condition, topics, _ = ALARMS[name][action]["Fn::If"]
        assert (condition, topics) == ("HasAlarmTopic", [{"Ref": "AlarmTopicArn"}])


def test_every_function_that_callers_wait_for_is_watched_for_throttles() -> None:
    watched = {
        pair["Value"]
        for each in resolved(ALARMS["FunctionsThrottledAlarm"]["Metrics"])[1:]
        for pair in each["MetricStat"]["Metric"]["Dimensions"]
    }
    assert watched == {route.function for route in declared().routes}


# -- Metrics


def test_the_runbook_lists_the_metrics_there_are() -> None:
    listed = re.findall(r"^\| `(\w+)` \| (?:Count|Seconds) \|", RUNBOOK, re.MULTILINE)
    assert sorted(listed) == sorted(own_metrics())


def test_every_metric_is_measured_somewhere() -> None:
    sources = [*(ROOT / "functions").rglob("*.py"), *(ROOT / "layers/core/python").rglob("*.py")]
    measured = {
        call.args[0].value
        for source in sources
        for call in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and getattr(call.func, "id", getattr(call.func, "attr", "")) in {"measure", "add_metric"}
        and isinstance(call.args[0], ast.Constant)
    }
    assert measured == set(get_args(Metric))
    for name in own_metrics():
        assert re.fullmatch(r"([A-Z][a-z]+)+", name)


# -- The dashboard


def widgets() -> list[dict[str, Any]]:
    (dashboard,) = of_type("AWS::CloudWatch::Dashboard").values()
    body = json.loads(resolved(dashboard["DashboardBody"]))
    found: list[dict[str, Any]] = body["widgets"]
    return found


def shown(widget: dict[str, Any]) -> Iterator[list[str]]:
    """Yield the metrics of a widget, written out; a dot repeats what stands above it."""
    above: list[str] = []
    for row in widget["properties"].get("metrics", []):
        if not isinstance(row[0], str):
            continue  # an expression
        named = [word for word in row if isinstance(word, str)]
        above = [above[place] if word == "." else word for place, word in enumerate(named)]
        yield above


def test_the_dashboard_shows_what_is_there() -> None:
    for widget in widgets():
        for namespace, metric, *dimensions in shown(widget):
            check(namespace, metric, dict(zip(dimensions[::2], dimensions[1::2], strict=True)))
        if widget["type"] == "log":
            assert "SOURCE 'AccessLogs'" in widget["properties"]["query"]


def test_the_dashboard_shows_every_metric_of_ours_every_alarm_and_every_function() -> None:
    rows = [row for widget in widgets() for row in shown(widget)]
    assert {metric for namespace, metric, *_ in rows if namespace == NAMESPACE} == own_metrics()
    (alarms,) = (widget for widget in widgets() if widget["type"] == "alarm")
    assert sorted(alarms["properties"]["alarms"]) == sorted(f"{name}.Arn" for name in ALARMS)
    for metric in ("Duration", "Errors", "Throttles", "ConcurrentExecutions"):
        assert {row[3] for row in rows if row[:2] == ["AWS/Lambda", metric]} == set(FUNCTIONS)
    assert {row[3] for row in rows if row[0] == "AWS/Logs"} == NAMED_BY["LogGroupName"]


# -- Logs


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_functions_log_is_there_before_it_and_is_its_own(name: str) -> None:
    group = resolved(FUNCTIONS[name]["LoggingConfig"]["LogGroup"])
    assert group == f"{name.removesuffix('Function')}Logs"


def test_every_log_ends() -> None:
    for name, group in of_type("AWS::Logs::LogGroup").items():
        assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}, name


def test_the_access_log_is_json_that_names_nobody_and_opens_nothing() -> None:
    (api,) = of_type("AWS::Serverless::HttpApi").values()
    line = json.loads(resolved(api["AccessLogSettings"]["Format"]))
    assert line.pop("service") == "local"
    assert set(line.values()) == {
        *("$context.authorizer.error", "$context.error.responseType", "$context.httpMethod"),
        *("$context.integrationErrorMessage", "$context.integrationLatency"),
        *("$context.integrationStatus", "$context.requestId", "$context.requestTime"),
        *("$context.responseLatency", "$context.responseLength", "$context.routeKey"),
        "$context.status",
    }
    (throttled,) = of_type("AWS::Logs::MetricFilter").values()
    assert re.findall(r"\$\.(\w+)", throttled["FilterPattern"]) == ["status"]


def test_functions_are_traced_without_the_x_ray_sdk() -> None:
    assert document()["Globals"]["Function"]["Tracing"] == "Active"
    layer = (ROOT / "layers/core/requirements.txt").read_text(encoding="utf-8")
    assert "aws-lambda-powertools==" in layer
    assert "xray" not in layer


# -- Limits


def test_only_routes_that_are_there_are_throttled_and_more_than_the_others() -> None:
    (api,) = of_type("AWS::Serverless::HttpApi").values()
    limits = api["RouteSettings"]
    assert set(limits) <= {route.key for route in declared().routes}
    assert {key.split()[-1].rsplit("/", 1)[-1] for key in limits} >= {"regenerate", "bulk-delete"}
    for limit in limits.values():
        for name in ("ThrottlingRateLimit", "ThrottlingBurstLimit"):
            assert 0 < limit[name] < api["DefaultRouteSettings"][name]


def test_what_is_reserved_adds_up_to_what_the_parameter_says() -> None:
    reserved = [
        function["ReservedConcurrentExecutions"]["Fn::If"]
        for function in FUNCTIONS.values()
        if "ReservedConcurrentExecutions" in function
    ]
    assert {condition for condition, _, _ in reserved} == {"ReservesConcurrency"}
    total = sum(number for _, number, _ in reserved)
    said = document()["Parameters"]["ReserveConcurrency"]["Description"]
    # Lambda leaves a hundred to the functions without a number.
    assert re.findall(r"(\d{2,}) ", said)[:2] == [str(total), str(total + 100)]


# -- What a deployment is told, and tells


def test_the_console_asks_for_every_parameter_once_with_a_label() -> None:
    asked = document()["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in asked["ParameterGroups"] for name in group["Parameters"]]
    parameters = document()["Parameters"]
    assert sorted(grouped) == sorted(asked["ParameterLabels"]) == sorted(parameters)
    for name, parameter in parameters.items():
        assert "Description" in parameter, name
        assert ("AllowedPattern" in parameter) == ("ConstraintDescription" in parameter), name


def test_the_page_on_deploying_lists_every_parameter_and_output() -> None:
    first_cells = "".join(re.findall(r"^\| (`.+?) \|", DEPLOYING, re.MULTILINE))
    named = set(re.findall(r"`(\w+)`", first_cells))
    assert named == {*document()["Parameters"], *document()["Outputs"]}


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_samconfig_gives_parameters_that_are_there(environment: str) -> None:
    # As text and not as TOML: what stands in comments is there to be taken.
    text = (ROOT / "samconfig.toml").read_text(encoding="utf-8")
    section = text[text.index(f"[{environment}.deploy.parameters]") :].split("\n[")[0]
    given = dict(re.findall(r'"(\w+)=([^"]*)"', section))
    assert {"JwtIssuer", "JwtAudience", "DeletionProtection"} <= set(given)
    for name, value in given.items():
        parameter = document()["Parameters"][name]
        assert re.search(str(parameter.get("AllowedPattern", "")), value)
        assert str(value) in map(str, parameter.get("AllowedValues", [value]))
