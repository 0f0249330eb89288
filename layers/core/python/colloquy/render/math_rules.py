r"""Where formulas are in Markdown: ``\(…\)``, ``\[…\]``, ``$…$``, ``$$…$$``, ``\begin{align}…``.

They are found before escapes and emphasis are, which would take their backslashes and stars.
"""

import re
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from colloquy.render.formulas import MAX_FORMULA

FORMULA: Final = "formula"
"""The type of a formula's token: ``content`` is the source, ``markup`` what opens and closes it."""

_PAIRS: Final = {"\\(": "\\)", "\\[": "\\]", "$$": "$$"}
_MAX_LINES: Final = 100
_ENVIRONMENT: Final = re.compile(
    r"\\begin\{((?:equation|align|aligned|alignat|gather|gathered|multline|split|eqnarray)\*?)\}"
)
# A formula between single dollars neither begins nor ends with a space, and no digit or word
# follows it, but for the end of one as in "$n$th": "$5 to $10" and "$HOME:$PATH" are none.
_DOLLARS: Final = re.compile(
    r"\$(?=[^\s$])((?:[^$\\]|\\.)*?(?<!\s))\$(?!(?!(?:th|st|nd|rd|s)\b)\w|\$)", re.DOTALL
)
_WORDS: Final = re.compile(r"[^\W\d_]{2,}[,;:.]?\s+[^\W\d_]{2,}|\n\s*\n")
_MATHS: Final = re.compile(r"[\\^_=+<>]")
_PRICE: Final = re.compile(r"\d[\d.,]*(?:\s?[kKmMbB])?[\s,;:.)/\u2013-]")


def is_block(token: Token) -> bool:
    """Say whether a formula stands in a line of its own, wherever it was written."""
    return token.markup not in {"$", "$`", "\\("}


def math_rules(parser: MarkdownIt) -> None:
    """Have a parser find formulas."""
    parser.inline.ruler.before("escape", FORMULA, _inline)
    parser.block.ruler.before(
        "fence", FORMULA, _block, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )


def _inline(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - a rule's signature
    if state.src[state.pos] not in "$\\":
        return False
    found = _between(state) or _dollars(state)
    if found is None:
        return False
    opening, content, closing = found
    if not silent:
        token = state.push(FORMULA, "", 0)
        token.content, token.markup, token.info = content, opening, closing
    state.pos += len(opening) + len(content) + len(closing)
    return True


def _between(state: StateInline) -> tuple[str, str, str] | None:
    opening = state.src[state.pos : state.pos + 2]
    closing = _PAIRS.get(opening)
    if closing is None:
        return None
    start = state.pos + 2
    end = state.src.find(closing, start, min(start + MAX_FORMULA, state.posMax))
    content = state.src[start:end]
    return (opening, content, closing) if end > start and content.strip() else None


def _dollars(state: StateInline) -> tuple[str, str, str] | None:
    start = state.pos
    if state.src[start] != "$" or (start and (state.src[start - 1].isalnum())):
        return None
    found = _DOLLARS.match(state.src, start, min(start + MAX_FORMULA, state.posMax))
    if found is None or _reads_like_prose(found[1]):
        return None
    content = found[1]
    if len(content) > 2 and content[0] == content[-1] == "`":  # as GitHub takes it
        return "$`", content[1:-1], "`$"
    return "$", content, "$"


def _reads_like_prose(content: str) -> bool:
    if _MATHS.search(content):
        return "\n\n" in content
    return bool(_WORDS.search(content) or _PRICE.match(content))


def _block(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:  # noqa: FBT001
    if state.is_code_block(start_line):
        return False
    first = _line(state, start_line).rstrip()
    environment = _ENVIRONMENT.match(first)
    opening = environment[0] if environment else first[:2]
    closing = f"\\end{{{environment[1]}}}" if environment else _PAIRS.get(opening)
    if closing is None or opening == "\\(":
        return False
    last_line = _closed_at(state, start_line, end_line, first[len(opening) :], closing)
    if last_line is None:
        return False
    if silent:
        return True
    lines = state.getLines(start_line, last_line + 1, state.blkIndent, keepLastLF=False).strip()
    token = state.push(FORMULA, "", 0)
    token.content = lines if environment else lines.removeprefix(opening).removesuffix(closing)
    token.markup, token.info = ("", "") if environment else (opening, closing)
    token.map = [start_line, last_line + 1]
    state.line = last_line + 1
    return True


def _closed_at(
    state: StateBlock, start_line: int, end_line: int, rest: str, closing: str
) -> int | None:
    """Return the line that ends with ``closing``, where nothing but the formula is before it."""
    line, text = start_line, rest
    while closing not in text:
        line += 1
        if line >= min(end_line, start_line + _MAX_LINES) or state.sCount[line] < state.blkIndent:
            return None
        text = _line(state, line).rstrip()
    return line if text.endswith(closing) and text.count(closing) == 1 else None


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]
