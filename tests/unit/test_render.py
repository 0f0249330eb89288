"""What the page makes of what people type, and of what is typed to do harm."""

import base64
import re
import time
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colloquy.domain.share import Share, ShownItem, View
from colloquy.render.budget import MAX_PARSED, Budget
from colloquy.render.markdown import to_html
from colloquy.render.page import notice, page
from colloquy.render.style import POLICY
from colloquy.render.visible import one_line, visible
from tests.support.sample import HOSTILE

NOW = datetime(2026, 11, 23, 10, 5, tzinfo=UTC)
MAY_STAND = re.compile(
    r"</?(a|b|blockquote|br|code|dd|del|details|div|dl|dt|em|figcaption|figure|h[3-6]|hr|i|img|ins"
    r"|kbd|li|m[a-z]+|math|ol|p|pre|s|samp|section|small|span|strong|sub|summary|sup|table|tbody"
    r"|td|th|thead|tr|u|ul|var)\b[^<>]*>"
)


def rendered(text: str) -> str:
    return str(to_html(text, Budget(time.monotonic() + 60, "item_1")))


def view(*texts: str, title: str | None = "A title") -> View:
    share = Share(
        id="share_x",
        owner_id="the-owner",
        conversation_id="conv_x",
        title=title,
        created_at=NOW,
        expires_at=NOW,
    )
    items = [
        ShownItem(id=f"item_{number}", role="user", content=text, created_at=NOW)
        for number, text in enumerate(texts)
    ]
    return View(share=share, items=items)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("a ~~b~~", "<p>a <s>b</s></p>"),
        ("one\ntwo", "<p>one<br>\ntwo</p>"),
        ("# Top", "<h3>Top</h3>"),
        ("###### Low", "<h6>Low</h6>"),
        ("<blink>x</blink>", "<p>&lt;blink&gt;x&lt;/blink&gt;</p>"),
    ],
)
def test_markdown_becomes_html(typed: str, shown: str) -> None:
    assert rendered(typed).strip() == shown


def test_links_leave_without_a_trace_of_us() -> None:
    html = rendered("[x](https://example.com/?a=1&b=2) and www.example.com")
    assert html.count('rel="nofollow noopener noreferrer ugc"') == 2
    assert 'href="https://example.com/?a=1&amp;b=2"' in html


@pytest.mark.parametrize(
    "target",
    ["javascript:x()", "JAVASCRIPT:x()", "data:text/html,x", "ftp://x", "/v1", "//x.y", "#"],
)
def test_links_lead_to_the_web_or_to_mail_only(target: str) -> None:
    assert "href" not in rendered(f"[x]({target})")
    assert "href" not in rendered(f"[x](<{target}>)")


def test_code_is_coloured_and_its_language_named() -> None:
    assert "<figcaption>Python</figcaption>" in rendered("```py\nimport os\n```")
    assert '<span class="kn">import</span>' in rendered("```py\nimport os\n```")
    assert "<figcaption>klingon&lt;b&gt;</figcaption>" in rendered("```klingon<b>\nx\n```")
    assert "figcaption" not in rendered("```\nx\n```")


def test_what_reorders_text_is_shown_by_name() -> None:
    assert visible("a\u202eb\u2066c\u0000") == "a⟦U+202E⟧b⟦U+2066⟧c⟦U+0000⟧"
    assert visible("שלום\u200f, مرحبا") == "שלום\u200f, مرحبا"
    assert one_line("a\nb\u202e " * 9, 14) == "a b⟦U+202E⟧…"
    html = page(view("\u202e`\u202e`", title="\u202egnp.exe"), "")
    assert "\u202e" not in html


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_comes_through(text: str) -> None:
    html = rendered(text)
    assert MAY_STAND.sub("", html).count("<") == 0
    without_values = re.sub(r'"[^"]*"', '""', html)
    assert not re.search(r"<[^>]*\s(on\w+|style|srcset)\s*=", without_values)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="<>[]()`*_~|#-!$^{}=: \n\"'/\\&:ajscripthtw.é\u202e", max_size=80))
def test_whatever_is_typed_only_known_tags_come_out(text: str) -> None:
    html = rendered(text)
    assert MAY_STAND.sub("", html).count("<") == 0
    assert "javascript:" not in "".join(re.findall(r'href="[^"]*"', html)).lower()


@pytest.mark.parametrize(
    "piece", ["[", "![", "](", "*a ", "`", "> ", "- ", "http://a", "a@", "|", "<", "~~", "a\n=\n"]
)
def test_nothing_keeps_the_page_busy(piece: str) -> None:
    text = (piece * MAX_PARSED)[:MAX_PARSED]
    start = time.monotonic()
    rendered(text)
    # Under a second where nothing else runs; without the limits some take minutes.
    assert time.monotonic() - start < 12


def test_what_is_too_long_or_too_late_is_shown_as_typed() -> None:
    long = "**x** " * MAX_PARSED
    assert rendered(long).startswith('<pre class="plain" tabindex="0" dir="auto">**x**')
    assert str(to_html("**<x>**", Budget(time.monotonic() - 1))).endswith(">**&lt;x&gt;**</pre>")


def test_the_policy_names_the_style_as_it_stands_in_the_page() -> None:
    for html in (page(view("x"), ""), notice("x", "y")):
        (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
        digest = base64.b64encode(sha256(style.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in POLICY
    assert "unsafe" not in POLICY
    assert "script" not in POLICY


def test_previews_reveal_what_the_page_shows_and_no_more() -> None:
    html = page(view('Say "hi" & <b>bye</b>', title='A "title" <b>'), "")
    assert '<meta property="og:title" content="A &#34;title&#34; &lt;b&gt;">' in html
    said = "Say &#34;hi&#34; &amp; &lt;b&gt;bye&lt;/b&gt;"
    assert f'<meta property="og:description" content="{said}">' in html
    assert "the-owner" not in html
    assert "conv_x" not in html
