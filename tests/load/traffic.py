"""Users under load: what each does, and repeats with the same key until it is answered."""

import asyncio
import itertools
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from tests.load.ledger import Acknowledged, Conversation
from tests.load.measurements import Measurements

_MOST_TRIES: Final = 8
_TIMEOUT: Final = aiohttp.ClientTimeout(total=35)
"""Longer than the API's 30 seconds."""

Json = dict[str, Any]


class GivenUpError(Exception):
    """A request that no attempt was answered for."""


@dataclass
class Caller:
    """A signed-in client of the API."""

    session: aiohttp.ClientSession
    url: str
    token: str
    measurements: Measurements

    async def ask(
        self, kind: str, method: str, path: str, body: Json | None = None, **query: str
    ) -> Json:
        """Return the body of a successful response, {} of one without.

        Repeats what failed in passing: reads, and writes under the key they were sent with.

        Raises:
            GivenUpError: every attempt failed.
        """
        headers = {"Authorization": f"Bearer {self.token}"}
        if method == "POST":
            headers["Idempotency-Key"] = f"{random.getrandbits(128):x}"
        for number in range(_MOST_TRIES):
            began = time.monotonic()
            try:
                async with self.session.request(
                    method,
                    self.url + path,
                    json=body,
                    params=query,
                    headers=headers,
                    timeout=_TIMEOUT,
                ) as response:
                    said = await response.read()
                    is_repeated_deletion = method == "DELETE" and number and response.status == 404
                    if response.ok or is_repeated_deletion:
                        self.measurements.add(kind, time.monotonic() - began)
                        found: Json = await response.json() if said and response.ok else {}
                        return found
                    self.measurements.fail(kind, str(response.status))
                    if response.status < 500 and response.status not in {409, 429}:
                        raise GivenUpError(f"{method} {path}: {said[:300].decode()}")
            except (aiohttp.ClientError, TimeoutError) as error:
                self.measurements.fail(kind, type(error).__name__)
            await asyncio.sleep(random.uniform(0, 0.1 * 2**number))
        raise GivenUpError(f"{method} {path}")


class User:
    """One user: writes to and reads from conversations, of which others may write to some."""

    def __init__(self, name: str, caller: Caller, conversations: Sequence[Conversation]) -> None:
        self._name = name
        self._caller = caller
        self._conversations = conversations
        self._numbers = itertools.count(1)
        self.given_up: list[str] = []

    async def work(self, until: float) -> None:
        """Do one thing after another until ``until`` of ``time.monotonic``."""
        mix: dict[Callable[[Conversation], Awaitable[None]], int] = {
            self._append: 40,
            self._list: 18,
            self._open: 10,
            self._edit: 8,
            self._delete: 4,
            self._list_conversations: 6,
            self._share: 4,
        }
        while time.monotonic() < until:
            (act,) = random.choices(list(mix), list(mix.values()))
            try:
                await act(random.choice(self._conversations))
            except GivenUpError as error:
                self.given_up.append(str(error))

    async def _append(self, at: Conversation) -> None:
        text = f"{self._name} {next(self._numbers)}"
        body = {"role": random.choice(["user", "assistant"]), "content": text}
        sent = time.monotonic()
        at.unknown.add(text)
        item = await self._caller.ask("append", "POST", f"{_path(at)}/items", body)
        at.unknown.discard(text)
        at.acknowledged[item["id"]] = Acknowledged(item["id"], text, sent, time.monotonic())

    async def _edit(self, at: Conversation) -> None:
        if item_id := self._some_item(at):
            text = f"{self._name} {next(self._numbers)}, edited"
            at.edited.setdefault(item_id, set()).add(text)
            await self._if_there(
                at, item_id, "edit", "POST", f"{_path(at)}/items/{item_id}/edit", {"content": text}
            )

    async def _delete(self, at: Conversation) -> None:
        if item_id := self._some_item(at):
            # Before the answer: if it is lost, the message may be gone.
            at.deleted.add(item_id)
            await self._if_there(at, item_id, "delete", "DELETE", f"{_path(at)}/items/{item_id}")

    async def _if_there(self, at: Conversation, item_id: str, *request: Any) -> None:
        """Ask something of a message that somebody may be deleting."""
        try:
            await self._caller.ask(*request)
        except GivenUpError:
            if item_id not in at.deleted:
                raise

    async def _list(self, at: Conversation) -> None:
        order = random.choice(["asc", "desc"])
        await self._caller.ask("list", "GET", f"{_path(at)}/items", limit="20", order=order)

    async def _open(self, at: Conversation) -> None:
        await self._caller.ask("open", "GET", _path(at))

    async def _list_conversations(self, _: Conversation) -> None:
        await self._caller.ask("list conversations", "GET", "/v1/conversations")

    async def _share(self, at: Conversation) -> None:
        """Make a link, look through it and revoke it."""
        link = await self._caller.ask("share", "POST", f"{_path(at)}/share", {})
        share_id = link["share_id"]
        await self._caller.ask("view", "GET", f"/conversations/share/{share_id}", format="json")
        await self._caller.ask("revoke", "DELETE", f"/v1/shares/{share_id}")

    def _some_item(self, at: Conversation) -> str | None:
        """Return a message that nobody is known to have deleted, or None."""
        if not at.acknowledged:
            return None
        item_id = random.choice(list(at.acknowledged))
        return None if item_id in at.deleted else item_id


async def created(caller: Caller, owner: str) -> Conversation:
    """Create an empty conversation."""
    made = await caller.ask("create", "POST", "/v1/conversations", {})
    return Conversation(owner, made["id"])


async def everything(caller: Caller, at: Conversation) -> tuple[int, list[Json]]:
    """Return a conversation's ``item_count`` and all of its messages, oldest first."""
    items: list[Json] = []
    query = {"limit": "100", "order": "asc"}
    while True:
        page = await caller.ask("read back", "GET", f"{_path(at)}/items", None, **query)
        items += page["data"]
        if page["next_after"] is None:
            break
        query["after"] = page["next_after"]
    listed = await caller.ask("read back", "GET", _path(at))
    return listed["item_count"], items


def _path(at: Conversation) -> str:
    return f"/v1/conversations/{at.id}"
