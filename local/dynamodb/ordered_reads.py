"""Reads of ministack that cost what a page costs, however long the partition is.

ministack copies, sorts and evaluates a whole partition for each page of a Query, and a whole table
for each page of a Scan. Here a page is found by bisection in the order of the keys: ministack is
shown the items of that page only, and does the rest (validation, filters, projections, the
response) itself.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final, NamedTuple

from local.dynamodb.key_order import Entry, Item, KeyOrder, queried, scanned

WRAPPED: Final = (
    "_evaluate_condition",
    "_items_replaced",
    "_paginate_evaluated_items",
    "_query",
    "_remove_item",
    "_scan",
    "_set_item",
)
"""What this module replaces; a test holds it against the installed version."""

_ORDER = "_order"
_MEMBERS = "_index_members"


class Page(NamedTuple):
    """The items one response is made of."""

    entries: list[Entry]
    items: list[Item]
    more: bool
    """Whether the page ended at its limit, so that the response names a key to continue from."""


class OrderedReads:
    """Wraps the reads of ministack's dynamodb module, and the writes that change the order."""

    def __init__(self, dynamodb: Any) -> None:
        """Install the wrappers; requests must run one at a time, as ministack's do."""
        self._dynamodb = dynamodb
        self._page: Page | None = None
        self._selected: frozenset[int] = frozenset()
        for name in WRAPPED:
            original = getattr(dynamodb, name)
            setattr(dynamodb, name, partial(getattr(self, f"_wrapped{name}"), original))

    def _wrapped_set_item(self, original: Any, table: Any, pk: Any, sk: Any, item: Item) -> Any:
        order = _order_of(table)
        old = original(table, pk, sk, item)
        order.replace(old, item)
        return old

    def _wrapped_remove_item(self, original: Any, table: Any, pk: Any, sk: Any) -> Any:
        order = _order_of(table)
        old = original(table, pk, sk)
        order.replace(old, None)
        return old

    def _wrapped_query(self, original: Any, data: dict[str, Any]) -> Any:
        table, index = self._dynamodb._tables.get(data.get("TableName")), data.get("IndexName")
        found = queried(_order_of(table), data) if table else None
        if found is None:
            return original(data)
        partition, entries = found
        page = self._paginated(table, index, data.get("Limit"), entries)
        if index is None:
            items = {sk: item for (_, _, sk), item in zip(page.entries, page.items, strict=True)}
            return self._shown(table, page, {"items": {partition: items}}, original, data)
        members = {index: {partition: {(pk, sk): None for _, pk, sk in page.entries}}}
        return self._shown(table, page, {_MEMBERS: members}, original, data)

    def _wrapped_scan(self, original: Any, data: dict[str, Any]) -> Any:
        table = self._dynamodb._tables.get(data.get("TableName"))
        entries = scanned(_order_of(table), data) if table else None
        if entries is None:
            return original(data)
        page = self._paginated(table, None, data.get("Limit"), entries)
        items: dict[str, dict[str, Item]] = {}
        for (_, pk, sk), item in zip(page.entries, page.items, strict=True):
            items.setdefault(pk, {})[sk] = item
        return self._shown(table, page, {"items": items}, original, data)

    def _wrapped_items_replaced(self, original: Any, table: dict[str, Any]) -> None:
        table.pop(_ORDER, None)
        original(table)

    def _wrapped_evaluate_condition(
        self, original: Any, expression: Any, item: Any, *arguments: Any, **options: Any
    ) -> Any:
        # The items of a page match by their selection; a start key is no item of it.
        if id(item) in self._selected and options.get("slot") == "KeyConditionExpression":
            return True
        return original(expression, item, *arguments, **options)

    def _wrapped_paginate_evaluated_items(
        self, original: Any, items: Any, *arguments: Any, **options: Any
    ) -> Any:
        if self._page is not None:
            return items, self._page.more
        return original(items, *arguments, **options)

    def _shown(
        self,
        table: dict[str, Any],
        page: Page,
        shown: dict[str, Any],
        call: Callable[[dict[str, Any]], Any],
        data: dict[str, Any],
    ) -> Any:
        """Call ministack while ``shown`` replaces members of its table."""
        hidden = {name: table[name] for name in shown if name in table}
        table.update(shown)
        self._page, self._selected = page, frozenset(map(id, page.items))
        try:
            return call(data)
        finally:
            self._page, self._selected = None, frozenset()
            for name in shown:
                del table[name]
            table.update(hidden)

    def _paginated(
        self, table: Any, index: str | None, limit: int | None, entries: Iterable[Entry]
    ) -> Page:
        """Return a page as DynamoDB cuts it: at ``limit`` items, or at 1 MB of what was read."""
        dynamodb, max_bytes = self._dynamodb, self._dynamodb._DDB_PAGE_SIZE_BYTES
        page, total = Page([], [], more=False), 0
        for entry in entries:
            item = table["items"][entry[1]][entry[2]]
            read = dynamodb._apply_index_projection(item, table, index) if index else item
            size = dynamodb._item_size_bytes(read)
            if page.items and total + size > max_bytes:
                return page._replace(more=True)
            page.entries.append(entry)
            page.items.append(item)
            total += size
            if len(page.items) == limit or total >= max_bytes:
                return page._replace(more=True)
        return page


def _order_of(table: dict[str, Any]) -> KeyOrder:
    order: KeyOrder | None = table.get(_ORDER)
    if order is None:
        order = table[_ORDER] = KeyOrder(table)
    return order
