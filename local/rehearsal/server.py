"""The child process that is AWS: ministack on sockets its parent opened, its gaps filled.

``python -m local.rehearsal.server SETTINGS``, a JSON object with the fields of ``Settings``.
Roles and their policies are enforced, as far as ministack knows how.
"""

import asyncio
import json
import logging
import math
import os
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config

from local.dynamodb.durability import SUPPORTED
from local.process.child import die_with_parent

ACCESS_KEY = "test"
"""Whoever signs with it may do everything, as the root user of an account may."""
REGION = "eu-west-1"
_TTL_SECONDS = 2.0
_HOST = "localhost"


@dataclass(frozen=True)
class Settings:
    """What the parent says: two listening sockets, a folder, and whose tokens are good."""

    services: int
    api: int
    directory: str
    issuer: str
    key_set: Mapping[str, Any]

    def dumps(self) -> str:
        """Return the settings as the argument the process takes."""
        return json.dumps(asdict(self))


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM."""
    installed = version("ministack")
    if installed != SUPPORTED:
        print(f"The rehearsal fills the gaps of ministack {SUPPORTED}, not of {installed}.")
        return 1
    settings = Settings(**json.loads(arguments[0]))
    die_with_parent()
    # Ctrl-C reaches the whole terminal; the parent decides when we stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.update(_environment(settings))
    # Imported late: ministack reads its settings, and starts threads, when it is imported.
    app = import_module("ministack.app").app
    asyncio.run(_serve(app, settings))
    return 0


def _environment(settings: Settings) -> dict[str, str]:
    return {
        "AUTH": "true",
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": ACCESS_KEY,
        "GATEWAY_PORT": str(_port(settings.services)),
        "MINISTACK_HOST": _HOST,
        "MINISTACK_REGION": REGION,
        "LOG_LEVEL": "INFO",
        # What would open more ports, or look for Docker.
        "DOCKER_HOST": f"unix://{settings.directory}/no-docker",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }


async def _serve(app: Any, settings: Settings) -> None:
    tables, apis = _fill_gaps(settings)
    config = Config()
    config.bind = [f"fd://{settings.services}", f"fd://{settings.api}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    config.loglevel = "WARNING"
    logging.getLogger("hypercorn.error").setLevel(logging.WARNING)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    api_port = _port(settings.api)

    async def addressed(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["server"][1] == api_port:
            # What DNS does on AWS: this address is the API's.
            others = [header for header in scope["headers"] if header[0] != b"host"]
            host = f"{apis.id}.execute-api.{_HOST}"
            scope = {**scope, "headers": [*others, (b"host", host.encode())]}
        await app(scope, receive, send)

    async def expire() -> None:
        while True:
            await asyncio.sleep(_TTL_SECONDS)
            tables.expire()

    expiring = asyncio.create_task(expire())
    await serve(addressed, config, shutdown_trigger=stop.wait)
    expiring.cancel()
    import_module("ministack.core.lambda_runtime").reset()
    # Threads may still wait for functions, and nothing of this process is to be kept.
    os._exit(0)


def _fill_gaps(settings: Settings) -> tuple[Any, Any]:
    # These import ministack too.
    http_apis = import_module("local.rehearsal.patches.http_apis")
    tables = import_module("local.rehearsal.patches.tables").Tables()
    apis = http_apis.HttpApis(f"http://{_HOST}:{_port(settings.api)}")
    provisioners = import_module("ministack.services.cloudformation.provisioners")
    for each in (apis, tables):
        each.install(provisioners._RESOURCE_HANDLERS)
    functions = import_module("local.rehearsal.patches.functions")
    functions.install(Path(settings.directory) / "runtime")
    for gap in ("alarms", "event_filters"):
        import_module(f"local.rehearsal.patches.{gap}").install()
    _trust(settings)
    return tables, apis


def _trust(settings: Settings) -> None:
    """Tell the JWT authorizer what it would fetch from the issuer, which is no real server."""
    service: Any = import_module("ministack.services.apigateway")
    address = f"{settings.issuer}/.well-known/jwks.json"
    service._oidc_config_cache[settings.issuer] = {"jwks_uri": address, "expiresAt": math.inf}
    service._jwks_cache[address] = {"jwks": settings.key_set, "expiresAt": math.inf}


def _port(descriptor: int) -> int:
    with socket.socket(fileno=os.dup(descriptor)) as copy:
        return int(copy.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
