"""One POST to a model's server over the standard library, so that the layer carries no client.

A watchdog shuts the connection down at the prompt's deadline, however slowly the server sends; the
waits for the first and for each further delta are kept by the reader. What is read is bounded.
"""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Final
from urllib.parse import urlsplit

from colloquy.domain.errors import ModelError, ModelTimeoutError, ModelUnavailableError
from colloquy.models.prompt import Prompt
from colloquy.observability import logger

MAX_BODY_BYTES: Final = 2_000_000
"""Of a reply in one piece: several times an answer's limit, for what servers put around it."""
MAX_STREAM_BYTES: Final = 64_000_000
"""Of a streamed reply: servers spend some hundred bytes on each token."""

_CONNECT_SECONDS: Final = 3.0
_CHUNK: Final = 65_536


class Patience:
    """How long a reply may still take: until its deadline, and until the next delta is due."""

    def __init__(self, prompt: Prompt) -> None:
        self.deadline = prompt.deadline
        self._pause = prompt.pause_seconds
        self._next = self.deadline
        if prompt.first_delta_seconds is not None:
            self.renew(prompt.first_delta_seconds)

    def left(self) -> float:
        """Return the seconds until the next delta is due.

        Raises:
            ModelTimeoutError: it is late.
        """
        left = self._next - time.monotonic()
        if left <= 0:
            raise ModelTimeoutError
        return left

    def renew(self, seconds: float | None = None) -> None:
        """Wait for another delta, for ``seconds`` instead of the prompt's own pause."""
        pause = self._pause if seconds is None else seconds
        due = self.deadline if pause is None else time.monotonic() + pause
        self._next = min(self.deadline, due)


class Reply:
    """A server's reply, of which only the status and the headers have been read."""

    def __init__(
        self, response: http.client.HTTPResponse, connected: socket.socket, patience: Patience
    ) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.patience = patience
        self._response = response
        self._socket = connected
        # HTTPResponse.read1 of Python 3.11 does not count down what was promised.
        self._promised = response.length

    @property
    def is_stream(self) -> bool:
        """Whether the body is server-sent events."""
        return self.headers.get("content-type", "").startswith("text/event-stream")

    def body(self, most: int = MAX_BODY_BYTES) -> bytes:
        """Return the whole body.

        Raises:
            ModelError: it is longer than ``most``, or the server broke off.
        """
        body = bytearray()
        for chunk in self._chunks(most):
            body += chunk
        return bytes(body)

    def lines(self) -> Iterator[bytes]:
        """Yield the body's lines as they come, without their ends.

        Raises:
            ModelError: a line or all of them are too long, or the server broke off.
        """
        rest = bytearray()
        for chunk in self._chunks(MAX_STREAM_BYTES):
            start = len(rest)
            rest += chunk
            if b"\n" not in chunk and len(rest) <= MAX_BODY_BYTES:
                continue
            end = rest.rfind(b"\n", start)
            complete, rest = rest[: end + 1], rest[end + 1 :]
            if len(rest) > MAX_BODY_BYTES:
                raise _far_too_long()
            yield from bytes(complete).splitlines()
        if rest:
            yield bytes(rest)

    def _chunks(self, most: int) -> Iterator[bytes]:
        taken = 0
        while self._promised is None or taken < self._promised:
            # A TLS socket's timeout is the plain one's: it bounds each of its reads.
            self._socket.settimeout(self.patience.left())
            with translated(self.patience):
                chunk = self._response.read1(_CHUNK)
            if not chunk:
                break
            taken += len(chunk)
            if taken > most:
                raise _far_too_long()
            yield chunk
        if self.patience.deadline <= time.monotonic():
            raise ModelTimeoutError
        if self._promised is not None and taken < self._promised:
            raise ModelError("The model broke off in the middle. Nothing was changed; try again.")


class Server:
    """A server of models at a base URL."""

    def __init__(self, base_url: str) -> None:
        address = urlsplit(base_url)
        if address.scheme not in {"http", "https"} or not address.hostname:
            raise ValueError("the model's base URL must begin with http:// or https://")
        self._host = address.hostname
        self._port = address.port
        self._path = address.path.rstrip("/")
        self._tls = ssl.create_default_context() if address.scheme == "https" else None

    @contextmanager
    def post(
        self, path: str, body: bytes, headers: Mapping[str, str], patience: Patience
    ) -> Iterator[Reply]:
        """Send a request and give its reply, to be read inside the block.

        Raises:
            ModelUnavailableError: there is no connection.
            ModelTimeoutError: it was late.
            ModelError: the server does not speak HTTP, or broke off.
        """
        connection = self._connection(min(_CONNECT_SECONDS, patience.left()))
        try:
            with translated(patience, ModelUnavailableError):
                connection.connect()
            connected: socket.socket = connection.sock
            with _watchdog(connected, patience.deadline):
                with translated(patience):
                    connected.settimeout(patience.left())
                    connection.request("POST", f"{self._path}{path}", body, dict(headers))
                    connected.settimeout(patience.left())
                    response = connection.getresponse()
                with closing(response):
                    yield Reply(response, connected, patience)
        finally:
            connection.close()

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
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

    timer = threading.Timer(max(0.0, deadline - time.monotonic()), shut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def translated(patience: Patience, meaning: type[ModelError] = ModelError) -> Iterator[None]:
    """Turn errors of HTTP and the network into ``meaning``, or into a timeout where it is one."""
    try:
        yield
    except (OSError, http.client.HTTPException, ValueError) as error:
        patience.left()
        if isinstance(error, TimeoutError) and meaning is ModelError:
            raise ModelTimeoutError from error
        logger.warning("model call failed", error_type=type(error).__name__)
        raise meaning from error


def _far_too_long() -> ModelError:
    return ModelError("The model's reply is far too long. Nothing was changed.")
