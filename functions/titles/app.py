"""Gives conversations better titles after their first answer, told by the table's stream."""

from typing import Any, Final

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from colloquy import wiring
from colloquy.observability import logger, measure, observed

# A batch in which everything failed comes back like any other, record by record.
_processor: Final = BatchProcessor(
    event_type=EventType.DynamoDBStreams, raise_on_entire_batch_failure=False
)


@observed
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Improve the title of each answered conversation; one the model fails for comes again."""
    answer = process_partial_response(event, improve, _processor, context)
    for kind, _, _ in _processor.exceptions:
        logger.warning("title not improved", error_type=kind.__name__ if kind else None)
    return answer


def improve(record: DynamoDBRecord) -> None:
    """Improve the title of the conversation one answer was written in, if it is to be."""
    answer = (record.dynamodb.new_image if record.dynamodb else None) or {}
    conversation_id = answer["conversation_id"]
    if wiring.titles().improve(answer["PK"], conversation_id):
        logger.info("title improved", conversation_id=conversation_id)
        measure("TitlesImproved", 1)
