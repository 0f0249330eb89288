"""The two ranges of a conversation's items, merged, however DynamoDB cuts its pages."""

import random
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colloquy.domain import ids
from colloquy.domain.page import Order
from colloquy.store import keys
from colloquy.store.item_ranges import item_rows, shown_rows
from colloquy.store.rows import encode
from colloquy.store.table import Table
from tests.support import make

PARTITION = "U#alice#C#conv_1"


class Cut:
    """A client with a sorted partition, whose pages are short, empty and not the last at random."""

    def __init__(self, item_ids: list[str], seed: int) -> None:
        self._rows = sorted(
            ({"PK": PARTITION, "SK": f"{keys.items(each)}{each}", "id": each} for each in item_ids),
            key=lambda row: row["SK"],
        )
        self._random = random.Random(seed)  # noqa: S311 - the same pages in every run
        self.calls: list[str] = []

    def query(self, **query: Any) -> dict[str, Any]:
        first, last = (query["ExpressionAttributeValues"][n]["S"] for n in (":first", ":last"))
        self.calls.append(first[:4])
        rows = [row for row in self._rows if first <= row["SK"] <= last]
        forwards = query["ScanIndexForward"]
        if start := query.get("ExclusiveStartKey"):
            at = start["SK"]["S"]
            assert first <= at <= last, "DynamoDB refuses a start outside of the range"
            rows = [row for row in rows if (row["SK"] > at if forwards else row["SK"] < at)]
        rows = rows if forwards else rows[::-1]
        seen = rows[: min(query.get("Limit", len(rows)), self._random.randint(1, 5))]
        found = seen if self._random.random() < 0.7 else []
        reply: dict[str, Any] = {"Items": [encode(row) for row in found]}
        for row in seen if not found else []:
            self._rows.remove(row)  # deleted since: the page is empty, and not the last
        if len(seen) < len(rows) or (seen and self._random.random() < 0.5):
            reply["LastEvaluatedKey"] = keys.Key(PARTITION, seen[-1]["SK"]).as_dict()
        return reply

    @property
    def left(self) -> list[str]:
        return sorted(row["id"] for row in self._rows)


@given(
    st.lists(st.booleans(), max_size=30),
    st.integers(),
    st.sampled_from(["asc", "desc"]),
    st.integers(0, 29),
    st.integers(1, 7),
)
def test_items_come_in_order_from_behind_any_id(
    marks: list[bool], seed: int, order: Order, at: int, limit: int
) -> None:
    minted = [ids.mint(ids.ITEM, make.moment(n), hidden=mark) for n, mark in enumerate(marks)]
    after = minted[at] if at < len(minted) else None
    client = Cut(minted, seed)
    table = Table(cast("Any", client), "t")

    found = [row["id"] for row in item_rows(table, PARTITION, order, after=after, limit=limit)]

    expected = client.left if order == "asc" else client.left[::-1]
    if after is not None:
        expected = [e for e in expected if (e > after if order == "asc" else e < after)]
    assert found == expected


@pytest.mark.parametrize("hidden", [True, False])
def test_a_read_can_begin_with_an_item_of_either_range(*, hidden: bool) -> None:
    minted = [ids.mint(ids.ITEM, make.moment(n), hidden=hidden ^ (n % 2 > 0)) for n in range(6)]
    table = Table(cast("Any", Cut(minted, 1)), "t")
    client = cast("Cut", table._client)
    client._random.random = lambda: 0.5  # type: ignore[method-assign]  # no row is deleted
    rows = item_rows(table, PARTITION, "asc", first=minted[2])
    assert [row["id"] for row in rows] == minted[2:]


def test_what_links_show_is_read_without_reading_the_rest() -> None:
    minted = [ids.mint(ids.ITEM, make.moment(n), hidden=n % 2 > 0) for n in range(6)]
    client = Cut(minted, 1)
    client._random.random = lambda: 0.5  # type: ignore[method-assign]  # no row is deleted
    table = Table(cast("Any", client), "t")
    rows = shown_rows(table, PARTITION, "asc", after=minted[1], limit=1)
    assert [row["id"] for row in rows] == minted[2::2]
    assert set(client.calls) == {keys.SHOWN}
