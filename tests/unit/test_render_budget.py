"""What rendering may cost: bytes for bytes, whatever was typed to make more of them."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from colloquy.domain.conversation import Conversation
from colloquy.domain.item import Content, Item
from colloquy.domain.page import MAX_ANSWER_BYTES, answer_bytes
from colloquy.domain.share import Share, ShownItem, View
from colloquy.render import budget as limits
from colloquy.render import export_document, export_page, markdown
from colloquy.render.budget import MAX_FACTOR, SPARE_BYTES, Budget
from colloquy.render.document import document
from colloquy.render.markdown import to_html
from colloquy.render.page import page
from colloquy.render.recent import RecentTexts
from tests.support import amplifying

NOW = datetime(2026, 11, 23, 10, 5, tzinfo=UTC)
SHARE = Share(id="share_x", owner_id="o", conversation_id="conv_x", created_at=NOW, expires_at=NOW)
# Tags and times around a message.
FRAME_BYTES = 1_000


def unhurried() -> Budget:
    return Budget(time.monotonic() + 600)


def view(*contents: Content) -> View:
    items = [
        ShownItem(
            id=f"item_{number:03}",
            role="user",
            content=content,
            created_at=NOW + timedelta(minutes=number),
        )
        for number, content in enumerate(contents)
    ]
    return View(share=SHARE, items=items)


def message(content: Content) -> Item:
    return Item(id="item_1", conversation_id="c", role="user", content=content, created_at=NOW)


def within_its_factor(html: str, source: str) -> bool:
    return len(html.encode()) <= SPARE_BYTES + MAX_FACTOR * len(source.encode())


@pytest.mark.parametrize("name", amplifying.NAMED)
def test_a_texts_html_is_bounded_by_its_length(name: str) -> None:
    text = amplifying.NAMED[name]
    assert within_its_factor(to_html(text, unhurried()), text)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_combined_stays_within_the_factor(seed: int) -> None:
    for text in amplifying.texts(seed, count=12, length=4_000):
        assert within_its_factor(to_html(text, unhurried()), text), text[:100]


def test_a_message_has_one_budget_for_all_of_its_parts() -> None:
    parts = [{"type": "text", "text": amplifying.NAMED["bare addresses"][:8_700]}] * 40
    source = "".join(part["text"] for part in parts)
    for html in (page(view(parts), ""), export_page.message(message(parts), time.monotonic() + 60)):
        assert within_its_factor(html[: -2 * FRAME_BYTES], source)
        assert html.count('<pre class="plain"') > 30


def test_a_row_is_not_filled_up_far_beyond_its_source(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    append = limits.BoundedTokens.append

    def counted(tokens: limits.BoundedTokens, token: Any) -> None:
        made.append(1)
        append(tokens, token)

    monkeypatch.setattr(limits.BoundedTokens, "append", counted)
    text = amplifying.NAMED["a wide table of short rows"]
    assert to_html(text, unhurried()).startswith('<pre class="plain"')
    assert len(made) < 10_000


def test_a_table_with_some_cells_missing_is_a_table() -> None:
    html = to_html("|a|b|c|\n|-|-|-|\n|1|\n|2|3|\n", unhurried())
    assert html.count("<td>") == 6


def test_a_slow_lexer_leaves_the_rest_without_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown, "_RECENT", RecentTexts())
    clock = iter(range(1_000))
    monkeypatch.setattr(time, "thread_time", lambda: next(clock) / 10)
    html = to_html("```py\nimport os\nimport os\n```\n\n```py\nimport os\n```\n", unhurried())
    assert html.count("<figcaption>Python</figcaption>") == 2
    assert "<span" not in html
    assert html.count("import os") == 3


@pytest.mark.parametrize("render", [page, document])
@pytest.mark.parametrize(
    "contents",
    [
        ["\x7f" * 350_000] * 2,
        ["'" * 350_000] * 12,
        [amplifying.NAMED["many such tables"][:39_000]] * 6,
        [amplifying.NAMED["bare addresses"]] * 12,
        [amplifying.NAMED["code of the most spans"]] * 5,
        [[{"type": "text", "text": ""}] * 13_000] * 3,
        [[{"type": "text", "text": "a.co " * 1_700}] * 40] * 3,
        [[{"type": "input_image", "image_url": f"http://{chr(127) * 340_000}"}]] * 2,
        [[{"type": "input_image", "image_url": f"https://{chr(39) * 340_000}"}]] * 2,
    ],
)
def test_every_page_fits_an_answer_and_none_is_lost(
    render: Callable[..., str], contents: Sequence[Content]
) -> None:
    whole = view(*contents)
    seen: list[str] = []
    while len(seen) < len(whole.items):
        rest = View(share=SHARE, items=whole.items[len(seen) :])
        html = render(rest, "")
        assert answer_bytes(html) <= MAX_ANSWER_BYTES
        shown = _shown(html, rest)
        assert shown
        assert shown == rest.items[: len(shown)]
        seen += [item.id for item in shown]
        assert (f"?after={seen[-1]}" in html) == (len(seen) < len(whole.items))


@pytest.mark.parametrize("render", [page, document])
def test_a_page_asked_for_from_its_end_keeps_its_end(render: Callable[..., str]) -> None:
    whole = view(*["\x7f" * 350_000] * 3)
    html = render(whole, "", backwards=True)
    assert _shown(html, whole) == whole.items[2:]
    assert "?before=item_002" in html
    assert "?after=" not in html


def _shown(html: str, rest: View) -> list[ShownItem]:
    """Return which messages are on a page, by their moments."""
    return [
        item
        for item in rest.items
        if f'id="{item.id}"' in html or f"· {item.created_at:%Y-%m-%d %H:%M} UTC" in html
    ]


@pytest.mark.parametrize("render", [export_page.message, export_document.message])
@pytest.mark.parametrize(
    "content",
    [
        "\x7f" * 350_000,
        "a.co " * 70_000,
        [{"type": "x", "v": [0] * 100_000}],
        [{"type": "x", "v": [[[[[[[[[[[[0] * 9_000] * 1]]]]]]]]]]}],
        [{"type": "x", "v": "'" * 340_000}],
        [{"type": "x", "v": {"+1": [1]}}] * 10_000,
    ],
)
def test_every_message_of_an_export_fits_an_answer(
    render: Callable[..., str], content: Content
) -> None:
    assert answer_bytes(render(message(content), time.monotonic() + 600)) <= MAX_ANSWER_BYTES


def test_the_frame_of_an_export_is_small() -> None:
    conversation = Conversation(
        id="conv_x", owner_id="o", title="\x7f" * 256, created_at=NOW, updated_at=NOW
    )
    for render in (export_page.page, export_document.document):
        text = render(conversation, [], is_first=True, next_address="https://x/" + "y" * 500)
        assert answer_bytes(text) < 50_000


def test_a_text_is_rendered_once_while_links_are_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown, "_RECENT", RecentTexts())
    parsed: list[str] = []
    parse = markdown._formatted

    def counted(text: str, *more: Any) -> str:
        parsed.append(text)
        return parse(text, *more)

    monkeypatch.setattr(markdown, "_formatted", counted)
    large = "*y* " * 1_100
    note = "A[^1]\n\n[^1]: B"
    for text, times in (("**a**", 1), ("```py\nimport os\n```", 1), (large, 2), (note, 2)):
        first = to_html(text, Budget(time.monotonic() + 60, "item_1"))
        assert to_html(text, Budget(time.monotonic() + 60, "item_1")) == first
        assert parsed.count(text) == times
    for number in range(200):
        to_html(f"*{number}*", unhurried())
    to_html("**a**", unhurried())
    assert parsed.count("**a**") == 2


def test_a_picture_is_not_taken_from_another_message() -> None:
    typed = "![a](data:image/png;picture,0)"
    assert "<img" not in to_html(typed, unhurried())
    assert 'src="data:image/png;base64,AAAA"' in to_html(
        "![a](data:image/png;base64,AAAA)", unhurried()
    )
    assert "<img" not in to_html(typed, unhurried())


def test_code_without_its_colours_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown, "_RECENT", RecentTexts())
    text = "```py\nimport os\n```"
    with monkeypatch.context() as slow:
        clock = iter(range(1_000))
        slow.setattr(time, "thread_time", lambda: next(clock))
        assert "<span" not in to_html(text, unhurried())
    assert "<span" in to_html(text, unhurried())
