"""What of a list fits one answer."""

import json
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from colloquy.domain.page import (
    MAX_ANSWER_BYTES,
    MAX_TRAVELLING_BYTES,
    answer_bytes,
    take,
)
from colloquy.http.items import ItemOut
from tests.support import make


@dataclass
class Entry:
    id: str
    answer_bytes: int = 100


def entries(count: int, size: int = 100) -> list[Entry]:
    return [Entry(str(n), size) for n in range(count)]


def test_a_page_ends_at_its_limit_and_says_that_more_comes() -> None:
    page = take(entries(11), 10)
    assert [entry.id for entry in page.data] == [str(n) for n in range(10)]
    assert (page.has_more, page.next_after) == (True, "9")


def test_the_last_page_says_that_nothing_comes() -> None:
    page = take(entries(10), 10)
    assert (len(page.data), page.has_more, page.next_after) == (10, False, None)
    assert take(entries(0), 10).next_after is None


def test_no_more_than_one_entry_is_looked_at_beyond_the_page() -> None:
    found = iter(entries(100))
    take(found, 10)
    assert next(found).id == "11"


def test_a_page_ends_where_the_answer_is_full() -> None:
    page = take(entries(5, MAX_ANSWER_BYTES // 2))
    assert (len(page.data), page.has_more) == (2, True)


def test_a_page_is_never_empty_while_there_is_something() -> None:
    page = take(entries(2, MAX_ANSWER_BYTES + 1), 10)
    assert (len(page.data), page.has_more) == (1, True)


@given(st.text(st.characters(codec="utf-8")))
def test_an_entry_takes_what_is_nearer_to_its_limit(text: str) -> None:
    body = json.dumps([text], ensure_ascii=False)
    travelling = json.dumps(body, ensure_ascii=False)
    share_of_answer = len(body.encode()) / MAX_ANSWER_BYTES
    share_of_lambdas = len(travelling.encode()) / MAX_TRAVELLING_BYTES
    assert answer_bytes(text) / MAX_ANSWER_BYTES >= max(share_of_answer, share_of_lambdas)


def test_ten_thousand_short_messages_fit_one_answer() -> None:
    of = make.conversation()
    items = [make.item(of, content="x") for _ in range(10_000)]
    page = take(items)
    assert len(page.data) == 10_000
    body = json.dumps([ItemOut.model_validate(item).model_dump(mode="json") for item in items])
    assert len(body) < sum(item.answer_bytes for item in items) < MAX_ANSWER_BYTES


def test_the_frame_is_longer_than_any_item_is_beside_its_fields() -> None:
    at = make.moment().replace(microsecond=123456)
    item = make.item(make.conversation(), role="assistant", version=999_999, edited_at=at)
    body = ItemOut.model_validate(item).model_dump_json()
    assert item.answer_bytes >= len(body)
