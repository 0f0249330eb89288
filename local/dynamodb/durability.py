"""Keeps ministack's tables and streams across restarts and kills, and expires items as AWS does.

ministack saves on a clean stop only, forgets its streams, and its TTL deletes leave no stream
record. Every change of an item passes through a few functions of its dynamodb module: they are
wrapped here, so that each request is in a journal before it is answered. Requests run one at a
time on ministack's event loop, so the changes seen since the last answer belong to this one.
"""

import json
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from local.dynamodb.journal import Journal

SUPPORTED: Final = "1.5.33"
# What durable.py relies on; a test holds it against the installed version.
WRAPPED: Final = (
    "_set_item",
    "_remove_item",
    "_items_replaced",
    "_emit_stream_event",
    "handle_request",
)
_ITEM_ACTIONS = {
    "BatchExecuteStatement",
    "BatchGetItem",
    "BatchWriteItem",
    "DeleteItem",
    "ExecuteStatement",
    "ExecuteTransaction",
    "GetItem",
    "PutItem",
    "Query",
    "Scan",
    "SearchVectors",
    "TransactGetItems",
    "TransactWriteItems",
    "UpdateItem",
}
_READS = ("Describe", "Get", "List")
# "DynamoDB doesn't delete items whose TTL is more than five years in the past" (TTL guide).
_OLDEST_SECONDS = 5 * 365 * 24 * 60 * 60
# As the Streams API spells it; in a function's event the names are in lower case.
_TTL_IDENTITY = {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}
_STREAM_STATE = ("_stream_records", "_stream_trimmed", "_closed_streams")


class DurableTables:
    """Wraps ministack's dynamodb module; everything here runs on its event loop."""

    def __init__(self, dynamodb: Any, directory: Path) -> None:
        """Load what the directory holds, then record every change to come."""
        # Imported late: ministack reads its settings when it is imported.
        persistence = import_module("ministack.core.persistence")
        responses = import_module("ministack.core.responses")
        directory.mkdir(parents=True, exist_ok=True)
        self._dynamodb = dynamodb
        self._encode = persistence._json_default
        self._decode = persistence._json_object_hook
        self._scope: Callable[[str, str], AbstractContextManager[None]] = responses.request_scope
        self._file = directory / "tables.json"
        self._journal = Journal(directory / "journal.jsonl")
        self._changes: list[dict[str, Any]] = []
        self._identity: dict[str, str] | None = None
        self._must_save = False
        self._load()
        self._wrap()

    def save(self) -> None:
        """Write the whole state aside, put it in place at once, and empty the journal."""
        state = {
            "dynamodb": self._dynamodb.get_state(),
            **{name: getattr(self._dynamodb, name) for name in _STREAM_STATE},
        }
        draft = self._file.with_suffix(".draft")
        # dumps and not dump: only dumps uses the fast encoder.
        draft.write_text(json.dumps(state, default=self._encode), encoding="utf-8")
        draft.replace(self._file)
        self._journal.clear()

    def expire(self) -> None:
        """Delete the items whose time to live is over, leaving the stream records AWS leaves."""
        for (
            account,
            region,
            name,
        ), setting in self._dynamodb._ttl_settings.all_items():
            table = self._dynamodb._tables.get_scoped(account, region, name)
            if table is None or setting.get("TimeToLiveStatus") != "ENABLED":
                continue
            with self._scope(account, region):
                for pk, sk in expired(table, setting["AttributeName"], time.time()):
                    old = self._dynamodb._remove_item(table, pk, sk)
                    self._identity = _TTL_IDENTITY
                    self._dynamodb._emit_stream_event(name, "REMOVE", old, None)
                    self._identity = None
        self._commit()

    def _load(self) -> None:
        dynamodb = self._dynamodb
        if self._file.exists():
            text = self._file.read_text(encoding="utf-8")
            state = json.loads(text, object_hook=self._decode)
            dynamodb.load_persisted_state(state["dynamodb"])
            for name in _STREAM_STATE:
                getattr(dynamodb, name).update(state[name])
        requests = self._journal.recover()
        for change in (change for changes in requests for change in changes):
            account, region, name = change["table"]
            table = dynamodb._tables.get_scoped(account, region, name)
            if table is None:
                continue
            if "record" in change:
                with self._scope(account, region):
                    dynamodb._stream_records.setdefault(name, []).append(change["record"])
            elif change["item"] is None:
                dynamodb._remove_item(table, *change["key"])
            else:
                dynamodb._set_item(table, *change["key"], change["item"])
        if requests:
            self.save()

    def _wrap(self) -> None:
        for name in WRAPPED:
            original = getattr(self._dynamodb, name)
            wrapper = getattr(self, f"_wrapped{'_' * (name[0] != '_')}{name}")
            setattr(self._dynamodb, name, partial(wrapper, original))

    def _wrapped_set_item(self, original: Any, table: Any, pk: Any, sk: Any, item: Any) -> Any:
        old = original(table, pk, sk, item)
        self._note(table, {"key": [pk, sk], "item": item})
        return old

    def _wrapped_remove_item(self, original: Any, table: Any, pk: Any, sk: Any) -> Any:
        if threading.current_thread().name == "dynamodb-ttl-reaper":
            # ministack's reaper races with requests and leaves no record; expire() does both.
            return None
        old = original(table, pk, sk)
        if old is not None:
            self._note(table, {"key": [pk, sk], "item": None})
        return old

    def _wrapped_items_replaced(self, original: Any, table: Any) -> None:
        original(table)
        self._must_save = True

    def _wrapped_emit_stream_event(
        self, original: Any, name: str, *arguments: Any, **options: Any
    ) -> None:
        before = self._last_record(name)
        original(name, *arguments, **options)
        record = self._last_record(name)
        if record is not None and record is not before:
            self._complete(record)
            self._note(self._dynamodb._tables[name], {"record": record})

    async def _wrapped_handle_request(
        self, original: Any, method: str, path: str, headers: Any, body: bytes, query: Any
    ) -> Any:
        try:
            return await original(method, path, headers, body, query)
        finally:
            action = str(headers.get("x-amz-target", "")).rpartition(".")[2]
            if action not in _ITEM_ACTIONS and not action.startswith(_READS):
                self._must_save = True
            self._commit()

    def _note(self, table: Any, change: dict[str, Any]) -> None:
        # arn:aws:dynamodb:<region>:<account>:table/<name>
        _, _, _, region, account, _ = table["TableArn"].split(":", 5)
        # A copy: the caller may go on changing the item, or replace it in a later step.
        self._changes.append(
            {
                "table": [account, region, table["TableName"]],
                **json.loads(json.dumps(change)),
            }
        )

    def _commit(self) -> None:
        if self._must_save:
            self.save()
        elif self._changes:
            self._journal.append(self._changes)
        self._must_save = False
        self._changes = []

    def _last_record(self, name: str) -> dict[str, Any] | None:
        records = self._dynamodb._stream_records.get(name)
        return records[-1] if records else None

    def _complete(self, record: dict[str, Any]) -> None:
        """Fill in what ministack leaves out of a record."""
        if self._identity is not None:
            record["userIdentity"] = self._identity
        images = (record["dynamodb"].get(name) for name in ("Keys", "NewImage", "OldImage"))
        record["dynamodb"]["SizeBytes"] = sum(
            self._dynamodb._item_size_bytes(image) for image in images if image
        )


def expired(table: Any, attribute: str, now: float) -> list[tuple[Any, Any]]:
    """Return the keys of a table of ministack's whose items' time to live is over."""
    keys = []
    for pk, sort_keys in table["items"].items():
        for sk, item in sort_keys.items():
            try:
                # Only numbers count; anything else never expires.
                expires = float(item[attribute]["N"])
            except (KeyError, TypeError, ValueError):
                continue
            if now - _OLDEST_SECONDS <= expires <= now:
                keys.append((pk, sk))
    return keys
