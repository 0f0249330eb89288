"""Roles are enough: what all tests before this file made the functions do was allowed."""

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.support.rows import Rows
from tests.support.stack import Stack

# What DynamoDB's answer, and so the log of whoever gets it, calls a refusal.
REFUSED = ("AccessDenied", "not authorized to perform")


def test_no_function_was_refused_anything(stack: Stack) -> None:
    groups = [each.logical_id for each in stack.of_type("AWS::Logs::LogGroup")]
    said = {group: stack.log_of(group) for group in groups}
    assert any(said.values())
    for group, lines in said.items():
        assert [line for line in lines if any(word in line for word in REFUSED)] == [], group


def test_whoever_has_no_policy_is_refused(stack: Stack) -> None:
    """Or the test above would prove nothing."""
    identities = stack.client("iam")
    identities.create_user(UserName="nobody")
    key = identities.create_access_key(UserName="nobody")["AccessKey"]
    nobody = boto3.client(
        "dynamodb",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    with pytest.raises(ClientError, match="AccessDenied"):
        nobody.describe_table(TableName=Rows.deployed().name)
