"""The one logger and the metrics: facts that have happened, with ids and never with content."""

import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from aws_lambda_powertools import Logger, single_metric
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import (
    AmazonCloudWatchEMFProvider,
)
from aws_lambda_powertools.utilities.typing import LambdaContext

NAMESPACE: Final = "Colloquy"

Metric = Literal[
    "ConversationsCreated",
    "ConversationsDeleted",
    "ErasureAge",
    "ForksErased",
    "MessagesAppended",
    "MessagesRegenerated",
    "ModelCallsFailed",
    "ModelInputTokens",
    "ModelOutputTokens",
    "RowsErased",
    "SharesChecked",
    "SharesCreated",
    "SharesErased",
    "SharesViewed",
    "TitlesImproved",
]
"""All there are; docs/runbook.md says what each means."""
Unit = Literal["Count", "Seconds"]
Answer = TypeVar("Answer")

_PACKAGE: Final = Path(__file__).parent
_MOST_FRAMES: Final = 8

logger = Logger()


class InvocationError(Exception):
    """An invocation failed; the log line before says where. Nothing of the cause is in it."""


def measure(name: Metric, value: float, unit: Unit = "Count", **facts: str | int) -> None:
    """Report a metric, by a log line in CloudWatch's embedded format.

    Written at once, whatever the log level: nothing is kept between events, and nothing is lost
    with a process. ``facts`` stand beside it, without a metric.
    """
    with single_metric(
        name=name, unit=MetricUnit[unit], value=value, namespace=NAMESPACE
    ) as metric:
        for fact, said in facts.items():
            metric.add_metadata(fact, said)


def measure_tokens(model: str, input_tokens: int, output_tokens: int) -> None:
    """Report what a call of a model took, altogether and by model, in one log line.

    ``model`` must be one of the configured ids: each value of a dimension is a metric of its own.
    """
    metrics = AmazonCloudWatchEMFProvider(namespace=NAMESPACE)
    metrics.add_dimensions(service=metrics.service or "", model=model)
    metrics.add_metric("ModelInputTokens", MetricUnit.Count, input_tokens)
    metrics.add_metric("ModelOutputTokens", MetricUnit.Count, output_tokens)
    metrics.flush_metrics()


def observed(
    handler: Callable[[Any, LambdaContext], Answer],
) -> Callable[[Any, LambdaContext], Answer]:
    """Return a handler whose every line says which invocation wrote it, and whether it was cold.

    For handlers that no request waits for: what finds their lines is the invocation's own id. The
    runtime logs what a handler raises with its message, which may quote a row; so it gets an
    error without one.
    """

    def invoke(event: Any, context: LambdaContext) -> Answer:
        logger.set_correlation_id(context.aws_request_id)
        try:
            return handler(event, context)
        except Exception as error:  # noqa: BLE001 - raised again, without its words
            logger.error("invocation failed", **facts_of(error))  # noqa: TRY400 - nor in the log
            raise InvocationError(type(error).__qualname__) from None

    return with_context(invoke)


def with_context(handler: Callable[[Any, LambdaContext], Answer]) -> Callable[..., Answer]:
    """Return a handler whose every line has ``function_request_id`` and ``cold_start``."""
    # Said here, or an environment variable could have it log whole events.
    observing: Callable[..., Answer] = logger.inject_lambda_context(handler, log_event=False)
    return observing


def facts_of(error: Exception) -> dict[str, Any]:
    """Return what a log may say of an error: type and place, not the message, which may quote."""
    return {
        "error_type": f"{type(error).__module__}.{type(error).__qualname__}",
        "error_place": _place_of(error),
        "error_code": _code_of(error),
    }


def _place_of(error: Exception) -> list[str]:
    """Return the frames of our own code an error went through, and the one it was raised in."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames[:-1] if _is_own(frame.filename)][-_MOST_FRAMES:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in (*own, *frames[-1:])]


def _is_own(filename: str) -> bool:
    path = Path(filename)
    # Every function's code is one file of this name.
    return _PACKAGE in path.parents or path.name == "app.py"


def _code_of(error: Exception) -> str | None:
    """Return the code AWS gave an error, or None where it is not one of botocore's ClientErrors."""
    response = getattr(error, "response", None)
    details = response.get("Error") if isinstance(response, Mapping) else None
    return str(details.get("Code")) if isinstance(details, Mapping) else None
