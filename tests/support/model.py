"""A model server that behaves as a test says: OpenAI's API and Bedrock's, on a real socket."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class ModelServer:
    """The server's address, what it was asked, and how it answers."""

    url: str
    behave: Callable[["Exchange"], None]
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)


class Exchange:
    """One request, as a behaviour answers it."""

    def __init__(self, handler: BaseHTTPRequestHandler, server: ModelServer) -> None:
        self._handler = handler
        self.server = server

    def send(
        self, status: int, body: bytes | Any, kind: str = "application/json", **headers: str
    ) -> None:
        """Answer with a body; what is not bytes goes as JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.start(status, kind, **{"Content-Length": str(len(content)), **headers})
        self.write(content)

    def start(self, status: int, kind: str, **headers: str) -> None:
        self._handler.send_response(status)
        self._handler.send_header("Content-Type", kind)
        for name, value in headers.items():
            self._handler.send_header(name.replace("_", "-"), value)
        self._handler.end_headers()

    def write(self, content: bytes) -> None:
        self._handler.wfile.write(content)
        self._handler.wfile.flush()

    def hang(self) -> None:
        """Say nothing until the test is over."""
        self.server.stopping.wait(30)

    def break_off(self) -> None:
        """End the connection without another word."""
        self._handler.close_connection = True


def completion(text: Any, model: Any = "fake-1") -> dict[str, Any]:
    """Return what an OpenAI-compatible server answers."""
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {"id": "chatcmpl-1", "object": "chat.completion", "model": model, "choices": [choice]}


def says(text: Any, model: Any = "fake-1") -> Callable[[Exchange], None]:
    """Return the behaviour of a model that answers with a text."""
    return lambda exchange: exchange.send(200, completion(text, model))


def refuses(status: int, **headers: str) -> Callable[[Exchange], None]:
    """Return the behaviour of a server that answers with an error."""
    return lambda exchange: exchange.send(status, {"error": {"message": "no"}}, **headers)


def drips(exchange: Exchange) -> None:
    """Send one byte at a time, for as long as anybody listens."""
    exchange.start(200, "application/json", **{"Content-Length": "1000000"})
    while not exchange.server.stopping.is_set():
        exchange.write(b" ")
        time.sleep(0.05)


@contextmanager
def serving(behave: Callable[[Exchange], None]) -> Iterator[ModelServer]:
    """Serve on 127.0.0.1 until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            model.asked.append(json.loads(body))
            model.headers.append({name.lower(): value for name, value in self.headers.items()})
            model.paths.append(self.path)
            try:
                model.behave(Exchange(self, model))
            except OSError:
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    model = ModelServer(f"http://127.0.0.1:{server.server_address[1]}", behave)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield model
    finally:
        model.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()
