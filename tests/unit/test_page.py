"""What of a list fits one answer."""

import json
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from colloquy.domain.page import MAX_ANSWER_BYTES, answer_bytes, take


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


@given(st.text())
def test_an_entry_is_weighed_as_lambda_counts_it(text: str) -> None:
    body = json.dumps([text], ensure_ascii=False)
    travelling = json.dumps(body, ensure_ascii=False)
    assert answer_bytes(text) >= len(travelling.encode("utf-8", "surrogatepass"))
