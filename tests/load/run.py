"""One load: users at once for a while, then everything counted."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import aiohttp

from local.gateway.issuer import issuer_of
from tests.load.ledger import Conversation
from tests.load.measurements import Measurements
from tests.load.processes import Processes
from tests.load.traffic import Caller, User, created, everything
from tests.support.functions import declared
from tests.support.server import Api

_TEAM: Final = "team"
"""The owner whose conversations every second user writes to, all of them at once."""
_PROGRESS_SECONDS: Final = 5.0
_TOKEN_SECONDS: Final = 24 * 3600


@dataclass(frozen=True)
class Load:
    """How much, and for how long; ``is_killing`` ends functions while it runs."""

    users: int
    seconds: float
    is_killing: bool = False


async def put(load: Load, api: Api, pid: int | None, tell: Callable[[str], None]) -> list[str]:
    """Put a load on an API and return what was violated; ``pid`` is the server's, where known."""
    issuer = issuer_of(declared(), api.data)
    measurements = Measurements()
    processes = Processes(pid) if pid else None
    connector = aiohttp.TCPConnector(limit=load.users)
    async with aiohttp.ClientSession(connector=connector) as session:

        def caller_of(owner: str) -> Caller:
            return Caller(session, api.url, issuer.token(owner, _TOKEN_SECONDS), measurements)

        callers = {_TEAM: caller_of(_TEAM)}
        shared = [await created(callers[_TEAM], _TEAM) for _ in range(2)]
        conversations, users = [*shared], []
        for number in range(load.users):
            owner = _TEAM if number % 2 == 0 else f"user {number}"
            callers.setdefault(owner, caller_of(owner))
            own = shared if owner == _TEAM else [await created(callers[owner], owner)]
            conversations += [] if owner == _TEAM else own
            users.append(User(f"user {number}", callers[owner], own))
        await _run(load, users, measurements, processes, tell)
        violations = [
            violation
            for each in conversations
            for violation in await _judged(callers[each.owner], each)
        ]
    for line in [*measurements.report(), *(processes.report() if processes else [])]:
        tell(line)
    if processes and processes.killed:
        tell(f"{processes.killed} functions were killed")
    violations += [f"given up: {why}" for user in users for why in user.given_up]
    if not load.is_killing:
        violations += [f"failed without a kill: {why}" for why in measurements.failures]
    return violations


async def _run(
    load: Load,
    users: list[User],
    measurements: Measurements,
    processes: Processes | None,
    tell: Callable[[str], None],
) -> None:
    around = [asyncio.create_task(_tell_progress(measurements, tell))]
    if processes:
        around.append(asyncio.create_task(processes.watch()))
        if load.is_killing:
            around.append(asyncio.create_task(processes.kill()))
    until = time.monotonic() + load.seconds
    try:
        await asyncio.gather(*(user.work(until) for user in users))
    finally:
        measurements.ended = time.monotonic()
        for task in around:
            task.cancel()
        for task in around:
            with suppress(asyncio.CancelledError):
                await task


async def _tell_progress(measurements: Measurements, tell: Callable[[str], None]) -> None:
    while True:
        await asyncio.sleep(_PROGRESS_SECONDS)
        tell(measurements.progress())


async def _judged(caller: Caller, conversation: Conversation) -> list[str]:
    item_count, items = await everything(caller, conversation)
    return [*conversation.violations(item_count, items)]
