"""A response agrees with itself, whatever is written while it is read."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from colloquy.store.table import Table
from tests.support.client import Client
from tests.support.rows import Rows

Change = Callable[[Client, str], None]


def append(alice: Client, path: str) -> None:
    assert alice.post(f"{path}/items", {"role": "user", "content": "Later"}).status == 201


def call_a_tool(alice: Client, path: str) -> None:
    assert alice.post(f"{path}/items", {"role": "tool", "content": "Later"}).status == 201


def delete(alice: Client, path: str) -> None:
    item = alice.get(f"{path}/items").body["data"][0]
    assert alice.delete(f"{path}/items/{item['id']}").status == 204


def edit(alice: Client, path: str) -> None:
    item = alice.get(f"{path}/items").body["data"][0]
    assert alice.put(f"{path}/items/{item['id']}/edit", {"content": "Edited"}).status == 200


CHANGES = pytest.mark.parametrize("change", [append, call_a_tool, delete, edit])


@pytest.fixture
def path(alice: Client, rows: Rows) -> str:
    assert rows.all() == []
    items = [{"role": "user", "content": "One"}, {"role": "assistant", "content": "Two"}]
    return f"/v1/conversations/{alice.post('/v1/conversations', {'items': items}).body['id']}"


@CHANGES
@pytest.mark.parametrize("first", ["header", "items"])
@pytest.mark.parametrize("how", ["open", "export"])
def test_a_conversation_and_its_messages_agree(
    alice: Client,
    path: str,
    monkeypatch: pytest.MonkeyPatch,
    change: Change,
    first: str,
    how: str,
) -> None:
    order_reads(monkeypatch, first, lambda: change(alice, path))

    reply = alice.get(path if how == "open" else f"{path}/export")

    header = reply.body if how == "open" else reply.body["conversation"]
    items = reply.body["items"]
    assert header["item_count"] == len(items)
    shown = [datetime.fromisoformat(each["edited_at"] or each["created_at"]) for each in items]
    deleted = change is delete and len(items) == 1
    assert deleted or datetime.fromisoformat(header["updated_at"]) <= max(shown)


def order_reads(monkeypatch: pytest.MonkeyPatch, first: str, change: Callable[[], None]) -> None:
    """Make a change once, between the read of the header and that of the items."""
    get, query_page = Table.get, Table.query_page
    state = {"reads": 0, "busy": False}

    def once(kind: str) -> None:
        if state["busy"]:
            return
        state["reads"] += 1
        if kind == first and state["reads"] == (1 if first == "header" else 2):
            state["busy"] = True
            change()

    def submit(_: Table, call: Callable[..., Any], *words: Any) -> Any:
        return _Lazy(call, words) if first == "items" else _Lazy(call, words).begun()

    def get_and_change(table: Table, *words: Any) -> Any:
        row = get(table, *words)
        once("header")
        return row

    def query_and_change(table: Table, **words: Any) -> Any:
        page = query_page(table, **words)
        once("items")
        return page

    monkeypatch.setattr(Table, "beside", submit)
    monkeypatch.setattr(Table, "get", get_and_change)
    monkeypatch.setattr(Table, "query_page", query_and_change)


class _Lazy:
    """A call that is made when its result is wanted."""

    def __init__(self, call: Callable[..., Any], words: tuple[Any, ...]) -> None:
        self._call, self._words = call, words
        self._results: list[Any] = []

    def begun(self) -> "_Lazy":
        self.result()
        return self

    def result(self) -> Any:
        if not self._results:
            self._results.append(self._call(*self._words))
        return self._results[0]
