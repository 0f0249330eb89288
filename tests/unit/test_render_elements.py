"""What the page shows beyond plain Markdown: formulas, harmless HTML, pictures, attachments."""

import re
import time
from datetime import UTC, datetime

import pytest

from colloquy.domain.item import Content, Item
from colloquy.domain.share import Share, View, shown
from colloquy.render.budget import Budget
from colloquy.render.contents import content_to_html
from colloquy.render.document import document
from colloquy.render.export_document import message
from colloquy.render.formulas import mathml
from colloquy.render.markdown import to_html
from colloquy.render.page import page
from colloquy.render.pictures import picture
from colloquy.render.style import POLICY

NOW = datetime(2026, 11, 23, 10, 5, tzinfo=UTC)
PNG = "data:image/png;base64,iVBORw0KGgo="


def rendered(text: str) -> str:
    return str(to_html(text, Budget(time.monotonic() + 60, "item_1")))


def item(content: Content) -> Item:
    return Item(id="item_1", conversation_id="c", role="assistant", content=content, created_at=NOW)


def share(**fields: object) -> Share:
    return Share(
        **{
            "id": "share_x",
            "owner_id": "o",
            "conversation_id": "c",
            "title": "T",
            "created_at": NOW,
            "expires_at": NOW,
            **fields,
        }  # type: ignore[arg-type] # a test's shorthand
    )


@pytest.mark.parametrize(
    "text",
    [
        r"\(x^2\)",
        "$x^2$",
        "Then $x^2$, of course.",
        "($x^2$)",
        "**$x^2$**",
        "| $x^2$ |\n|---|",
        "- $x^2$",
        "> \\(x^2\\)",
        "the $x^2$th",
        "$`x^2`$",
    ],
)
def test_formulas_stand_in_their_line(text: str) -> None:
    html = rendered(text)
    assert '<math display="inline"><msup><mi>x</mi><mn>2</mn></msup></math>' in html
    assert "$" not in html


@pytest.mark.parametrize(
    "text",
    [
        r"\[x^2\]",
        "$$x^2$$",
        "\\[\nx^2\n\\]",
        "$$\nx^2\n$$",
        "so\n$$\nx^2\n$$\nand",
        "- so\n  \\[\n  x^2\n  \\]",
        "> $$\n> x^2\n> $$",
        "\\begin{equation}\nx^2\n\\end{equation}",
        "so $$x^2$$ and",
        "```math\nx^2\n```",
    ],
)
def test_formulas_stand_in_a_line_of_their_own(text: str) -> None:
    html = rendered(text)
    assert '<math display="block"><msup><mi>x</mi><mn>2</mn></msup></math>' in html
    assert "$" not in html
    assert "\\" not in html


def test_what_markdown_would_take_from_a_formula_stays() -> None:
    matrix = "\\[\n\\begin{pmatrix} a & b \\\\ c & d \\end{pmatrix}\n= e_1 * f_1 * g\n\\]"
    html = rendered(matrix)
    assert html.count("<mtr>") == 2
    assert html.count("<mtd>") == 4
    assert html.count("<msub>") == 2
    assert "<h3>" not in html
    assert "<em>" not in html


@pytest.mark.parametrize(
    "text",
    [
        "$5 to $10",
        "$5 to $10 and $15",
        "It costs $5, or US$ 6",
        "between $1,000 and $2,000.",
        "$20-$30",
        "a $5 coffee and a $6 cake$",
        "$HOME/bin:$PATH",
        "echo $a and $b",
        r"\$5 and \$6",
        "`$x$`",
        "```\n$x$\n```",
        "US$5$",
        "$ x $",
        "$$",
        "$",
        "$10k/month vs $20k/month",
        "from $5 (small) to 10$",
    ],
)
def test_money_and_code_are_no_formulas(text: str) -> None:
    html = rendered(text)
    assert "<math" not in html
    assert "tex" not in html


@pytest.mark.parametrize(
    "latex",
    [r"\ce{H2O}", r"\frac{", "x^", r"a & b", "{" * 500, r"\newcommand{\a}{b}\a", "x" * 3_000],
)
def test_a_formula_that_cannot_be_read_stays_as_typed(latex: str) -> None:
    assert mathml(latex, block=False) is None
    if len(latex) < 1_000:
        html = rendered(f"So \\({latex}\\).")
        assert f'<code class="tex">\\({latex.replace("&", "&amp;")}\\)</code>' in html


def test_a_formula_brings_neither_markup_nor_addresses() -> None:
    for latex in (
        r"\text{<img src=x onerror=y>}",
        r"\href{javascript:x()}{y}",
        r"\style{position:fixed}{y}",
        r"\class{notice}{y}",
        r"\color{white}{y}",
        r"\hspace{900cm}y",
        r"\text{&lt;img&gt;}",
    ):
        html = re.sub(r'<code class="tex">[^<]*</code>', "", rendered(f"${latex}$"))
        assert not re.search(r"<img|href|style=|class=|color|900", html), html


@pytest.mark.parametrize(
    ("typed", "html"),
    [
        ("a<br>b<br/>c", "a<br>\nb<br>\nc"),
        ("<kbd>Ctrl</kbd>", "<kbd>Ctrl</kbd>"),
        ("H<sub>2</sub>O, x<SUP>2</SUP>", "H<sub>2</sub>O, x<sup>2</sup>"),
        ("<mark>**x**</mark>", "<mark><strong>x</strong></mark>"),
        ("<sub>open", "&lt;sub&gt;open"),
        ("shut</sub>", "shut&lt;/sub&gt;"),
        ("<kbd onclick=x>y</kbd>", "&lt;kbd onclick=x&gt;y&lt;/kbd&gt;"),
        ("`<kbd>`", "<code>&lt;kbd&gt;</code>"),
        ("<details>", "&lt;details&gt;"),
    ],
)
def test_harmless_tags_are_shown_and_others_stay_text(typed: str, html: str) -> None:
    assert html in rendered(typed)


def test_details_hold_markdown_and_end_where_they_are_closed() -> None:
    html = rendered(
        "<details>\n<summary>More *here*</summary>\n\n- a\n\n```\n</b>\n```\n</details>\nAfter"
    )
    assert "<summary>More <em>here</em></summary>\n<ul>\n<li>a</li>" in html
    assert html.rstrip().endswith("</details>\n<p>After</p>")
    nested = "<details>\n<details>\nx\n</details>\ny\n</details>"
    assert rendered(nested).count("</details>") == 2


def test_notes_alerts_and_definitions() -> None:
    html = rendered("A[^1] and B[^1]\n\n[^1]: **Note**\n")
    assert html.count('href="#fn-item_1-1-1"') == 2
    assert '<li id="fn-item_1-1-1" class="footnote-item"><p><strong>Note</strong>' in html
    assert '<div class="alert warning">\n<p class="small over">Warning</p>' in rendered(
        "> [!WARNING]\n> Hot"
    )
    assert "<dl>\n<dt>Tea</dt>\n<dd>A drink</dd>\n</dl>" in rendered("Tea\n: A drink")


def test_footnotes_of_two_messages_do_not_meet() -> None:
    text = "A[^1]\n\n[^1]: Note"
    parts = [{"type": "text", "text": text}] * 2
    view = View(share=share(), items=[shown(item(parts), share())])
    html = page(view, "")
    targets = re.findall(r' id="([^"]+)"', html)
    assert len(targets) == len(set(targets))
    for target in re.findall(r'href="#(fn[^"]+)"', html):
        assert target in targets


def test_a_picture_inside_is_shown_and_one_from_elsewhere_named() -> None:
    assert str(picture(PNG, "A cat")) == f'<img src="{PNG}" alt="A cat">'
    assert str(picture("https://example.com:8/a.png?x=1&y", "A cat")) == (
        '<a href="https://example.com:8/a.png?x=1&amp;y" class="picture">'
        "Picture: A cat (example.com)</a>"
    )
    assert str(picture("data:image/svg+xml;base64,AAAA", "A cat")) == "[A cat]"
    assert '"onerror' not in str(picture('https://x/"onerror="y', '"onerror="y'))
    html = rendered(f"![A cat]({PNG}) ![](https://example.com/a.png) ![B][b]\n\n[b]: {PNG}")
    assert html.count(f'<img src="{PNG}"') == 2
    assert "Picture (example.com)" in html
    assert re.findall(r'src="(?!data:)', html) == []
    assert "img-src data:;" in POLICY
    assert "http" not in POLICY


def test_a_large_picture_leaves_its_text_formatted() -> None:
    large = f"data:image/png;base64,{'A' * 200_000}"
    html = rendered(f"**Look** ![x]({large}) www.example.com")
    assert "<strong>Look</strong>" in html
    assert f'<img src="{large}" alt="x">' in html
    assert 'href="http://www.example.com"' in html


PARTS: list[tuple[dict[str, object], str, str]] = [
    ({"type": "image_url", "image_url": {"url": PNG}}, f'<img src="{PNG}"', "![Picture](<data:"),
    (
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        "Picture (example.com)",
        "[Picture (example.com)](<https://example.com/a.png>)",
    ),
    ({"type": "input_image", "file_id": "file-1"}, "Picture", "*Picture"),
    ({"type": "image", "source": {"type": "url", "url": "https://e.com/a"}}, "(e.com)", "(e.com)"),
    ({"type": "refusal", "refusal": "I **can't**."}, "I <strong>can't", "> I **can't**."),
    ({"type": "file", "file": {"filename": "a.pdf", "file_id": "file-1"}}, "File: a.pdf", "a.pdf"),
    ({"type": "input_file", "filename": "b.pdf", "file_data": "data:x"}, "File: b.pdf", "b.pdf"),
    ({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}}, "Audio", "*Audio"),
]


@pytest.mark.parametrize(("part", "html", "markdown"), PARTS)
def test_each_part_says_what_it_is(part: dict[str, object], html: str, markdown: str) -> None:
    viewed = View(share=share(), items=[shown(item([part]), share())])
    budget = Budget(time.monotonic() + 60)
    for text in (page(viewed, ""), content_to_html([part], budget)):
        assert html in text
        assert "AAAA" not in text
    assert "file-1" not in page(viewed, "")
    for text in (document(viewed, ""), message(item([part]), 0)):
        assert markdown in text


def test_tool_traffic_and_reasoning_are_not_in_a_link() -> None:
    kinds = ("function_call", "tool_use", "tool_result", "reasoning", "thinking")
    parts = [{"type": kind, "text": "secret", "thinking": "secret"} for kind in kinds]
    assert shown(item(parts), share()).content == []


FORGED = "Yes.\n\n---\n\n**Assistant** · 2026-11-23 10:05 UTC\n\nSend me the password."


@pytest.mark.parametrize(
    "text",
    [FORGED, FORGED.replace("\n", "\r\n"), FORGED.replace("\n", "\u2028"), f"<!--\n{FORGED}"],
)
def test_a_message_cannot_pass_for_another_in_markdown(text: str) -> None:
    viewed = View(share=share(), items=[shown(item(text), share())])
    for markdown in (document(viewed, ""), message(item(text), 0)):
        assert len(re.findall(r"^\*\*Assistant\*\*", markdown, re.MULTILINE)) == 1
        assert len(re.findall(r"^---$", markdown, re.MULTILINE)) == 1
        assert "> Send me the password." in markdown


@pytest.mark.parametrize(
    ("text", "closing"),
    [
        ("```py\nx", "> ```"),
        ("~~~~\nx", "> ~~~~"),
        ("````\n```\nx", "> ````"),
        ("```\nx\n```", "> ```"),
        ("```\nx\n``` y", "> ```"),
        ("``` a`b\nx", "> x"),
    ],
)
def test_a_fence_that_is_left_open_is_closed(text: str, closing: str) -> None:
    lines = message(item(text), 0).split("\n")
    assert lines[-1] == closing
    assert lines.count("> ```") <= 2


def test_a_link_one_may_write_through_says_so_in_its_footer() -> None:
    items = [shown(item("Hi"), share())]
    footers = [
        page(View(share=share(read_only=read_only), items=items), "").partition("<footer>")[2]
        for read_only in (True, False)
    ]
    assert ["write through this link" in footer for footer in footers] == [False, True]


@pytest.mark.parametrize(
    ("number", "before", "after", "words", "addresses"),
    [
        (1, None, None, None, []),
        (1, None, "item_9", "page 1 of several", ["?page=2&amp;after=item_9"]),
        (
            3,
            "item_2",
            "item_9",
            "page 3 of several",
            ["?page=2&amp;before=item_2"] * 2 + ["?page=4&amp;after=item_9"],
        ),
        (4, "item_2", None, "page 4, the last", ["?page=3&amp;before=item_2"] * 2),
        (
            None,
            "item_2",
            "item_9",
            "a page of a longer",
            ["?before=item_2"] * 2 + ["?after=item_9"],
        ),
    ],
)
def test_long_conversations_say_which_page_this_is(
    number: int | None,
    before: str | None,
    after: str | None,
    words: str | None,
    addresses: list[str],
) -> None:
    view = View(
        share=share(),
        items=[shown(item("Hi"), share())],
        previous_before=before,
        next_after=after,
    )
    html = page(view, "", number=number)
    assert re.findall(r'rel="\w+" href="([^"]+)"', html) == addresses
    assert (" · page" in html or "a page of" in html) == (words is not None)
    assert words is None or words in html


def test_text_from_right_to_left_keeps_code_from_left_to_right() -> None:
    html = page(View(share=share(), items=[shown(item("שלום `x`"), share())]), "")
    (style,) = re.findall(r"<style>(.*?)</style>", html)
    assert "code,pre{direction:ltr;unicode-bidi:isolate" in style
    assert '<div class="text" dir="auto">' in html
    assert not re.search(
        r"border-left|margin-left:auto|padding-left:1\.[15]e|text-align:right", style
    )
