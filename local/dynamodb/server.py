"""The child process that is the table: ministack's DynamoDB on a socket its parent opened.

``python -m local.dynamodb.server FD DATA``. Of ministack nothing but DynamoDB and its streams runs:
its own start-up, which opens more ports and looks for Docker, is left out.
"""

import asyncio
import gc
import json
import logging
import os
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config

from local.dynamodb.durability import DurableTables
from local.iam.enforcement import Guard, permissions_in, record_in
from local.iam.policies import Permissions
from local.process.child import die_with_parent

TTL_SECONDS = 2.0
"""How often items are checked for expiry; AWS takes up to days, tests should not."""


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM, then save everything."""
    descriptor, data = int(arguments[0]), Path(arguments[1])
    permissions = Permissions(**json.loads(permissions_in(data).read_text("utf-8")))
    die_with_parent()
    # Ctrl-C reaches the whole terminal; the parent decides when we stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.update(
        SERVICES="dynamodb,dynamodbstreams",
        PERSIST_STATE="0",
        LOG_LEVEL="WARNING",
        AUTH="false",
    )
    # Imported late: ministack reads its settings, and starts threads, when it is imported.
    app = import_module("ministack.app")
    dynamodb: Any = import_module("ministack.services.dynamodb")
    # DynamoDB takes 4 MB of items in a transaction; ministack counts the request's JSON, in which
    # an é is six bytes. What is over DynamoDB's limit, the services refuse before.
    dynamodb._DDB_TXN_MAX_BYTES = 4 * dynamodb._DDB_TXN_MAX_BYTES
    logging.getLogger("hypercorn.error").setLevel(logging.WARNING)
    # What is loaded stays: the garbage collector need not look at it, now or ever.
    gc.disable()
    tables = DurableTables(dynamodb, data / "table")
    # In front of the tables: what is refused changes nothing and is in no journal.
    dynamodb.handle_request = Guard(permissions, dynamodb.handle_request, record_in(data)).handle
    gc.freeze()
    gc.enable()
    asyncio.run(_serve(app.app, descriptor, tables))
    tables.save()
    return 0


async def _serve(app: Any, descriptor: int, tables: DurableTables) -> None:
    config = Config()
    config.bind = [f"fd://{descriptor}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    config.loglevel = "WARNING"
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)

    async def http_only(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        # Answered here, so that ministack's own start-up and shutdown never run.
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})

    async def expire() -> None:
        while True:
            await asyncio.sleep(TTL_SECONDS)
            tables.expire()

    expiry = asyncio.create_task(expire())
    try:
        await serve(http_only, config, shutdown_trigger=stop.wait)
    finally:
        expiry.cancel()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
