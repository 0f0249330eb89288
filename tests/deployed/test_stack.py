"""The deployed resources are what the template says, also where nothing would fail without it."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.rows import Rows
from tests.support.stack import Stack

# What has a name that nothing else in an account and region may have.
NAMED_BY_THE_STACK = (
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::DynamoDB::Table",
    "AWS::IAM::Role",
    "AWS::Lambda::Function",
    "AWS::Logs::LogGroup",
    "AWS::Scheduler::Schedule",
    "AWS::SQS::Queue",
)


@pytest.fixture
def table(stack: Stack) -> dict[str, Any]:
    described = stack.client("dynamodb").describe_table(TableName=Rows.deployed().name)
    table: dict[str, Any] = described["Table"]
    return table


def test_everything_was_created(stack: Stack) -> None:
    unfinished = [
        each
        for each in stack.resources.values()
        if each.status not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
    ]
    assert unfinished == []
    assert len(stack.of_type("AWS::Lambda::Function")) >= 11


def test_the_table_is_protected_backed_up_and_encrypted(
    stack: Stack, table: dict[str, Any]
) -> None:
    client = stack.client("dynamodb")
    assert table["DeletionProtectionEnabled"] is True
    with pytest.raises(ClientError, match="protect"):
        client.delete_table(TableName=table["TableName"])
    backups = client.describe_continuous_backups(TableName=table["TableName"])
    recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"
    assert table["SSEDescription"]["Status"] == "ENABLED"


def test_the_table_expires_items_and_streams_both_images(
    stack: Stack, table: dict[str, Any]
) -> None:
    expiry = stack.client("dynamodb").describe_time_to_live(TableName=table["TableName"])
    assert expiry["TimeToLiveDescription"] == {
        "TimeToLiveStatus": "ENABLED",
        "AttributeName": "ttl",
    }
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


def test_each_function_has_a_role_of_its_own(stack: Stack) -> None:
    roles = [function["Role"] for function in stack.functions()]
    assert len(roles) == len(set(roles)) == len(stack.of_type("AWS::Lambda::Function"))


def test_each_function_has_the_layer(stack: Stack) -> None:
    (layer,) = stack.of_type("AWS::Lambda::LayerVersion")
    for function in stack.functions():
        assert [each["Arn"] for each in function["Layers"]] == [layer.id], function["FunctionName"]


def test_what_a_function_writes_is_not_kept_for_ever(stack: Stack) -> None:
    groups = stack.client("logs").get_paginator("describe_log_groups").paginate()
    kept = {
        group["logGroupName"]: group.get("retentionInDays")
        for page in groups
        for group in page["logGroups"]
    }
    for function in stack.functions():
        group = function["LoggingConfig"]["LogGroup"]
        assert kept[group], group


def test_the_alarms_and_the_dashboard_are_there(stack: Stack) -> None:
    client = stack.client("cloudwatch")
    alarms = {alarm["AlarmName"] for alarm in client.describe_alarms()["MetricAlarms"]}
    declared = {alarm.id for alarm in stack.of_type("AWS::CloudWatch::Alarm")}
    assert declared
    assert declared <= alarms
    (dashboard,) = stack.of_type("AWS::CloudWatch::Dashboard")
    assert client.get_dashboard(DashboardName=dashboard.id)["DashboardBody"]


def test_another_stack_fits_into_the_same_account(stack: Stack) -> None:
    """A name that does not begin with the stack's is taken when the second one comes."""
    for kind in NAMED_BY_THE_STACK:
        for resource in stack.of_type(kind):
            name = resource.id.removeprefix("/aws/lambda/").rpartition("/")[2]
            assert name.startswith(stack.name), resource


def test_what_purge_gives_up_on_has_a_queue(stack: Stack) -> None:
    (queue,) = stack.of_type("AWS::SQS::Queue")
    mappings = stack.client("lambda").list_event_source_mappings(
        FunctionName=stack.resources["PurgeFunction"].id
    )["EventSourceMappings"]
    (destination,) = [each["DestinationConfig"]["OnFailure"]["Destination"] for each in mappings]
    attributes = stack.client("sqs").get_queue_attributes(
        QueueUrl=queue.id, AttributeNames=["QueueArn"]
    )
    assert attributes["Attributes"]["QueueArn"] == destination
