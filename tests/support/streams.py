"""Records of the table's stream, as Lambda hands them to a function."""

from collections.abc import Mapping
from typing import Any

from boto3.dynamodb.types import TypeSerializer

from tests.support.client import Context


def deliver(handler: Any, *rows: Mapping[str, Any]) -> list[str]:
    """Hand a function the records of new rows; return the numbers, from 1, of those that failed."""
    records = [insert_of(row, number) for number, row in enumerate(rows, 1)]
    answer = handler({"Records": records}, Context())
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def insert_of(row: Mapping[str, Any], number: int = 1) -> dict[str, Any]:
    """Return the record of a row that was written new."""
    write = TypeSerializer().serialize
    image = {name: write(value) for name, value in row.items()}
    return {
        "eventID": f"{number:032}",
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-west-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_766_484_000,
            "Keys": {"PK": image["PK"], "SK": image["SK"]},
            "NewImage": image,
            "SequenceNumber": str(number),
            "SizeBytes": 500,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": (
            "arn:aws:dynamodb:eu-west-1:123456789012:table/ConversationsTable/stream/"
            "2026-11-22T00:00:00.000"
        ),
    }
