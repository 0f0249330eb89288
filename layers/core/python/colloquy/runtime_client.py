"""A client of Lambda's Runtime API in pure Python, which can also stream responses.

Run by ``python -m colloquy.runtime_client app.lambda_handler``, or by its path: it needs nothing
but the standard library. A handler that returns a ``StreamedResponse`` has its chunks sent as they
come. Lambda's guide describes the protocol under "Using the Lambda runtime API" and "Building a
custom runtime".
"""

import base64
import http.client
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from types import SimpleNamespace
from typing import Any, NoReturn, Protocol, runtime_checkable

HTTP_CONTENT_TYPE = "application/vnd.awslambda.http-integration-response"
"""Of a stream whose prelude holds status and headers, for API Gateway and function URLs."""
PRELUDE_END = b"\0" * 8
_API = "/2018-06-01/runtime"
_ERROR_TYPE = "Lambda-Runtime-Function-Error-Type"
_ERROR_BODY = "Lambda-Runtime-Function-Error-Body"

Handler = Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Invocation:
    """One event, and what Lambda adds to it in headers."""

    event: bytes
    request_id: str
    deadline_ms: int
    """Milliseconds since the epoch, at which Lambda ends this process."""
    function_arn: str
    trace_id: str | None = None
    client_context: str | None = None
    identity: str | None = None


@dataclass(frozen=True)
class StreamedResponse:
    """An HTTP response whose body is sent in chunks, as they are produced."""

    chunks: Iterable[bytes]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Sequence[str] = ()

    def prelude(self) -> bytes:
        """Return what comes before the body: status and headers, ended by eight NULs."""
        fields = {"statusCode": self.status, "headers": dict(self.headers)}
        cookies = {"cookies": list(self.cookies)} if self.cookies else {}
        return json.dumps({**fields, **cookies}).encode() + PRELUDE_END


@runtime_checkable
class _Streamed(Protocol):
    """What this module, run as a program, knows of a ``StreamedResponse`` imported from it."""

    chunks: Iterable[bytes]

    def prelude(self) -> bytes: ...


class RuntimeClient:
    """The four calls of the Runtime API, at ``AWS_LAMBDA_RUNTIME_API``."""

    def __init__(self, address: str) -> None:
        """Connect at the first call; ``address`` is a host and a port."""
        # Without a timeout: the next event may be hours away.
        self._connection = http.client.HTTPConnection(address)

    def next(self) -> Invocation:
        """Wait for the next event."""
        response, body = self._call("GET", "invocation/next")
        header = response.headers.get
        return Invocation(
            event=body,
            request_id=header("Lambda-Runtime-Aws-Request-Id", ""),
            deadline_ms=int(header("Lambda-Runtime-Deadline-Ms", "0")),
            function_arn=header("Lambda-Runtime-Invoked-Function-Arn", ""),
            trace_id=header("Lambda-Runtime-Trace-Id"),
            client_context=header("Lambda-Runtime-Client-Context"),
            identity=header("Lambda-Runtime-Cognito-Identity"),
        )

    def respond(self, request_id: str, payload: bytes) -> None:
        """Send the whole response to an event."""
        headers = {"Content-Type": "application/json"}
        self._call("POST", f"invocation/{request_id}/response", payload, headers)

    def fail(self, request_id: str, error: Mapping[str, Any]) -> None:
        """Report that an event could not be processed."""
        self._report(f"invocation/{request_id}/error", error)

    def fail_init(self, error: Mapping[str, Any]) -> None:
        """Report that no event can be processed."""
        self._report("init/error", error)

    def stream(
        self, request_id: str, chunks: Iterable[bytes], content_type: str = HTTP_CONTENT_TYPE
    ) -> Exception | None:
        """Send a response in chunks; return the error that ended them, reported as a trailer."""
        connection, error = self._connection, None
        connection.putrequest("POST", f"{_API}/invocation/{request_id}/response")
        connection.putheader("Content-Type", content_type)
        connection.putheader("Lambda-Runtime-Function-Response-Mode", "streaming")
        connection.putheader("Transfer-Encoding", "chunked")
        connection.putheader("Trailer", f"{_ERROR_TYPE}, {_ERROR_BODY}")
        connection.endheaders()
        trailers = b""
        try:
            for chunk in chunks:
                # An empty chunk would end the response.
                if chunk:
                    connection.send(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        except Exception as exc:  # noqa: BLE001 (whatever the handler's generator raises)
            error = exc
            report = json.dumps(describe(exc, request_id)).encode()
            body = base64.b64encode(report).decode()
            trailers = f"{_ERROR_TYPE}: {type(exc).__name__}\r\n{_ERROR_BODY}: {body}\r\n".encode()
        connection.send(b"0\r\n%b\r\n" % trailers)
        connection.getresponse().read()
        return error

    def _report(self, path: str, error: Mapping[str, Any]) -> None:
        kind = str(error["errorType"])
        headers = {"Content-Type": "application/json", _ERROR_TYPE: kind}
        self._call("POST", path, json.dumps(error).encode(), headers)

    def _call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[http.client.HTTPResponse, bytes]:
        self._connection.request(method, f"{_API}/{path}", body, dict(headers or {}))
        response = self._connection.getresponse()
        return response, response.read()


def describe(exc: BaseException, request_id: str = "") -> dict[str, Any]:
    """Return an error as Lambda's callers see it."""
    return {
        "errorMessage": str(exc),
        "errorType": type(exc).__name__,
        "requestId": request_id,
        "stackTrace": traceback.format_tb(exc.__traceback__),
    }


def run(handler_name: str, client: RuntimeClient) -> NoReturn:
    """Process events one after the other, until Lambda ends this process."""
    try:
        module, _, function = handler_name.rpartition(".")
        handler: Handler = getattr(import_module(module.replace("/", ".")), function)
    except Exception as exc:  # noqa: BLE001 (whatever the function's code raises)
        error = describe(exc)
        _log(error)
        client.fail_init(error)
        sys.exit(1)
    while True:
        process(client, handler)


def process(client: RuntimeClient, handler: Handler) -> None:
    """Process the next event."""
    invocation = client.next()
    if invocation.trace_id:
        os.environ["_X_AMZN_TRACE_ID"] = invocation.trace_id
    try:
        result = handler(json.loads(invocation.event), _context(invocation))
        streamed = isinstance(result, _Streamed)
        payload = b"" if streamed else json.dumps(result, ensure_ascii=False).encode()
    except Exception as exc:  # noqa: BLE001 (whatever the function's code raises)
        error = describe(exc, invocation.request_id)
        _log(error)
        client.fail(invocation.request_id, error)
        return
    if not streamed:
        client.respond(invocation.request_id, payload)
    elif failed := client.stream(invocation.request_id, _chunks(result)):
        _log(describe(failed, invocation.request_id))


def main(arguments: Sequence[str]) -> NoReturn:
    """Run the handler that the arguments name."""
    run(arguments[1], RuntimeClient(os.environ["AWS_LAMBDA_RUNTIME_API"]))


def _chunks(response: _Streamed) -> Iterable[bytes]:
    yield response.prelude()
    yield from response.chunks


def _context(invocation: Invocation) -> Any:
    """Return the context object of Lambda's Python runtime."""
    context = invocation.client_context

    def remaining() -> int:
        return max(0, invocation.deadline_ms - int(time.time() * 1000))

    return SimpleNamespace(
        aws_request_id=invocation.request_id,
        client_context=json.loads(context) if context else None,
        function_name=os.environ.get("AWS_LAMBDA_FUNCTION_NAME"),
        function_version=os.environ.get("AWS_LAMBDA_FUNCTION_VERSION"),
        get_remaining_time_in_millis=remaining,
        identity=json.loads(invocation.identity) if invocation.identity else None,
        invoked_function_arn=invocation.function_arn,
        log_group_name=os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME"),
        log_stream_name=os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME"),
        memory_limit_in_mb=os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"),
    )


def _log(error: Mapping[str, Any]) -> None:
    """Print an error as a line of JSON, as Lambda's runtime does where logs are JSON."""
    line = {"timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "level": "ERROR"}
    sys.stdout.write(json.dumps({**line, **error}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv)
