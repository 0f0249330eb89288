"""Markdown that is far shorter than what it becomes, or takes far longer than its length."""

from collections.abc import Iterator
from random import Random
from typing import Final

from colloquy.render.code import LANGUAGES

_HEAD: Final = "|".join("a" * 250) + "\n" + "|".join("-" * 250) + "\n"

NAMED: Final = {
    "a long reference used often": f"[a]: http://x/{'y' * 9_000}\n\n{'[a]' * 2_000}",
    "a long reference of pictures": f"[a]: http://x/{'y' * 9_000}\n\n{'![a] ' * 2_000}",
    "a wide table of short rows": _HEAD + "a\n" * 500,
    "many such tables": (_HEAD + "a\n" * 400 + "\n") * 19,
    "bare addresses": "a.co " * 7_900,
    "bare addresses in lines": "a.co\n" * 7_900,
    "controls": "\x7f" * 350_000,
    "quotes": "'" * 350_000,
    "formulas": "$x^2$ " * 6_600,
    "formulas of much markup": "$\\frac12\\frac12\\frac12\\frac12$ " * 1_100,
    "a formula that defines itself": "$\\def\\a{\\b\\b}\\def\\b{\\c\\c}\\a$" * 500,
    "formulas in braces": f"${'{' * 900}x{'}' * 900}$" * 20,
    "footnotes used often": "[^a]: b\n\n" + "[^a]" * 9_000,
    "footnotes never closed": "[^a]: b\n\n" + "[^" * 19_000,
    "details in details": "<details>\n" * 1_900 + "</details>\n" * 1_900,
    "details never closed": "<details>\n" * 3_900,
    "definitions": "a\n: b\n" * 6_000,
    "a picture used often": f"[a]: data:image/png;base64,{'A' * 8_000}\n\n{'![a] ' * 2_000}",
    "a picture named often": f"![a](data:image/png;base64,{'A' * 300_000})"
    + "![a](data:image/png;picture,0)" * 1_000,
    "code of the slowest lexer": ("```c#\n" + "a\n " * 1_600 + "\n```\n") * 8,
    "code of the most spans": ("```yaml\n" + "- " * 2_400 + "\n```\n") * 8,
}
"""Those that were found to break a page, and their next of kin."""

_LANGUAGES: Final = sorted(LANGUAGES)
_PIECES: Final = (
    *("[", "]", "![", "](", "](a)", "[a](", "[a](b) ", "[a]", "![a](https://a) ", "![[]()", "[]"),
    *("*", "**", "*a ", "_a_ ", "**a", "***a**_", "~~", "~~a~~", "`", "`a", "``a`", "\\", "\\*"),
    *("> ", ">", "- ", "- a\n", "1. ", "1. a\n", "* * ", "- - ", "    ", "\t", "\n", "\n\n", "a\n"),
    *("|", "|a", "|a|\n|-|\n", "a|b\n-|-\n", "||\n|-|-|\n", "-|", "# a\n", "a\n=\n", "a\n---\n"),
    *("&amp;", "&#1;", "&lt;", "&", "<", "<a>", "<br>", "<http://a>", '"', "'", "\x00", "\x7f"),
    *("http://a", "https://a.b/c?d=e ", "a.co ", "//a.co ", "a@b.co ", "mailto:a@b.co ", "a@"),
    *(
        "$",
        "$$",
        "$a$",
        "$x^2$ ",
        "$$\\frac12$$ ",
        "\\(",
        "\\(x\\)",
        "\\[",
        "\\[a\\\\b\\]\n",
        "\\]",
    ),
    *(
        "$$\n",
        "\\begin{align}\n",
        "{",
        "}",
        "^",
        "_{",
        "\\frac",
        "&",
        "\\\\",
        "<b>",
        "</b>",
        "<br>",
    ),
    *("<kbd>a</kbd>", "<details>\n", "</details>\n", "<summary>a</summary>\n", "a\n: b\n", ": "),
    *("[^a]", "[^a]: b\n", "[^", "> [!NOTE]\n", "[!TIP]", "![a](data:image/png;base64,AAAA)"),
    *("```\n", "```py\n+1\n```\n", "~~~js\n", "[x] ", "- [ ] a\n", "é", "🙂", "א", "a" * 200),
)


def texts(seed: int, count: int, length: int) -> Iterator[str]:
    """Yield texts of ``length`` characters made of a few pieces of markup each."""
    # Not for secrets: the same seed must give the same texts.
    random = Random(seed)  # noqa: S311
    for _ in range(count):
        yield _text(random)[:length].ljust(length, "a")


def _text(random: Random) -> str:
    pieces = random.choices(_PIECES, k=random.randint(1, 4))
    match random.randrange(4):
        case 0:  # the same over and over
            return "".join(pieces) * 40_000
        case 1:  # each as a block
            return "\n".join(piece * random.choice([10, 1_000]) for piece in pieces) * 1_000
        case 2:  # nested: opened often, closed often
            return "".join(piece * 5_000 for piece in pieces)
        case _:  # code
            code = "".join(pieces) * 1_000
            return f"```{random.choice(_LANGUAGES)}\n{code[:4_900]}\n```\n" * 9
