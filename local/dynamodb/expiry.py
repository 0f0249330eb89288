"""Time to live: items are deleted soon after they expire, with the stream records AWS leaves.

ministack's own thread looks once a minute, races with requests and leaves no stream record.
"""

import heapq
import time
from collections.abc import Mapping
from functools import partial
from importlib import import_module
from typing import Any, Final

WRAPPED: Final = ("_set_item", "_update_ttl")
"""What this module replaces; a test holds it against the installed version."""

# "DynamoDB doesn't delete items whose TTL is more than five years in the past" (TTL guide).
_OLDEST_SECONDS = 5 * 365 * 24 * 60 * 60
STREAMS_IDENTITY: Final = {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}
"""Who deletes, as the Streams API spells it; in a function's event the names are in lower case."""


class Expiry:
    """The times at which items of ministack's tables expire, the earliest first."""

    def __init__(self, dynamodb: Any, identity: Mapping[str, str] = STREAMS_IDENTITY) -> None:
        """Take over from ministack's thread; everything here runs on its event loop."""
        self._dynamodb = dynamodb
        self._identity = identity
        self._scope: Any = import_module("ministack.core.responses").request_scope
        self._due: list[tuple[float, tuple[str, str, str], Any, Any]] = []
        # The thread takes this lock before it looks, and nothing that is served here needs it.
        dynamodb._lock.acquire()
        for name in WRAPPED:
            original = getattr(dynamodb, name)
            setattr(dynamodb, name, partial(getattr(self, f"_wrapped{name}"), original))

    def run(self) -> None:
        """Delete the items that have expired."""
        now = time.time()
        while self._due and self._due[0][0] <= now:
            expires, scope, pk, sk = heapq.heappop(self._due)
            table = self._dynamodb._tables.get_scoped(*scope)
            item = table["items"].get(pk, {}).get(sk) if table else None
            # Else it was deleted, or replaced by one that expires at another time.
            if item is not None and self._expires(scope, item) == expires:
                self._delete(scope, table, pk, sk)

    def watch(self, scope: tuple[str, str, str]) -> None:
        """Look at all items of a table whose setting is new; ``scope``: account, region, name."""
        table = self._dynamodb._tables.get_scoped(*scope)
        for pk, items in table["items"].items():
            for sk, item in items.items():
                self._add(scope, pk, sk, item)

    def _delete(self, scope: tuple[str, str, str], table: Any, pk: Any, sk: Any) -> None:
        account, region, name = scope
        with self._scope(account, region):
            old = self._dynamodb._remove_item(table, pk, sk)
            self._dynamodb._emit_stream_event(name, "REMOVE", old, None)
            if records := self._dynamodb._stream_records.get(name):
                records[-1]["userIdentity"] = self._identity

    def _wrapped_set_item(self, original: Any, table: Any, pk: Any, sk: Any, item: Any) -> Any:
        old = original(table, pk, sk, item)
        self._add(scope_of(table), pk, sk, item)
        return old

    def _wrapped_update_ttl(self, original: Any, data: Any) -> Any:
        response = original(data)
        for scope, _ in self._dynamodb._ttl_settings.all_items():
            self.watch(scope)
        return response

    def _add(self, scope: tuple[str, str, str], pk: Any, sk: Any, item: Any) -> None:
        expires = self._expires(scope, item)
        if expires is not None and expires >= time.time() - _OLDEST_SECONDS:
            heapq.heappush(self._due, (expires, scope, pk, sk))

    def _expires(self, scope: tuple[str, str, str], item: Any) -> float | None:
        setting = self._dynamodb._ttl_settings.get_scoped(*scope) or {}
        if setting.get("TimeToLiveStatus") != "ENABLED":
            return None
        try:
            # Only numbers count; anything else never expires.
            return float(item[setting["AttributeName"]]["N"])
        except (KeyError, TypeError, ValueError):
            return None


def scope_of(table: Any) -> tuple[str, str, str]:
    """Return the account, the region and the name of a table of ministack's."""
    # arn:aws:dynamodb:<region>:<account>:table/<name>
    _, _, _, region, account, _ = table["TableArn"].split(":", 5)
    return account, region, table["TableName"]
