"""The roles that SAM makes of template.yaml, read from what it makes: one for each function."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest

from local.template.intrinsics import read_yaml
from tests.support.functions import ROOT, declared

# Its own log, its own traces. What Lambda needs to read a stream is on every stream of the
# account: SAM gives it so (docs/adr/0063).
LOGS = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
TRACES = "arn:aws:iam::aws:policy/AWSXrayWriteOnlyAccess"
STREAMS = "arn:aws:iam::aws:policy/service-role/AWSLambdaDynamoDBExecutionRole"
READS_THE_STREAM = {"PurgeFunction", "TitlesFunction"}

MODEL = {
    "bedrock:InvokeModel": {"Ref": "BedrockModelArns"},
    # Without kms:Decrypt: the key of SecureStrings, aws/ssm, lets every principal of the account
    # decrypt through Parameter Store.
    "ssm:GetParameter": {
        "Fn::Sub": "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}"
        ":parameter${ModelKeyParameter}"
    },
}
BESIDES_DYNAMODB: Mapping[str, Mapping[str, Any]] = {
    "ResponsesFunction": MODEL,
    "TitlesFunction": MODEL,
    "PurgeFunction": {"sqs:SendMessage": {"Fn::GetAtt": ["ErasuresParked", "Arn"]}},
}
FUNCTIONS = sorted(declared().functions)


@cache
def made() -> dict[str, Any]:
    """Return the functions and roles of the deployed stack."""
    subprocess.run(["make", "-s", ".venv-sam/done"], cwd=ROOT, check=True)
    done = subprocess.run(
        [ROOT / ".venv-sam/bin/python", ROOT / "tests/sam/roles.py"],
        input=json.dumps(read_yaml((ROOT / "template.yaml").read_text("utf-8"))),
        env={**os.environ, "AWS_DEFAULT_REGION": "eu-west-1"},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def role_of(function: str) -> dict[str, Any]:
    name, attribute = made()[function]["Properties"]["Role"]["Fn::GetAtt"]
    assert attribute == "Arn"
    properties: dict[str, Any] = made()[name]["Properties"]
    return {"name": name, **properties}


def statements_of(function: str) -> Iterator[tuple[list[str], Any]]:
    """Yield the actions and the resource of each statement, those under a condition too."""
    for policy in role_of(function).get("Policies") or ():
        for statement in policy["PolicyDocument"]["Statement"]:
            _, given, _ = statement.get("Fn::If", (None, statement, None))
            assert given["Effect"] == "Allow"
            actions = given["Action"]
            yield ([actions] if isinstance(actions, str) else actions), given["Resource"]


def test_each_function_has_a_role_of_its_own_that_only_lambda_takes_on() -> None:
    roles = [role_of(function) for function in FUNCTIONS]
    assert len({role["name"] for role in roles}) == len(FUNCTIONS)
    for role in roles:
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"Service": ["lambda.amazonaws.com"]}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_aws_own_policies_are_those_for_logs_traces_and_the_stream(function: str) -> None:
    stream = {STREAMS} if function in READS_THE_STREAM else set()
    assert set(role_of(function)["ManagedPolicyArns"]) == {LOGS, TRACES} | stream


@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_a_role_allows_besides_dynamodb(function: str) -> None:
    allowed = {
        action: resource
        for actions, resource in statements_of(function)
        for action in actions
        if not action.startswith("dynamodb:")
    }
    assert allowed == BESIDES_DYNAMODB.get(function, {})


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_statement_has_a_wildcard(function: str) -> None:
    assert "*" not in json.dumps(list(statements_of(function)))


def test_the_schedule_may_start_the_cleanup_and_nothing_else() -> None:
    (role,) = (
        role
        for name, role in made().items()
        if role["Type"] == "AWS::IAM::Role"
        and name not in {role_of(function)["name"] for function in FUNCTIONS}
    )
    (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": ["scheduler.amazonaws.com"]}
    (policy,) = role["Properties"]["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == "lambda:InvokeFunction"
    assert statement["Resource"] == {"Fn::GetAtt": ["CleanupFunction", "Arn"]}
