"""Amazon Bedrock's Converse API."""

import base64
import binascii
import re
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as LateError
from contextlib import contextmanager
from typing import Any, Final, Protocol

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from colloquy.domain.errors import ModelError, ModelTimeoutError, ModelUnavailableError
from colloquy.models.responder import Answer, Image, Prompt, answer_from
from colloquy.observability import logger

_DATA_URL: Final = re.compile(r"data:image/(png|jpeg|gif|webp);base64,(.+)", re.DOTALL)
_THROTTLES: Final = frozenset(
    {"ServiceUnavailableException", "ThrottlingException", "TooManyRequestsException"}
)
_NOT_READY: Final = frozenset({"ModelNotReadyException"})
_RETRY_SECONDS: Final = 5
_WARM_UP_SECONDS: Final = 30


class Converse(Protocol):
    """The one call of boto3's ``bedrock-runtime`` client that is made here."""

    def converse(self, **request: Any) -> Mapping[str, Any]:
        """Send a conversation to a model."""
        ...


class BedrockResponder:
    """Answers prompts with models of Bedrock, by model or inference profile id."""

    def __init__(self, client: Converse) -> None:
        self._client = client
        # botocore's timeouts bound each read, not the whole call: the deadline is kept here.
        self._pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="bedrock")

    def answer(self, prompt: Prompt) -> Answer:
        """Return the model's answer (``Responder.answer``)."""
        left = prompt.deadline - time.monotonic()
        if left <= 0:
            raise ModelTimeoutError
        with _translated():
            reply = self._pool.submit(self._client.converse, **_request(prompt)).result(left)
        return answer_from(_text(reply), prompt.model.id, prompt)


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
        if code in _THROTTLES:
            raise ModelUnavailableError(retry_after=_RETRY_SECONDS) from error
        if code in _NOT_READY:
            raise ModelUnavailableError(retry_after=_WARM_UP_SECONDS) from error
        if code == "ModelTimeoutException":
            raise ModelTimeoutError from error
        raise ModelError from error
    except (EndpointConnectionError, ConnectTimeoutError) as error:
        raise ModelUnavailableError from error
    except (BotoCoreError, ValueError) as error:
        logger.warning("model call failed", error_type=type(error).__name__)
        raise ModelError from error


def _request(prompt: Prompt) -> dict[str, Any]:
    limits: dict[str, Any] = {"maxTokens": prompt.max_tokens}
    if prompt.temperature is not None:
        limits["temperature"] = prompt.temperature
    asked: dict[str, Any] = {
        "modelId": prompt.model.id,
        "messages": [
            {"role": turn.role, "content": [_block(part) for part in turn.parts]}
            for turn in prompt.turns
        ],
        "inferenceConfig": limits,
    }
    if prompt.system:
        asked["system"] = [{"text": prompt.system}]
    return asked


def _block(part: str | Image) -> dict[str, Any]:
    """Return a content block; an image only where its bytes came with the message.

    Converse takes bytes. Fetching an address that a client wrote would let it reach what only
    we reach.
    """
    if isinstance(part, str):
        return {"text": part}
    found = _DATA_URL.fullmatch(part.url)
    if found is not None:
        try:
            content = base64.b64decode(found[2], validate=True)
        except binascii.Error:
            return {"text": "(an image that cannot be read)"}
        return {"image": {"format": found[1], "source": {"bytes": content}}}
    return {"text": "(an image elsewhere)"}


def _text(reply: Mapping[str, Any]) -> str:
    """Return the texts of the reply; what a model thought on the way is left out."""
    blocks = reply.get("output", {}).get("message", {}).get("content", [])
    return "".join(block["text"] for block in blocks if isinstance(block.get("text"), str))
