"""Creates the template's table on any DynamoDB endpoint, and says when one is absent."""

from typing import Any

from botocore.exceptions import ClientError

from local.template.resources import Table, Template


def create(client: Any, template: Template, name: str) -> None:
    """Create the template's table under ``name`` with a boto3 client, and wait until it works.

    Raises:
        ValueError: when the template has no table.
    """
    table = _declared(template)
    parameters = dict(table.parameters)
    try:
        client.create_table(TableName=name, **parameters)
    except ClientError as exc:
        # Alternator's streams are an option of its server: without them the table still works.
        if "StreamSpecification" not in parameters or not _complains_of_streams(exc):
            raise
        del parameters["StreamSpecification"]
        client.create_table(TableName=name, **parameters)
    client.get_waiter("table_exists").wait(
        TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 120}
    )
    if table.ttl_attribute is not None:
        client.update_time_to_live(
            TableName=name,
            TimeToLiveSpecification={
                "AttributeName": table.ttl_attribute,
                "Enabled": True,
            },
        )


def ensure(client: Any, template: Template, name: str) -> bool:
    """Create the table unless it is there; return whether it was created."""
    try:
        client.describe_table(TableName=name)
    except client.exceptions.ResourceNotFoundException:
        create(client, template, name)
        return True
    return False


def _declared(template: Template) -> Table:
    if template.table is None:
        raise ValueError("the template declares no table")
    return template.table


def _complains_of_streams(exc: ClientError) -> bool:
    error = exc.response["Error"]
    return error["Code"] == "ValidationException" and "stream" in error["Message"].lower()
