"""Put load on `make run` on this machine: ``python -m tests.load [--users N] [--seconds N]``.

Starts a server with an empty table, and stops it; with ``--url`` it uses one that runs, whose
``DATA`` must be set. Ends by itself, and returns 1 if an acknowledged message is lost, doubled or
out of order, a count is wrong, or an attempt failed though nothing was killed.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import tests.conftest  # noqa: F401 - the environment of everything that runs here
from tests.load.run import Load, put
from tests.support.server import Api, Server


def main() -> int:
    """Read the command line, put the load, and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("--users", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--kill", action="store_true", help="kill functions while it runs")
    parser.add_argument("--url", help="of a server on this machine")
    options = parser.parse_args()
    load = Load(users=options.users, seconds=options.seconds, is_killing=options.kill)
    if options.url:
        if urlsplit(options.url).hostname not in {"localhost", "127.0.0.1", "::1"}:
            parser.error("--url must be of this machine: http://localhost:…")
        if options.kill:
            parser.error("--kill needs a server of its own: leave --url out")
        api = Api(options.url.rstrip("/"), Path(os.environ.get("DATA") or ".local"))
        return _report(asyncio.run(put(load, api, None, print)))
    with (
        tempfile.TemporaryDirectory(prefix="colloquy-load-") as data,
        Server.started(Path(data)) as server,
    ):
        return _report(asyncio.run(put(load, server, server.process.pid, print)))


def _report(violations: list[str]) -> int:
    for violation in violations:
        print(f"VIOLATED {violation}")
    print("every acknowledged message is there once, in order" if not violations else "")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
