"""Erases what is due: expired links, links without a conversation, copies never finished."""

import time
from collections.abc import Mapping
from typing import Any, Final

from aws_lambda_powertools.utilities.typing import LambdaContext

from colloquy import wiring
from colloquy.observability import logger, measure, observed

_SPARE_SECONDS: Final = 20.0
"""What the last batch may still take, with all its retries."""


@observed
def lambda_handler(event: Mapping[str, Any], context: LambdaContext) -> None:  # noqa: ARG001
    """Look at everything that is due; what does not fit the time is left to the next run."""
    left = context.get_remaining_time_in_millis() / 1000
    done = wiring.expiry().clean(time.monotonic() + left - _SPARE_SECONDS)
    # A metric is charged in each month in which it is written: an idle stack writes none.
    if done.shares_erased:
        measure("SharesErased", done.shares_erased)
    if done.shares_checked:
        measure("SharesChecked", done.shares_checked)
    if done.forks_erased:
        measure("ForksErased", done.forks_erased)
    logger.info(
        "share links cleaned up",
        erased=done.shares_erased,
        checked=done.shares_checked,
        forks=done.forks_erased,
        finished=done.finished,
    )
