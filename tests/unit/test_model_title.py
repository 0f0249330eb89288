"""A model's answer becomes a title, or none."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colloquy.domain.model_title import title_from_model
from colloquy.domain.title import MAX_AUTO_TITLE


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


TITLE = "Sourdough Starter Care"


@pytest.mark.parametrize(
    "response",
    [
        f"<think>\nThey want a title.\n</think>\n\n{TITLE}",
        f"<thinking>Title: Bread?</thinking>{TITLE}",
        f"\u25c1think\u25b7Hm.\u25c1/think\u25b7{TITLE}",
        f'<details type="reasoning" done="true"><summary>Thought</summary>Hm.</details>\n{TITLE}',
        f"<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>{TITLE}",
        f"They want a title.\n</think>\n{TITLE}",
        f'{{"title": "{TITLE}"}}',
        f'```json\n{{"title": "{TITLE}"}}\n```',
        f'{{"reason": "short", "title": "{TITLE}',
        f'["{TITLE}"]',
        f"```\n{TITLE}\n```",
        f"Sure! Here is a title: {TITLE}",
        f"Sure! Here's a title for your conversation:\n\n**{TITLE}**",
        f'Here is a short title for this chat: "{TITLE}"',
        f"Certainly. {TITLE}",
        f"Okay, here you go\n{TITLE}",
        f"Title: {TITLE}",
        f"**Title:** {TITLE}",
        f"Chat title: {TITLE}.",
        f"\u6807\u9898\uff1a{TITLE}",
        f"\u597d\u7684\uff0c\u4ee5\u4e0b\u662f\u6807\u9898\uff1a{TITLE}",
        f"<h1>{TITLE}</h1>",
        f"<title>{TITLE}</title>",
        f"{TITLE}<|im_end|>",
        f"<|im_start|>assistant\n{TITLE}<|im_end|>\n<|im_start|>user",
        f"{TITLE}</s>",
        f"{TITLE}<end_of_turn>",
        f"- {TITLE}",
        f"{TITLE}\n\nLet me know if you want another.",
    ],
)
def test_what_is_around_the_title_is_left_out(response: str) -> None:
    assert title_from_model(response) == TITLE


@pytest.mark.parametrize(
    "response",
    [
        "<think>They want a title",
        "<think>Hm.</think>",
        "<|channel|>analysis<|message|>Hm.",
        "{}",
        '{"titel',
        "Sure! Here is a title:",
        "<|im_end|>",
        "```json\n```",
    ],
)
def test_what_holds_no_title_gives_none(response: str) -> None:
    assert title_from_model(response) is None


@pytest.mark.parametrize(
    ("title", "source", "kept"),
    [
        ("Feeding a Starter", "How do I feed my sourdough starter?", True),
        ("Cat Problem", "fix my cat", True),
        ("Go", "How do I learn Go?", False),
        ("a0", "How do I bake bread?", False),
        ("I am not sure", "How do I bake bread?", False),
        ("How and What", "How do I bake bread? What now?", False),
        ("\u5929\u6c17", "\u4eca\u65e5\u306e\u5929\u6c17\u306f?", True),
        (
            "\u0425\u043b\u0435\u0431",
            "\u041a\u0430\u043a \u043f\u0435\u0447\u044c \u0445\u043b\u0435\u0431?",
            True,
        ),
    ],
)
def test_a_title_worse_than_the_sentence_is_none(title: str, source: str, *, kept: bool) -> None:
    assert title_from_model(title, source) == (title if kept else None)


@pytest.mark.parametrize(
    "response",
    [
        "a " * 100_000,
        "<" * 100_000,
        '{"title":"' + "\\" * 100_000,
        "sure! " * 50_000,
        "\n" * 100_000,
    ],
)
def test_a_hostile_response_takes_a_moment(response: str) -> None:
    started = time.process_time()

    title_from_model(response, "source")

    assert time.process_time() - started < 1.0


@given(st.text())
def test_a_title_is_one_line_of_at_most_60_characters_without_quotes(answer: str) -> None:
    title = title_from_model(answer)
    if title is not None:
        assert 0 < len(title) <= MAX_AUTO_TITLE
        assert len(title.splitlines()) == 1
        assert not set(title) & set('"\u201c\u201d\u00ab\u00bb')
