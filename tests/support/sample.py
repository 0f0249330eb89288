"""A conversation as people have them, and messages written to do harm: what the page is shown."""

# ruff: noqa: E501, ISC004, RUF001 - people write long lines and real dashes

from typing import Final

TITLE: Final = "Keeping sourdough alive on a two-week holiday"

TURNS: Final[tuple[tuple[str, str], ...]] = (
    (
        "user",
        "I'm away for two weeks in July and my starter is three years old. Can it survive in the "
        "fridge, or do I need a sitter?\n\nIt's 100 % hydration, fed with rye.",
    ),
    (
        "assistant",
        "Two weeks in the fridge is no trouble for a mature starter. What matters is the state "
        "you leave it in: **fed, stiff and cold**.\n\n"
        "### The evening before you leave\n\n"
        "1. Feed it 1 : 5 : 3 (starter : flour : water). A stiffer dough ferments slower.\n"
        "2. Let it rise for an hour at room temperature, *not* to its peak.\n"
        "3. Put it at the back of the fridge, lid loose.\n\n"
        "> If a dark liquid has gathered when you are back, that is alcohol. Pour it off; the "
        "starter is fine.\n\n"
        "| Days away | Feed before leaving | Feeds to wake it |\n|---|---|--:|\n"
        "| 3–5 | 1 : 1 : 1 | 1 |\n| 7–10 | 1 : 3 : 2 | 2 |\n| **14** | **1 : 5 : 3** | **2–3** |\n\n"
        "[King Arthur's notes](https://www.kingarthurbaking.com/learn) are worth a look, and so "
        "is https://www.theperfectloaf.com",
    ),
    (
        "user",
        "Great. Could you write me something that works out the amounts from what I have? I have "
        "`37 g` left.",
    ),
    (
        "assistant",
        "Here you go. It keeps the ratio and tells you what to throw away:\n\n"
        "```python\n"
        "from dataclasses import dataclass\n\n\n"
        "@dataclass(frozen=True)\n"
        "class Feed:\n"
        '    """Parts by weight: starter, flour, water."""\n\n'
        "    starter: int = 1\n"
        "    flour: int = 5\n"
        "    water: int = 3\n\n"
        "    def amounts(self, have: float, want: float = 180) -> dict[str, float]:\n"
        "        part = want / (self.starter + self.flour + self.water)  # grams\n"
        "        if part * self.starter > have:\n"
        '            raise ValueError(f"you need {part:.0f} g of starter")\n'
        '        return {"keep": part, "flour": 5 * part, "water": 3 * part}\n\n\n'
        "print(Feed().amounts(have=37))\n"
        "```\n\n"
        "Before you close the door:\n\n"
        "- [x] Feed it, stiff\n- [x] Label the jar ~~with a threat~~\n- [ ] Dry a spoonful as a "
        "backup\n",
    ),
)

PNG: Final = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGD4DwABBAEA"
    "wS2OUAAAAABJRU5ErkJggg=="
)

RICH: Final[tuple[tuple[str, str], ...]] = (
    ("user", "Solve $ax^2+bx+c=0$ for me. Pen and paper cost $5 to $10."),
    (
        "assistant",
        "\\[ x = \\frac{-b \\pm \\sqrt{b^2-4ac}}{2a} \\]\n\n"
        "> [!NOTE]\n> Only where \\(a \\ne 0\\).\n\n"
        "Press <kbd>Enter</kbd>; H<sub>2</sub>O.[^1]\n\n[^1]: Water.\n\n"
        "<details>\n<summary>Proof</summary>\n\nComplete the square.\n</details>\n\n"
        "Root\n: Where it is zero\n\n"
        f"![A dot]({PNG}) ![A cat](https://images.invalid/cat.png)\n\n"
        "| Method | When it is worth the trouble | What it costs you | Where to read more about it |\n"
        "|---|---|--:|---|\n| Formula | Always, for every equation | 1 | The chapter on equations |\n\n"
        "```python\nroots = [(-b + sign * (b * b - 4 * a * c) ** 0.5) / (2 * a) for sign in (1, -1)]\n```\n",
    ),
    ("user", "כתוב `x + y` בפייתון"),
    ("assistant", "הנה:\n\n```python\nx + y  # חיבור\n```\n\n- פריט\n\n> ציטוט"),
)
"""What else people share: formulas, tags, pictures, wide tables, text from right to left."""

HOSTILE: Final[tuple[str, ...]] = (
    "<script>window.ran=1</script>",
    "<img src=x onerror=window.ran=1>",
    "<svg/onload=window.ran=1><svg><script>window.ran=1</script></svg>",
    "[click](javascript:window.ran=1) [b](JaVaScRiPt:window.ran=1) [c](\x01javascript:alert(1))",
    "[d](data:text/html;base64,PHNjcmlwdD53aW5kb3cucmFuPTE8L3NjcmlwdD4=) <javascript:alert(1)>",
    "[e](vbscript:x) [f](&#106;avascript:window.ran=1) [g](java\nscript:alert(1))",
    "![x](javascript:window.ran=1) ![y](data:image/svg+xml,<svg/onload=window.ran=1>)",
    '![" onerror="window.ran=1](https://images.invalid/a.png)',
    '[x](https://example.com/"onmouseover="window.ran=1) [y](https://e.com "x\\" onclick=\\"r()")',
    '```"><script>window.ran=1</script>\nx\n```',
    "```html\n<script>window.ran=1</script>\n```",
    "```</code></pre><script>window.ran=1</script>\n```",
    "<iframe srcdoc='<script>parent.ran=1</script>'></iframe>",
    "<style>*{display:none}</style><link rel=stylesheet href=//evil.invalid/x.css>",
    "<base href=//evil.invalid/><meta http-equiv=refresh content='0;url=//evil.invalid'>",
    "<form action=//evil.invalid><input autofocus onfocus=window.ran=1><button>x</button></form>",
    "<math><mtext><table><mglyph><style><img src=x onerror=window.ran=1>",
    "</div></article></main><script>window.ran=1</script>",
    '<!--<script>--><noscript><p title="</noscript><img src=x onerror=window.ran=1>">',
    "Pay \u202e001$ ot\u202c \u2066x\u2069 now\u0000\u0007",
    "# </h3><script>window.ran=1</script>\n\n| <script>window.ran=1</script> |\n|---|\n| x |",
    'http://evil.invalid/?<script>window.ran=1</script> www.x.com"onclick=window.ran=1',
    "a\u2028<script>\u2029window.ran=1</script> {{7*7}} ${7*7} {title} %s",
)
