"""The automatic title."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colloquy.domain.title import MAX_AUTO_TITLE, is_visible, title_from


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Hello, how are you?", "Hello, how are you?"),
        ("Plan a trip. Make it cheap.", "Plan a trip"),
        ("What is 3.5 times 2? Tell me.", "What is 3.5 times 2?"),
        ("  \n first line\nsecond line", "first line"),
        ("tabs\tand   spaces", "tabs and spaces"),
        ("日本語です。次の文。", "日本語です。"),
        ("right \u202eto left", "right to left"),
        ("x" * 60, "x" * 60),
        ("x" * 61, "x" * 59 + "…"),
        ("word " * 20, "word word word word word word word word word word word word…"),
        ("", None),
        (" \n\t\u202e ", None),
        (". hello there", "hello there"),
        ("\u0000\nHello", "Hello"),
        ("... and then what?", "and then what?"),
        ("---\n***\nThe plan", "The plan"),
        ("...", None),
        ("1. First do this. Then that.", "1. First do this"),
        ("Dr. Smith is here today. He waits.", "Dr. Smith is here today"),
        ("e.g. this thing. Or that.", "e.g. this thing"),
        ("Ask (i.e. phone) J. Doe. Now.", "Ask (i.e. phone) J. Doe"),
        ("It was in 1999. Then it ended.", "It was in 1999"),
        ("\u200b", None),
        ("\u3164\u2800", None),
        ("a\u200bb\ufeff\u2060c\u200d\u200c", "abc"),
        ("👩\u200d💻 codes", "👩\u200d💻 codes"),
        ("क्\u200dष", "क्\u200dष"),
        ("👍", "👍"),
        ("```python\nprint(1)", "print(1)"),
        ("~~~\r\nprint(1)\r\n~~~", "print(1)"),
        ("```\n```", None),
        ("```code``` is what?", "```code``` is what?"),
        ("Hmm... what now", "Hmm... what now"),
        ("Hmm… what now. Or later.", "Hmm… what now"),
        ("Wait... What? No.", "Wait..."),
        ("And then...", "And then..."),
        ("<context>\nThe facts.\n</context>\nWhy?", "The facts"),
        ("<context>", None),
        ("<doc id='1'> <text>\nWhy?", "Why?"),
        ("What does <div> do?", "What does <div> do?"),
    ],
)
def test_the_first_sentence_becomes_the_title(text: str, title: str | None) -> None:
    assert title_from(text) == title


def test_a_long_sentence_is_cut_at_a_word() -> None:
    title = title_from("Please explain the difference between concurrency and parallelism in depth")
    assert title == "Please explain the difference between concurrency and…"


@given(st.text())
def test_a_title_is_one_line_of_at_most_60_characters_or_none(text: str) -> None:
    title = title_from(text)
    if title is not None:
        assert 0 < len(title) <= MAX_AUTO_TITLE
        assert title == title.strip()
        assert any(char.isalnum() or unicodedata.category(char) == "So" for char in title)
        assert len(title.splitlines()) == 1
        assert not any(unicodedata.category(character) == "Cc" for character in title)


def test_a_cut_leaves_no_half_of_a_joined_emoji() -> None:
    assert title_from("x" * 57 + "👩\u200d💻👩\u200d💻") == "x" * 57 + "…"


def test_only_the_beginning_of_a_message_is_looked_at() -> None:
    assert title_from("- - -\n" * 300 + "x") == "x"
    assert title_from("- - -\n" * 500_000 + "x") is None


@pytest.mark.parametrize(
    "character",
    [
        "🇩🇪",
        "👨\u200d👩\u200d👧\u200d👦",
        "👍🏽",
        "e\u0301",
        "क्षि",
        "हि",
        "\u1112\u1161\u11ab",
        "❤\ufe0f",
    ],
)
@pytest.mark.parametrize("before", range(50, 60))
def test_a_long_word_is_cut_before_a_whole_character(character: str, before: int) -> None:
    title = title_from("x" * before + character * 20)

    assert title is not None
    assert len(title) <= MAX_AUTO_TITLE
    rest = title.removesuffix("…").lstrip("x")
    assert rest == character * (len(rest) // len(character))


def test_a_letter_under_a_heap_of_accents_is_cut_all_the_same() -> None:
    title = title_from("a" + "\u0301" * 500)

    assert title is not None
    assert len(title) <= MAX_AUTO_TITLE


@pytest.mark.parametrize(
    "text", ["", " ", "\u200b", "\u3164", "\u2800\ufeff", "\u200d\u200c", "\u0301", "\u202e\u00ad"]
)
def test_what_has_no_ink_is_not_visible(text: str) -> None:
    assert not is_visible(text)


@pytest.mark.parametrize("text", ["a", "👍", "標", "?", " \u200bx", "e\u0301"])
def test_what_a_reader_sees_is_visible(text: str) -> None:
    assert is_visible(text)
