"""The child process that is the table: ministack's DynamoDB on a socket its parent opened.

``python -m local.dynamodb.server FD DATA``. Of ministack only the modules of DynamoDB and its
streams are loaded, as a library: aiohttp serves them.
"""

import asyncio
import gc
import json
import os
import signal
import socket
import sys
import uuid
from importlib import import_module
from pathlib import Path
from typing import Any

from aiohttp import web

from local.dynamodb.durability import DurableTables
from local.iam.enforcement import Guard, permissions_in, record_in
from local.iam.policies import Permissions
from local.process.child import die_with_parent
from local.template.intrinsics import ACCOUNT, REGION

TTL_SECONDS = 2.0
"""How often items are checked for expiry; AWS takes up to days, tests should not."""


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM."""
    descriptor, data = int(arguments[0]), Path(arguments[1])
    permissions = Permissions(**json.loads(permissions_in(data).read_text("utf-8")))
    die_with_parent()
    # Ctrl-C reaches the whole terminal; the parent decides when we stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["LOG_LEVEL"] = "WARNING"
    # Imported late: ministack reads its settings, and starts a thread, when it is imported.
    dynamodb: Any = import_module("ministack.services.dynamodb")
    streams: Any = import_module("ministack.services.dynamodb_streams")
    # DynamoDB takes 4 MB of items in a transaction; ministack counts the request's JSON, in which
    # an é is six bytes. What is over DynamoDB's limit, the services reject before.
    dynamodb._DDB_TXN_MAX_BYTES *= 4
    # What is loaded stays: the garbage collector need not look at it, now or ever.
    gc.disable()
    tables = DurableTables(dynamodb, data)
    # In front of the tables: what is rejected changes nothing and is in no journal.
    guard = Guard(permissions, dynamodb.handle_request, record_in(data))
    gc.freeze()
    gc.enable()
    asyncio.run(
        _serve(socket.socket(fileno=descriptor), tables, guard.handle, streams.handle_request)
    )
    return 0


async def _serve(listener: socket.socket, tables: DurableTables, *services: Any) -> None:
    scope: Any = import_module("ministack.core.responses").request_scope
    dynamodb, streams = services

    async def handle(request: web.BaseRequest) -> web.Response:
        body = await request.content.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        target = headers.get("x-amz-target", "")
        service = streams if target.startswith("DynamoDBStreams_") else dynamodb
        # One account and one region, whatever the caller's shell is set to.
        with scope(ACCOUNT, REGION):
            status, fields, content = await service("POST", "/", headers, body, {})
        return web.Response(
            body=content, status=status, headers={**fields, "x-amzn-RequestId": str(uuid.uuid4())}
        )

    async def expire() -> None:
        while True:
            await asyncio.sleep(TTL_SECONDS)
            tables.expire()

    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    server = web.ServerRunner(
        web.Server(handle, access_log=None, keepalive_timeout=75), shutdown_timeout=1
    )
    await server.setup()
    await web.SockSite(server, listener).start()
    expiry = asyncio.create_task(expire())
    await stop.wait()
    expiry.cancel()
    await server.cleanup()
    await tables.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
