"""Lambda's Runtime API, which environments talk to: each at an address of its own."""

import asyncio
import base64
import json
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Coroutine, Iterable, Mapping
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from local.functions.connection import Request, read_request, respond
from local.functions.pool import Environment, Invocation, Pool, StreamError
from local.functions.variables import variables_of
from local.template.intrinsics import ACCOUNT
from local.template.resources import Function

PAYLOAD_LIMIT = 6_291_556
"""Bytes of a request to, or a response of, a synchronous invocation (Lambda's quotas)."""
_LOG_LIMIT = 20_000_000
_API = "/2018-06-01/runtime"

Reply = tuple[HTTPStatus, bytes] | tuple[HTTPStatus, bytes, dict[str, str]]


class Fleet:
    """The pools of all functions, and the Runtime API their environments talk to."""

    def __init__(
        self,
        functions: Mapping[str, Function],
        data: Path,
        variables: Mapping[str, Mapping[str, str]],
    ) -> None:
        """Take where logs go, and the variables each function gets, by its name."""
        self._logs = data / "logs"
        self._cache = data / "pycache"
        self._variables = dict(variables)
        self._tasks: set[asyncio.Task[None]] = set()
        self.pools = {name: Pool(self, function) for name, function in functions.items()}

    async def start(self) -> None:
        """Start an environment of each function; return when the first is ready, or gone.

        The others start one after the other: a request that comes before starts its own.
        """
        self._logs.mkdir(parents=True, exist_ok=True)
        first, *others = self.pools.values()
        await first.start_one()
        self.run(self._warm_up(others))
        self.run(self._reap())

    async def stop(self) -> None:
        """End every process; whoever still waits gets an error."""
        environments = [each for pool in self.pools.values() for each in pool.environments]
        for environment in environments:
            environment.finish(b"", "stopped")
            environment.kill()
        for environment in environments:
            await asyncio.to_thread(environment.process.wait)
            await self.close(environment)
        for task in self._tasks:
            task.cancel()

    def run(self, coroutine: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Run something in the background until it ends, or the fleet stops."""
        task: asyncio.Task[None] = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def open(self, pool: Pool) -> Environment:
        """Give an environment an address of its own, and start it."""
        listener = socket.create_server(("127.0.0.1", 0))
        name = uuid.uuid4().hex[:8]
        process = self._spawn(pool.function, name, listener.getsockname()[1])
        environment = Environment(pool, name, process)
        serve = partial(self._serve, environment)
        environment.server = await asyncio.start_server(serve, sock=listener)
        return environment

    async def close(self, environment: Environment) -> None:
        """Take the address of a dead environment back."""
        if environment.process.stdin is not None:
            environment.process.stdin.close()
        if environment.server is not None:
            environment.server.close()
        for connection in environment.connections:
            connection.cancel()

    def _spawn(self, function: Function, name: str, port: int) -> "subprocess.Popen[bytes]":
        runner = Path(__file__).with_name("bootstrap.py")
        log = self._logs / f"{function.name}.log"
        if log.exists() and log.stat().st_size > _LOG_LIMIT:
            log.replace(log.with_suffix(".old"))
        with log.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-P", str(runner), function.handler],
                cwd=function.code,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._variables_of(function, name, port),
                # Ctrl-C in the terminal must not reach it: its event may still be running.
                start_new_session=True,
            )

    def _variables_of(self, function: Function, name: str, port: int) -> dict[str, str]:
        return {
            **self._variables[function.name],
            **variables_of(function, name),
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
            # The checkout stays free of __pycache__.
            "PYTHONPYCACHEPREFIX": str(self._cache.resolve()),
        }

    async def _warm_up(self, pools: Iterable[Pool]) -> None:
        for pool in pools:
            if not pool.environments:
                await pool.start_one()

    async def _reap(self) -> None:
        while True:
            await asyncio.sleep(5)
            for pool in self.pools.values():
                pool.reap()

    async def _serve(
        self,
        environment: Environment,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Serve the requests of one connection of an environment's process."""
        if task := asyncio.current_task():
            # Cancelled when the process is gone, so that no event is offered to a dead one.
            environment.connections.add(task)
            task.add_done_callback(environment.connections.discard)
        try:
            while request := await read_request(reader, writer):
                await respond(writer, *await self._handle(environment, request))
        except (asyncio.CancelledError, asyncio.IncompleteReadError, ConnectionError):
            # The process has ended, and its last request with it.
            pass
        finally:
            writer.close()

    async def _handle(self, environment: Environment, request: Request) -> Reply:
        match request.method, request.path.removeprefix(_API).strip("/").split("/"):
            case "GET", ["invocation", "next"]:
                return await self._next(environment)
            case "POST", ["invocation", invocation_id, "response"]:
                return await self._response(environment, invocation_id, request)
            case "POST", ["invocation", _, "error"]:
                body = await request.body()
                environment.finish(body, _error_line(body))
            case "POST", ["init", "error"]:
                body = await request.body()
                environment.init_error = f"{_error_line(body)}\n{_stack(body)}".rstrip()
            case _:
                await request.body()
                return HTTPStatus.NOT_FOUND, b""
        return HTTPStatus.ACCEPTED, b""

    async def _next(self, environment: Environment) -> Reply:
        environment.ready = True
        if environment.retiring:
            environment.kill()
        environment.offer = asyncio.get_running_loop().create_future()
        environment.pool.dispatch()
        invocation = await environment.offer
        function = environment.pool.function
        region = self._variables[function.name]["AWS_REGION"]
        arn = f"arn:aws:lambda:{region}:{ACCOUNT}:function:{function.name}"
        deadline = int((time.time() + function.timeout) * 1000)
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.id,
            "Lambda-Runtime-Deadline-Ms": str(deadline),
            "Lambda-Runtime-Invoked-Function-Arn": arn,
            "Lambda-Runtime-Trace-Id": f"Root=1-{int(time.time()):08x}-{invocation.id[:24]}",
        }
        return HTTPStatus.OK, invocation.payload, headers

    async def _response(
        self, environment: Environment, invocation_id: str, request: Request
    ) -> Reply:
        if environment.current is None or environment.current.id != invocation_id:
            await request.body()
            return HTTPStatus.BAD_REQUEST, b""
        if request.headers.get("lambda-runtime-function-response-mode") == "streaming":
            await _stream(environment, environment.current, request)
            return HTTPStatus.ACCEPTED, b""
        body = await request.body()
        if len(body) > PAYLOAD_LIMIT:
            error = f"Exceeded maximum allowed payload size ({PAYLOAD_LIMIT} bytes)."
            environment.finish(b"", error)
            reply = {"errorMessage": error, "errorType": "RequestEntityTooLarge"}
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, json.dumps(reply).encode()
        environment.finish(body)
        return HTTPStatus.ACCEPTED, b""


async def _stream(environment: Environment, invocation: Invocation, request: Request) -> None:
    """Hand a streamed response on as it comes; the invocation ends with it."""
    stream = invocation.start_stream(environment.id, request.headers.get("content-type", ""))
    error: str | None = "the process has ended within its response"
    try:
        async for piece in request.pieces():
            stream.feed_data(piece)
        report = request.trailers.get("lambda-runtime-function-error-body")
        error = None if report is None else _error_line(base64.b64decode(report))
    finally:
        if error is None:
            stream.feed_eof()
        else:
            stream.set_exception(StreamError(error))
        if environment.current is invocation:
            environment.finish(b"", error)


def _fault(body: bytes) -> dict[str, Any]:
    try:
        fault = json.loads(body)
    except ValueError:
        return {}
    return fault if isinstance(fault, dict) else {}


def _error_line(body: bytes) -> str:
    fault = _fault(body)
    text = f"{fault.get('errorType', 'Error')}: {fault.get('errorMessage', '')}"
    return " ".join(text.split())[:500]


def _stack(body: bytes) -> str:
    return "\n".join(str(line).rstrip() for line in _fault(body).get("stackTrace") or [])
