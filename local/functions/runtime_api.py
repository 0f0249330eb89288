"""Lambda's Runtime API, which environments talk to: each at an address of its own."""

import asyncio
import json
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from local.functions.pool import Environment, Pool
from local.functions.variables import variables_of
from local.template.intrinsics import ACCOUNT
from local.template.resources import Function

PAYLOAD_LIMIT = 6_291_556
"""Bytes of a request to, or a response of, a synchronous invocation (Lambda's quotas)."""
_LOG_LIMIT = 20_000_000
_API = "/2018-06-01/runtime"


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
        self._by_port: dict[int, Environment] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.pools = {name: Pool(self, function) for name, function in functions.items()}
        application = web.Application(client_max_size=0)
        application.router.add_get(f"{_API}/invocation/next", self._next)
        application.router.add_post(f"{_API}/invocation/{{id}}/response", self._response)
        application.router.add_post(f"{_API}/invocation/{{id}}/error", self._error)
        application.router.add_post(f"{_API}/init/error", self._init_error)
        # Cancelled when the process goes away, so that no event is offered to a dead one.
        self._runner = web.AppRunner(application, handler_cancellation=True, access_log=None)

    async def start(self) -> None:
        """Start one environment of each function, and wait until they are ready or gone."""
        self._logs.mkdir(parents=True, exist_ok=True)
        await self._runner.setup()
        await asyncio.gather(*(pool.start_one() for pool in self.pools.values()))
        self.run(self._reap())

    async def stop(self) -> None:
        """End every process; whoever still waits gets an error."""
        environments = [each for pool in self.pools.values() for each in pool.environments]
        for environment in environments:
            environment.finish(b"", "stopped")
            environment.kill()
        for environment in environments:
            await asyncio.to_thread(environment.process.wait)
        for task in self._tasks:
            task.cancel()
        await self._runner.cleanup()

    def run(self, coroutine: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Run something in the background until it ends, or the fleet stops."""
        task: asyncio.Task[None] = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def open(self, pool: Pool) -> Environment:
        """Give an environment an address of its own, and start it."""
        listener = socket.create_server(("127.0.0.1", 0))
        site = web.SockSite(self._runner, listener)
        await site.start()
        port = listener.getsockname()[1]
        name = uuid.uuid4().hex[:8]
        process = self._spawn(pool.function, name, port)
        environment = self._by_port[port] = Environment(pool, name, process, site)
        return environment

    async def close(self, environment: Environment) -> None:
        """Take the address of a dead environment back."""
        self._by_port = {
            port: each for port, each in self._by_port.items() if each is not environment
        }
        if environment.process.stdin is not None:
            environment.process.stdin.close()
        await environment.site.stop()

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

    async def _reap(self) -> None:
        while True:
            await asyncio.sleep(5)
            for pool in self.pools.values():
                pool.reap()

    def _caller(self, request: web.Request) -> Environment:
        transport = request.transport
        port = transport.get_extra_info("sockname")[1] if transport else None
        if port not in self._by_port:
            raise web.HTTPForbidden
        return self._by_port[port]

    async def _next(self, request: web.Request) -> web.Response:
        environment = self._caller(request)
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
        return web.Response(
            body=invocation.payload,
            content_type="application/json",
            headers={
                "Lambda-Runtime-Aws-Request-Id": invocation.id,
                "Lambda-Runtime-Deadline-Ms": str(deadline),
                "Lambda-Runtime-Invoked-Function-Arn": arn,
                "Lambda-Runtime-Trace-Id": f"Root=1-{int(time.time()):08x}-{invocation.id[:24]}",
            },
        )

    async def _response(self, request: web.Request) -> web.Response:
        environment = self._caller(request)
        body = await request.read()
        if environment.current is None or environment.current.id != request.match_info["id"]:
            return web.Response(status=400)
        if len(body) > PAYLOAD_LIMIT:
            error = f"Exceeded maximum allowed payload size ({PAYLOAD_LIMIT} bytes)."
            environment.finish(b"", error)
            reply = {"errorMessage": error, "errorType": "RequestEntityTooLarge"}
            return web.json_response(reply, status=413)
        environment.finish(body)
        return web.Response(status=202)

    async def _error(self, request: web.Request) -> web.Response:
        environment = self._caller(request)
        body = await request.read()
        environment.finish(body, _error_line(body))
        return web.Response(status=202)

    async def _init_error(self, request: web.Request) -> web.Response:
        environment = self._caller(request)
        body = await request.read()
        environment.init_error = f"{_error_line(body)}\n{_stack(body)}".rstrip()
        return web.Response(status=202)


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
