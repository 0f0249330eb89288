"""The table as it is, for tests that look behind the API."""

import os
from typing import TYPE_CHECKING, Any

import boto3
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class Rows:
    """Everything in one table."""

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self.client = client
        self.name = name

    @classmethod
    def deployed(cls) -> "Rows":
        """Return those of the deployed table that DEPLOYED_TABLE names."""
        return cls(boto3.client("dynamodb"), os.environ["DEPLOYED_TABLE"])

    def all(self) -> list[dict[str, Any]]:
        """Return every row, in no order."""
        read = TypeDeserializer().deserialize
        pages = self.client.get_paginator("scan").paginate(TableName=self.name)
        return [
            {name: read(value) for name, value in row.items()}
            for page in pages
            for row in page["Items"]
        ]

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """Return the rows of one ``type``."""
        return [row for row in self.all() if row["type"] == kind]

    def put(self, row: dict[str, Any]) -> None:
        """Write a row behind the API's back."""
        write = TypeSerializer().serialize
        item = {name: write(value) for name, value in row.items()}
        self.client.put_item(TableName=self.name, Item=item)

    def put_encoded(self, rows: list[dict[str, Any]]) -> None:
        """Write rows as they are in DynamoDB's protocol, behind the API's back."""
        for start in range(0, len(rows), 25):
            batch: Any = [{"PutRequest": {"Item": row}} for row in rows[start : start + 25]]
            self.client.batch_write_item(RequestItems={self.name: batch})

    def clear(self) -> None:
        """Delete every row, behind the API's back."""
        pages = self.client.get_paginator("scan").paginate(
            TableName=self.name, ProjectionExpression="PK, SK"
        )
        rows = [row for page in pages for row in page["Items"]]
        for start in range(0, len(rows), 25):
            batch: Any = [{"DeleteRequest": {"Key": row}} for row in rows[start : start + 25]]
            self.client.batch_write_item(RequestItems={self.name: batch})
