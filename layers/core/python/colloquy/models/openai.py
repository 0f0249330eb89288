"""Any server that speaks OpenAI's chat completions: OpenAI, vLLM, Ollama, llama.cpp and others.

Over the standard library's HTTP, so that the layer carries no client. A watchdog shuts the
connection down at the deadline, however slowly the server goes on sending.
"""

import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic_core import from_json

from colloquy.domain.errors import ModelError, ModelTimeoutError, ModelUnavailableError
from colloquy.models.responder import Answer, Image, Prompt, Turn, answer_from
from colloquy.observability import logger

MAX_REPLY_BYTES: Final = 2_000_000
"""Read of a reply: several times an answer's limit, for what servers put around it."""

_CONNECT_SECONDS: Final = 3.0
_LONGEST_RETRY_AFTER: Final = 60
_EVENT: Final = b"data:"


class OpenAIResponder:
    """Answers prompts at ``base_url``, which ends before ``/chat/completions``.

    ``key`` gives the bearer token, or None where the server asks for none.
    """

    def __init__(self, base_url: str, key: Callable[[], str | None]) -> None:
        address = urlsplit(base_url)
        if address.scheme not in {"http", "https"} or not address.hostname:
            raise ValueError("the model's base URL must begin with http:// or https://")
        self._secure = address.scheme == "https"
        self._host = address.hostname
        self._port = address.port
        self._path = f"{address.path.rstrip('/')}/chat/completions"
        self._key = key
        self._tls = ssl.create_default_context() if self._secure else None

    def answer(self, prompt: Prompt) -> Answer:
        """Return the model's answer (``Responder.answer``)."""
        body = json.dumps(_request(prompt), ensure_ascii=False).encode()
        status, headers, reply = self._post(body, prompt.deadline)
        if status != http.client.OK:
            raise _refusal(status, headers)
        if headers.get("content-type", "").startswith("text/event-stream"):
            return _assembled(reply, prompt)
        return _answer(reply, prompt)

    def _post(self, body: bytes, deadline: float) -> tuple[int, Mapping[str, str], bytes]:
        sent = {"Content-Type": "application/json", "Accept": "application/json"}
        if key := self._key():
            sent["Authorization"] = f"Bearer {key}"
        connection = self._connection(deadline)
        try:
            with _translated(deadline, ModelUnavailableError):
                connection.connect()
            with _watchdog(connection.sock, deadline), _translated(deadline):
                connection.request("POST", self._path, body, sent)
                response = connection.getresponse()
                reply = response.read(MAX_REPLY_BYTES + 1)
                if len(reply) > MAX_REPLY_BYTES:
                    raise ModelError("The model's reply is far too long. Nothing was changed.")
                if response.length:  # promised and not sent
                    raise http.client.IncompleteRead(reply, response.length)
            if time.monotonic() >= deadline:
                raise ModelTimeoutError
            found = {name.lower(): value for name, value in response.getheaders()}
            return response.status, found, reply
        finally:
            connection.close()

    def _connection(self, deadline: float) -> http.client.HTTPConnection:
        left = deadline - time.monotonic()
        if left <= 0:
            raise ModelTimeoutError
        timeout = min(_CONNECT_SECONDS, left)
        if self._tls is not None:
            return http.client.HTTPSConnection(
                self._host, self._port, timeout=timeout, context=self._tls
            )
        return http.client.HTTPConnection(self._host, self._port, timeout=timeout)


@contextmanager
def _watchdog(connected: socket.socket, deadline: float) -> Iterator[None]:
    """Shut the connection down at the deadline: reading it ends then, whatever it is at."""

    def shut() -> None:
        # The plain socket's own: a TLS socket would first change what the reader works with.
        try:
            socket.socket.shutdown(connected, socket.SHUT_RDWR)
        except OSError:
            logger.debug("the model's connection was closed already")

    connected.settimeout(None)
    timer = threading.Timer(max(0.0, deadline - time.monotonic()), shut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def _translated(deadline: float, meaning: type[ModelError] = ModelError) -> Iterator[None]:
    """Turn what HTTP and the network fail with into ``meaning``, or a timeout at the deadline."""
    try:
        yield
    except (OSError, http.client.HTTPException, ValueError) as error:
        if time.monotonic() >= deadline:
            raise ModelTimeoutError from error
        logger.warning("model call failed", error_type=type(error).__name__)
        raise meaning from error


def _request(prompt: Prompt) -> dict[str, Any]:
    messages: list[dict[str, Any]] = []
    if prompt.system:
        messages.append({"role": "system", "content": prompt.system})
    messages += [{"role": turn.role, "content": _content(turn)} for turn in prompt.turns]
    asked: dict[str, Any] = {
        "model": prompt.model.id,
        "messages": messages,
        "max_tokens": prompt.max_tokens,
        "stream": False,
    }
    if prompt.temperature is not None:
        asked["temperature"] = prompt.temperature
    return asked


def _content(turn: Turn) -> str | list[dict[str, Any]]:
    """Return a turn's content: plain text where it can be, which every server takes."""
    if all(isinstance(part, str) for part in turn.parts):
        return "\n\n".join(str(part) for part in turn.parts)
    return [
        {"type": "image_url", "image_url": {"url": part.url}}
        if isinstance(part, Image)
        else {"type": "text", "text": part}
        for part in turn.parts
    ]


def _refusal(status: int, headers: Mapping[str, str]) -> ModelError:
    """Return what a status other than 200 means: who is throttled may try again, later."""
    logger.warning("model refused", status=status)
    if status in {429, 503, 529}:
        asked = headers.get("retry-after", "")
        # A number of seconds; the other form of the header, a date, is not worth reading.
        seconds = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 9 else 5
        return ModelUnavailableError(retry_after=max(1, min(seconds, _LONGEST_RETRY_AFTER)))
    if status in {408, 504}:
        return ModelTimeoutError()
    return ModelError()


def _answer(reply: bytes, prompt: Prompt) -> Answer:
    said = _json(reply)
    return answer_from(_dig(said, "choices", 0, "message", "content"), said.get("model"), prompt)


def _assembled(reply: bytes, prompt: Prompt) -> Answer:
    """Return the answer of a server that streams, asked or not."""
    text = ""
    model: object = None
    ended = False
    for line in reply.splitlines():
        if not line.startswith(_EVENT):
            continue
        data = line.removeprefix(_EVENT).strip()
        if data == b"[DONE]":
            ended = True
            break
        said = _json(data)
        piece = _dig(said, "choices", 0, "delta", "content")
        text += piece if isinstance(piece, str) else ""
        ended = ended or _dig(said, "choices", 0, "finish_reason") is not None
        model = model or said.get("model")
    if not ended:
        raise ModelError("The model broke off in the middle. Nothing was changed; try again.")
    return answer_from(text, model, prompt)


def _json(text: bytes) -> dict[str, Any]:
    """Return the object in ``text``, read strictly: no unpaired surrogates, which no row holds."""
    try:
        said = from_json(text)
    except ValueError as error:
        raise ModelError from error
    if not isinstance(said, dict):
        raise ModelError
    return said


def _dig(value: Any, *path: str | int) -> Any:
    """Return what stands at a path, or None where the reply has another shape."""
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and len(value) > step else None
    return value
