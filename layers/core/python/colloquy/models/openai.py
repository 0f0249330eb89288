"""Any server that speaks OpenAI's chat completions: OpenAI, vLLM, Ollama, llama.cpp and others."""

import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from colloquy.domain.errors import (
    InvalidRequestError,
    ModelDeniedError,
    ModelError,
    ModelTimeoutError,
    ModelUnavailableError,
)
from colloquy.models.connection import Patience, Reply, Server
from colloquy.models.openai_reply import delta_of, object_from
from colloquy.models.openai_request import body_of, refused_parameter
from colloquy.models.prompt import Prompt
from colloquy.models.responder import Delta, Deltas
from colloquy.observability import logger

_LONGEST_RETRY_AFTER: Final = 60
_MAX_ERROR_BYTES: Final = 64_000
_MOST_TRIES: Final = 6
"""Requests for one answer: each further one leaves out what the server has just rejected."""
_EVENT: Final = b"data:"
_USAGE_SECONDS: Final = 2.0
"""How long the usage, which comes after the finish reason, is waited for."""

# Parameters that only advise: without them there is an answer all the same.
_DISPENSABLE: Final = frozenset(
    {
        "frequency_penalty",
        "max_completion_tokens",
        "max_tokens",
        "parallel_tool_calls",
        "presence_penalty",
        "seed",
        "stream_options",
        "temperature",
        "top_p",
        "user",
    }
)


class OpenAIResponder:
    """Answers prompts at ``base_url``, which ends before ``/chat/completions``.

    ``key`` returns the bearer token, or None where the server asks for none. Parameters that a
    model's server rejects are left out of every later request to that model.
    """

    def __init__(self, base_url: str, key: Callable[[], str | None]) -> None:
        self._server = Server(base_url)
        self._key = key
        self._rejected: dict[str, frozenset[str]] = {}

    def stream(self, prompt: Prompt) -> Deltas:
        """Yield the model's answer as it comes (``Responder.stream``)."""
        patience = Patience(prompt)
        for _ in range(_MOST_TRIES):
            with self._asked(prompt, patience) as reply:
                if reply.status == http.client.OK:
                    yield from _streamed(reply) if reply.is_stream else _whole(reply)
                    return
                self._learn(prompt, reply)
        raise ModelError

    @contextmanager
    def _asked(self, prompt: Prompt, patience: Patience) -> Iterator[Reply]:
        asked = body_of(prompt, self._rejected.get(prompt.model.id, frozenset()))
        body = json.dumps(asked, ensure_ascii=False).encode()
        form = "text/event-stream" if prompt.stream else "application/json"
        headers = {"Content-Type": "application/json", "Accept": form}
        if key := self._key():
            headers["Authorization"] = f"Bearer {key}"
        with self._server.post("/chat/completions", body, headers, patience) as reply:
            yield reply

    def _learn(self, prompt: Prompt, reply: Reply) -> None:
        """Remember which parameter was rejected, or raise what the reply's status means."""
        logger.warning("model refused", status=reply.status)
        if reply.status not in {400, 422}:
            raise _error_of(reply)
        earlier = self._rejected.get(prompt.model.id, frozenset())
        error = _error_in(reply)
        name = refused_parameter(error, body_of(prompt, earlier))
        if name in _DISPENSABLE:
            self._rejected[prompt.model.id] = earlier | {name}
            return
        if error.get("code") == "context_length_exceeded":
            raise InvalidRequestError(
                "The messages are longer than the model's context. Shorten them, or choose "
                "another model.",
                code="above_max",
            )
        if name is not None:
            raise InvalidRequestError(
                f"The model does not accept this '{name}'. Leave it out, or choose another model.",
                param=name,
            )
        raise ModelError


def _whole(reply: Reply) -> Iterator[Delta]:
    yield delta_of(object_from(reply.body()), "message")


def _streamed(reply: Reply) -> Iterator[Delta]:
    """Yield the deltas of server-sent events, whether they were asked for or not."""
    finished = False
    try:
        for line in reply.lines():
            if not line.startswith(_EVENT):
                continue
            data = line.removeprefix(_EVENT).strip()
            if data == b"[DONE]":
                return
            if not data:
                continue
            delta = delta_of(object_from(data), "delta")
            finished = finished or delta.finish_reason is not None
            reply.patience.renew(_USAGE_SECONDS if finished else None)
            yield delta
    except ModelError:
        if not finished:
            raise
        # The answer is complete; only its usage has not come.
        logger.warning("model kept its stream open")
        return
    if not finished:
        raise ModelError("The model broke off in the middle. Nothing was changed; try again.")


def _error_in(reply: Reply) -> dict[str, Any]:
    """Return the error a body describes, in whichever form its server has for it."""
    try:
        said = object_from(reply.body(_MAX_ERROR_BYTES))
    except ModelTimeoutError:
        raise
    except ModelError:
        return {}
    error = said.get("error")
    if isinstance(error, dict):
        return error
    # FastAPI's form, as vLLM and Mistral send it.
    return {"message": json.dumps(said.get("detail") or said.get("message") or error)}


def _error_of(reply: Reply) -> ModelError:
    """Return what a status other than 200 means: who is throttled may try again, later."""
    if reply.status in {429, 503, 529}:
        asked = reply.headers.get("retry-after", "")
        # A number of seconds; the other form of the header, a date, is not worth reading.
        seconds = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 9 else 5
        return ModelUnavailableError(retry_after=max(1, min(seconds, _LONGEST_RETRY_AFTER)))
    if reply.status in {401, 403}:
        return ModelDeniedError()
    if reply.status in {408, 504}:
        return ModelTimeoutError()
    return ModelError()
