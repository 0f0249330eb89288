"""Counts the views of links, which the public function says in its log: it may write nothing."""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.data_classes import CloudWatchLogsEvent
from aws_lambda_powertools.utilities.typing import LambdaContext

from colloquy import wiring
from colloquy.observability import logger, observed


@observed
def lambda_handler(event: Mapping[str, Any], context: LambdaContext) -> None:  # noqa: ARG001
    """Add up what one delivery says, and add it to each link's count in one write."""
    delivery = CloudWatchLogsEvent(dict(event)).parse_logs_data()
    if delivery.message_type != "DATA_MESSAGE":  # a control message: is anybody there?
        return
    seen: Counter[str] = Counter()
    ends: dict[str, datetime] = {}
    for entry in delivery.log_events:
        said = json.loads(entry.message)
        seen[said["viewed_share"]] += 1
        ends[said["viewed_share"]] = datetime.fromtimestamp(int(said["viewed_until"]), UTC)
    for digest, times in seen.items():
        wiring.views().add(digest, times, ends[digest], delivery.log_events[0].get_id)
    logger.info("views counted", links=len(seen), views=seen.total())
