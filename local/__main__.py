"""Runs template.yaml on this machine: ``python -m local``, until Ctrl-C.

Settings come from the environment: ``PORT`` (8000; 0 is any free one), ``DATA`` (``.local``: all
it writes), ``DYNAMODB`` (another endpoint for the table), ``TEMPLATE`` (``template.yaml``),
``OWNER_REQUESTS_PER_SECOND`` and ``OWNER_BURST`` (the parameters of that name; no limit by
default, because one person is alone here); ``local.model.choice``
reads those of the model.
"""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from aiohttp import web
from botocore.exceptions import BotoCoreError, ClientError

from local.dynamodb.durability import SUPPORTED
from local.dynamodb.emulator import Emulator
from local.dynamodb.endpoint import Endpoint, foreign_endpoint, publish
from local.dynamodb.schema import ensure
from local.functions.logs import follow
from local.functions.reload import watch
from local.functions.runtime_api import Fleet
from local.gateway.issuer import issuer_of
from local.gateway.server import Gateway, is_not_about_malformed_requests
from local.iam.policies import Permissions
from local.model.choice import UnusableModelError
from local.model.server import LocalModel
from local.process.lock import InUseError, lock
from local.process.sockets import PortTakenError, open_sockets
from local.template.intrinsics import TemplateError
from local.template.reader import Template, load
from local.triggers import log_subscription, schedule
from local.triggers.stream import Pump

log = logging.getLogger("local")


class StartError(Exception):
    """It cannot start; the message is one sentence for a person."""


@dataclass(frozen=True)
class Settings:
    """What the environment variables say."""

    port: int
    data: Path
    dynamodb: str | None
    template: Path
    parameters: Mapping[str, str]
    """Stack parameters in place of the template's defaults."""


def settings_from_environment() -> Settings:
    """Read the settings.

    Raises:
        StartError: when PORT is not a port.
    """
    port = os.environ.get("PORT") or "8000"
    if not port.isdecimal() or int(port) > 65_535:
        raise StartError(f"PORT must be a number up to 65535, not {port!r}.")
    return Settings(
        port=int(port),
        data=Path(os.environ.get("DATA") or ".local"),
        dynamodb=os.environ.get("DYNAMODB") or None,
        template=Path(os.environ.get("TEMPLATE") or "template.yaml"),
        parameters={
            "OwnerRequestsPerSecond": os.environ.get("OWNER_REQUESTS_PER_SECOND") or "0",
            "OwnerBurst": os.environ.get("OWNER_BURST") or "100",
        },
    )


async def run(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM, then stop everything in order."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop_soon(*_: object) -> None:
        # Also after the loop has ended: a second Ctrl-C must not interrupt the saving.
        if not loop.is_closed():
            loop.call_soon_threadsafe(stop.set)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop_soon)
    serving = asyncio.create_task(_serve(settings))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not serving.done():
        print("Stopping …", file=sys.stderr, flush=True)
        serving.cancel()
    with suppress(asyncio.CancelledError):
        await serving


async def _serve(settings: Settings) -> None:
    model = LocalModel(settings.data)
    template = load(settings.template, {**settings.parameters, **model.choice.parameters})
    permissions = Permissions.of(template)
    issuer = issuer_of(template, settings.data)
    port, sockets = open_sockets(settings.port)
    async with AsyncExitStack() as stack:
        if settings.dynamodb is None:
            if version("ministack") != SUPPORTED:
                raise StartError(f"ministack {SUPPORTED} is needed: run `make run` again.")
            emulator = Emulator(settings.data, permissions)
            emulator.start()
            stack.push_async_callback(emulator.stop)
            endpoint = emulator.endpoint
            publish(settings.data, endpoint)
        else:
            endpoint = foreign_endpoint(settings.dynamodb)
        variables = {
            name: {**endpoint.environment_of(name), **model.choice.environment}
            for name in template.functions
        }
        fleet = Fleet(template.functions, settings.data, variables)
        stack.push_async_callback(fleet.stop)
        starting = asyncio.create_task(fleet.start())
        if template.table is not None:
            client = endpoint.client("dynamodb")
            await asyncio.to_thread(ensure, client, template, template.table.name)
        await starting
        # After the first function, which would start slower while it loads.
        model.start_for(template)
        stack.push_async_callback(model.stop)
        for task in await _consumers(template, endpoint, fleet, settings.data):
            stack.callback(task.cancel)
        gateway = Gateway(template, fleet, issuer.key_set())
        gateway.port = port
        logging.getLogger("aiohttp.server").addFilter(is_not_about_malformed_requests)
        server = web.ServerRunner(
            web.Server(
                gateway.handle,
                auto_decompress=False,
                max_line_size=32_768,
                max_field_size=32_768,
                access_log=None,
            ),
            # Whoever is being answered may finish; nobody may hold Ctrl-C up.
            shutdown_timeout=3,
        )
        await server.setup()
        stack.push_async_callback(server.cleanup)
        for each in sockets:
            await web.SockSite(server, each).start()
        reloading = asyncio.create_task(
            watch(template.functions, lambda name: fleet.pools[name].retire())
        )
        stack.callback(reloading.cancel)
        _print_ready(port, issuer.token("alice"))
        await asyncio.Event().wait()


async def _consumers(
    template: Template, endpoint: Endpoint, fleet: Fleet, data: Path
) -> list["asyncio.Task[None]"]:
    """Start what invokes functions without a request: the stream and the schedules."""
    tasks = []
    for stream in template.streams:
        pump = Pump(template, stream, endpoint, fleet, data)
        if await pump.open():
            tasks.append(asyncio.create_task(pump.run()))
    for function in {stream.function for stream in template.streams}:
        log = data / "logs" / f"{function}.log"
        tasks += [asyncio.create_task(follow(function, log))]
    for rule in template.schedules:
        invoke = fleet.pools[rule.function].invoke
        tasks.append(asyncio.create_task(schedule.run(rule, invoke)))
    for subscription in template.subscriptions:
        invoke = fleet.pools[subscription.function].invoke
        tasks.append(asyncio.create_task(log_subscription.run(subscription, invoke, data / "logs")))
    return tasks


def _print_ready(port: int, token: str) -> None:
    address = f"http://localhost:{port}"
    print(
        f"\nColloquy is ready on {address}\n\n"
        f"A token of alice, good for a day:\n\n  {token}\n\n"
        f"To try it:\n\n"
        f"  curl -sS {address}/v1/conversations -H 'Authorization: Bearer {token}' \\\n"
        f"    -H 'Content-Type: application/json' -d '{{\"title\": \"Hello\"}}'\n",
        flush=True,
    )


def main() -> int:
    """Start, or say in one sentence why not."""
    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S", level="WARNING")
    try:
        settings = settings_from_environment()
        with lock(settings.data):
            asyncio.run(run(settings))
    except (StartError, InUseError, PortTakenError, TemplateError, UnusableModelError) as exc:
        print(f"Cannot start: {exc}", file=sys.stderr)
        return 1
    except (ClientError, BotoCoreError) as exc:
        print(f"Cannot start: the table's endpoint rejects a request: {exc}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
