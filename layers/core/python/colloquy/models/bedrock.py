"""Amazon Bedrock's Converse and ConverseStream APIs."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as LateError
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, Protocol, TypeVar

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from colloquy.domain.errors import (
    ModelDeniedError,
    ModelError,
    ModelTimeoutError,
    ModelUnavailableError,
)
from colloquy.models.connection import Patience
from colloquy.models.converse_reply import delta_of_event, delta_of_reply
from colloquy.models.converse_request import request_of
from colloquy.models.prompt import Prompt
from colloquy.models.responder import Delta, Deltas
from colloquy.observability import logger

T = TypeVar("T")

# As exceptions of a call and, in camel case, as events of a stream.
_THROTTLES: Final = frozenset(
    {"serviceunavailableexception", "throttlingexception", "toomanyrequestsexception"}
)
_DENIALS: Final = frozenset(
    {"accessdeniedexception", "expiredtokenexception", "unrecognizedclientexception"}
)
_NOT_READY: Final = frozenset({"modelnotreadyexception"})
_TIMEOUTS: Final = frozenset({"modeltimeoutexception"})
_RETRY_SECONDS: Final = 5
_WARM_UP_SECONDS: Final = 30


class Converse(Protocol):
    """The calls of boto3's ``bedrock-runtime`` client that are made here."""

    def converse(self, **request: Any) -> Mapping[str, Any]:
        """Send a conversation to a model."""
        ...

    def converse_stream(self, **request: Any) -> Mapping[str, Any]:
        """Send a conversation to a model, and read its answer as it is written."""
        ...


class BedrockResponder:
    """Answers prompts with models of Bedrock, by model or inference profile id."""

    def __init__(self, client: Converse) -> None:
        self._client = client
        # botocore's timeouts bound each read, not the whole call: the deadlines are kept here.
        self._pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="bedrock")

    def stream(self, prompt: Prompt) -> Deltas:
        """Yield the model's answer as it comes (``Responder.stream``)."""
        request = request_of(prompt)
        patience = Patience(prompt)
        if not prompt.stream:
            with _translated():
                reply = self._result(partial(self._client.converse, **request), patience)
                delta = delta_of_reply(reply)
            yield delta
            return
        with _translated():
            call = partial(self._client.converse_stream, **request)
            events = self._result(call, patience)["stream"]
        yield from self._deltas(events, patience)

    def _deltas(self, events: Any, patience: Patience) -> Iterator[Delta]:
        finished = False
        following = iter(events)
        reading: Future[Any] = self._pool.submit(next, following, None)
        try:
            while True:
                with _translated():
                    event = reading.result(patience.left())
                    delta = delta_of_event(event) if event is not None else None
                if event is None:
                    break
                patience.renew()
                reading = self._pool.submit(next, following, None)
                if delta is not None:
                    finished = finished or delta.finish_reason is not None
                    yield delta
        finally:
            # Closing waits for a read in another thread: it is left to that thread.
            reading.add_done_callback(lambda _: events.close())
        if not finished:
            raise ModelError("The model broke off in the middle. Nothing was changed; try again.")

    def _result(self, call: Callable[[], T], patience: Patience) -> T:
        return self._pool.submit(call).result(patience.left())


@contextmanager
def _translated() -> Iterator[None]:
    """Turn Bedrock's and botocore's errors into the port's."""
    try:
        yield
    except (LateError, ReadTimeoutError) as error:
        raise ModelTimeoutError from error
    except ClientError as error:
        code = error.response["Error"]["Code"]
        logger.warning("model refused", error_code=code)
        raise _error_of(code.lower()) from error
    except (EndpointConnectionError, ConnectTimeoutError) as error:
        raise ModelUnavailableError from error
    except (BotoCoreError, ValueError) as error:
        logger.warning("model call failed", error_type=type(error).__name__)
        raise ModelError from error


def _error_of(code: str) -> ModelError:
    if code in _THROTTLES:
        return ModelUnavailableError(retry_after=_RETRY_SECONDS)
    if code in _NOT_READY:
        return ModelUnavailableError(retry_after=_WARM_UP_SECONDS)
    if code in _DENIALS:
        return ModelDeniedError()
    return ModelTimeoutError() if code in _TIMEOUTS else ModelError()
