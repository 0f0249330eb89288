"""A model's answer becomes a title, or none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colloquy.domain.title import MAX_AUTO_TITLE, title_from_model


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        ("Baking Bread", "Baking Bread"),
        ('"Baking Bread"', "Baking Bread"),
        ("\n\n  **Title: Baking Bread**\n\nI hope you like it!", "Baking Bread"),
        ("# «Brot backen».", "Brot backen"),
        ("Titel: 'Brot backen'", "Brot backen"),
        ("Don't Panic", "Don't Panic"),
        ("パンの\u300c焼き方\u300d", "パンの焼き方"),
        ("Bread\u202e\x07 and\tButter", "Bread and Butter"),
        ("One " * 20, "One " * 14 + "One…"),
    ],
)
def test_the_first_line_without_marks_and_quotes_is_the_title(answer: str, title: str) -> None:
    assert title_from_model(answer) == title


@pytest.mark.parametrize("answer", ["", " \n ", '""', "...", "Title:", "word " * 30])
def test_what_is_no_title_gives_none(answer: str) -> None:
    assert title_from_model(answer) is None


@given(st.text())
def test_a_title_is_one_line_of_at_most_60_characters_without_quotes(answer: str) -> None:
    title = title_from_model(answer)
    if title is not None:
        assert 0 < len(title) <= MAX_AUTO_TITLE
        assert len(title.splitlines()) == 1
        assert not set(title) & set('"\u201c\u201d\u00ab\u00bb')
