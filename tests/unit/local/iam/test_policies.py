"""A function may do what its policies list, on what they list, with the keys they list."""

from collections.abc import Mapping
from typing import Any

import pytest

from local.iam.policies import AccessDeniedError, Grant, Permissions
from local.iam.requests import PREFIX, table_arn
from local.template.intrinsics import TemplateError

TABLE = table_arn("T")
INDEX = f"{TABLE}/index/GSI1"
KEYS = {TABLE: "PK", INDEX: "GSI1PK"}
OWNERS: Mapping[str, Any] = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["U#*"]}}
SOME_WORDS: Mapping[str, Any] = {
    "ForAllValues:StringEquals": {"dynamodb:Attributes": ["PK", "SK", "role", "title"]},
    "StringEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
}


def statement(*actions: str, on: Any = TABLE, **more: Any) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Action": [f"dynamodb:{action}" for action in actions],
        "Resource": on,
        **more,
    }


def permissions(*statements: Mapping[str, Any]) -> Permissions:
    return Permissions({"F": [{"Version": "2012-10-17", "Statement": list(statements)}]}, KEYS)


def used(held: Permissions, operation: str, **request: Any) -> set[str]:
    grants = held.used("F", operation, {"TableName": "T", **request})
    assert all(grant.function == "F" for grant in grants)
    return {f"{grant.statement}: {grant.what}" for grant in grants}


def refuses(held: Permissions, operation: str, **request: Any) -> str:
    with pytest.raises(AccessDeniedError) as refused:
        used(held, operation, **request)
    return str(refused.value)


def key(partition: str) -> dict[str, Any]:
    return {"PK": {"S": partition}, "SK": {"S": "x"}}


def query(partition: str, name: str = "PK", **more: Any) -> dict[str, Any]:
    values = {":sort": {"S": "x"}, ":pk": {"S": partition}}
    condition = f"begins_with(SK, :sort) AND {name} = :pk"
    return {"KeyConditionExpression": condition, "ExpressionAttributeValues": values, **more}


def test_an_action_is_allowed_where_it_is_listed_and_nowhere_else() -> None:
    held = permissions(statement("GetItem", "Query"), statement("Query", on=INDEX))

    assert used(held, "GetItem", Key=key("U#a")) == {"1: dynamodb:GetItem on table/T"}
    assert used(held, "Query", **query("U#a")) == {"1: dynamodb:Query on table/T"}
    found = query("U#a", "GSI1PK", IndexName="GSI1")
    assert used(held, "Query", **found) == {"2: dynamodb:Query on table/T/index/GSI1"}

    assert "F may not dynamodb:DeleteItem on table/T" in refuses(held, "DeleteItem", Key=key("U#a"))
    refuses(held, "Query", **query("U#a", "GSI2PK", IndexName="GSI2"))
    refuses(held, "Scan")
    refuses(held, "GetItem", TableName="Another", Key=key("U#a"))


def test_a_function_without_statements_may_do_nothing_and_an_owner_is_no_function() -> None:
    held = Permissions({"F": []}, KEYS)
    assert held.grants() == set()
    assert held.holds("F")
    assert not held.holds("local")
    refuses(held, "GetItem", Key=key("U#a"))


def test_a_transaction_is_the_actions_of_its_items() -> None:
    items = [
        {"Put": {"TableName": "T", "Item": key("U#a")}},
        {"Update": {"TableName": "T", "Key": key("U#b")}},
        {"Delete": {"TableName": "T", "Key": key("U#c")}},
        {"ConditionCheck": {"TableName": "T", "Key": key("U#d")}},
    ]
    names = ("PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem")
    expected = {f"1: dynamodb:{name} on table/T" for name in names}

    assert (
        used(permissions(statement(*names)), "TransactWriteItems", TransactItems=items) == expected
    )
    for missing in names:
        others = [name for name in names if name != missing]
        said = refuses(permissions(statement(*others)), "TransactWriteItems", TransactItems=items)
        assert f"dynamodb:{missing}" in said

    reading = [{"Get": {"TableName": "T", "Key": key("U#a")}}]
    held = permissions(statement("GetItem"))
    assert used(held, "TransactGetItems", TransactItems=reading) == {
        "1: dynamodb:GetItem on table/T"
    }


@pytest.mark.parametrize(
    ("operation", "request_of"),
    [
        ("GetItem", lambda pk: {"Key": key(pk)}),
        ("PutItem", lambda pk: {"Item": key(pk)}),
        ("Query", query),
        ("Query", lambda pk: query(pk, "#pk", ExpressionAttributeNames={"#pk": "PK"})),
        ("BatchGetItem", lambda pk: {"RequestItems": {"T": {"Keys": [key("U#a"), key(pk)]}}}),
        (
            "BatchWriteItem",
            lambda pk: {
                "RequestItems": {
                    "T": [
                        {"PutRequest": {"Item": key("U#a")}},
                        {"DeleteRequest": {"Key": key(pk)}},
                    ]
                }
            },
        ),
    ],
)
def test_a_fence_of_keys_holds_for_every_key_of_a_request(operation: str, request_of: Any) -> None:
    held = permissions(statement(operation, Condition=OWNERS))

    expected = {f"1: dynamodb:{operation} on table/T", "1: dynamodb:LeadingKeys U#*"}
    assert used(held, operation, **request_of("U#a")) == expected
    said = refuses(held, operation, **request_of("S#secret"))
    assert "S#…" in said
    assert "secret" not in said


def test_a_fence_holds_for_all_keys_of_a_transaction_whatever_action_each_is_for() -> None:
    links = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["S#*"]}}
    items = [
        {"Put": {"TableName": "T", "Item": key("S#a")}},
        {"Update": {"TableName": "T", "Key": key("U#a")}},
    ]
    apart = permissions(
        statement("PutItem", Condition=links), statement("UpdateItem", Condition=OWNERS)
    )
    refuses(apart, "TransactWriteItems", TransactItems=items)

    both = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["S#*", "U#*"]}}
    together = permissions(statement("PutItem", "UpdateItem", Condition=both))
    assert used(together, "TransactWriteItems", TransactItems=items)


def test_a_query_whose_key_cannot_be_told_stays_outside_the_fence() -> None:
    held = permissions(statement("Query", Condition=OWNERS))
    refuses(held, "Query", KeyConditions={"PK": {}})
    refuses(held, "Query", **query("U#a", "PKX"))


def test_only_listed_attributes_may_be_named() -> None:
    held = permissions(statement("GetItem", "Query", "UpdateItem", Condition=SOME_WORDS))
    names = {"#role": "role"}
    get = {"Key": key("U#a"), "ExpressionAttributeNames": names}

    assert used(held, "GetItem", **get, ProjectionExpression="PK, #role") == {
        "1: dynamodb:GetItem on table/T",
        "1: dynamodb:Attributes PK",
        "1: dynamodb:Attributes SK",
        "1: dynamodb:Attributes role",
        "1: dynamodb:Select SPECIFIC_ATTRIBUTES",
    }
    refuses(held, "GetItem", **get, ProjectionExpression="PK, metadata")
    refuses(held, "GetItem", **get)
    wanted = query(
        "U#a",
        ProjectionExpression="title",
        Select="SPECIFIC_ATTRIBUTES",
        ExpressionAttributeNames=names,
    )
    assert "1: dynamodb:Select SPECIFIC_ATTRIBUTES" in used(held, "Query", **wanted)
    assert used(held, "Query", **wanted, FilterExpression="#role IN (:a, :b) AND size(title) > :n")
    refuses(held, "Query", **wanted, FilterExpression="attribute_exists(metadata.secret)")
    refuses(held, "Query", **{**wanted, "Select": "COUNT"})
    # AWS takes it for ALL_ATTRIBUTES, whatever the projection says.
    refuses(held, "Query", **{word: wanted[word] for word in wanted if word != "Select"})
    change = {"Key": key("U#a"), "UpdateExpression": "SET title = if_not_exists(title, :t) REMOVE"}
    assert used(held, "UpdateItem", **change)
    refuses(held, "UpdateItem", **{**change, "UpdateExpression": "ADD seen :n"})


def test_what_is_listed_and_not_used_is_surplus() -> None:
    held = permissions(statement("GetItem", "Query", on=[TABLE, INDEX], Condition=OWNERS))
    listed = {grant.what for grant in held.grants()}
    assert listed == {
        "dynamodb:GetItem on table/T",
        "dynamodb:GetItem on table/T/index/GSI1",
        "dynamodb:Query on table/T",
        "dynamodb:Query on table/T/index/GSI1",
        "dynamodb:LeadingKeys U#*",
    }
    assert held.used("F", "GetItem", {"TableName": "T", "Key": key("U#a")}) == {
        Grant("F", 1, "dynamodb:GetItem on table/T"),
        Grant("F", 1, "dynamodb:LeadingKeys U#*"),
    }


def test_of_two_statements_that_allow_the_same_the_second_is_not_used() -> None:
    held = permissions(statement("GetItem"), statement("GetItem"))
    assert used(held, "GetItem", Key=key("U#a")) == {"1: dynamodb:GetItem on table/T"}
    assert {grant.statement for grant in held.grants()} == {1, 2}


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        (statement("*"), r"dynamodb:\* allows more"),
        (statement("GetItem", on=f"{PREFIX}table/*"), r"table/\* allows more"),
        (statement("GetItem", Effect="Deny"), "Effect Allow"),
        (statement("GetItem", NotResource="x"), "Effect Allow"),
        (statement("Scan", Condition=OWNERS), "dynamodb:Scan is not held back"),
        (
            statement("GetItem", Condition={"StringLike": {"dynamodb:LeadingKeys": "U#*"}}),
            "StringLike of dynamodb:LeadingKeys does not work",
        ),
        (
            statement("GetItem", Condition={"StringEqualsIfExists": {"aws:SourceIp": "::1"}}),
            "aws:SourceIp does not work",
        ),
    ],
)
def test_what_is_not_understood_stops_the_start(planted: Mapping[str, Any], said: str) -> None:
    with pytest.raises(TemplateError, match=f"F, statement 2: .*{said}"):
        permissions(statement("GetItem"), planted)


@pytest.mark.parametrize("policy", ["AmazonDynamoDBFullAccess", {"DynamoDBCrudPolicy": {}}])
def test_policies_that_list_nothing_stop_the_start(policy: Any) -> None:
    with pytest.raises(TemplateError, match="F: a policy must be a Version and its Statement"):
        Permissions({"F": [policy]}, KEYS)


def test_other_services_are_not_of_this_machine() -> None:
    model = {"Effect": "Allow", "Action": "bedrock:InvokeModel", "Resource": "arn:aws:bedrock:*"}
    assert permissions(model).grants() == set()
