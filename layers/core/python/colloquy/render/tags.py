"""The HTML that people write into Markdown and that is harmless: every other tag stays text."""

import re
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

PAIRED: Final = frozenset(
    {
        *("b", "del", "em", "i", "ins", "kbd", "mark", "s", "samp", "small", "strong", "sub"),
        *("sup", "u", "var"),
    }
)
"""What is shown where it is opened and closed in one paragraph, without attributes."""

_TAG: Final = re.compile(rf"<(/?)({'|'.join(sorted(PAIRED))}|br)\s*(/?)>", re.IGNORECASE)
_DETAILS: Final = re.compile(
    r"<details(?: open)?>\s*(?:<summary>(.*)</summary>\s*)?", re.IGNORECASE
)
_SUMMARY: Final = re.compile(r"<summary>(.*)</summary>\s*", re.IGNORECASE)
_DETAILS_END: Final = re.compile(r"</details>\s*", re.IGNORECASE)
_ENDS: Final = "details_ends"


def tags(parser: MarkdownIt) -> None:
    """Have a parser take harmless tags."""
    parser.inline.ruler.before("autolink", "tag", _inline)
    parser.core.ruler.after("inline", "tag_pairs", _pair)
    parser.block.ruler.before(
        "paragraph", "details", _details, {"alt": ["paragraph", "reference", "blockquote"]}
    )


def _inline(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - a rule's signature
    found = _TAG.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    name = found[2].lower()
    if not silent:
        if name == "br":
            state.push("hardbreak", "br", 0)
        else:
            token = state.push("tag", name, 0)
            token.content, token.info = found[0], found[1]
    state.pos = found.end()
    return True


def _pair(state: StateCore) -> None:
    """Make text of the tags that nothing opens or closes."""
    for token in state.tokens:
        if token.type == "inline" and token.children:
            _pair_in(token.children)


def _pair_in(tokens: list[Token]) -> None:
    opened: list[Token] = []
    for token in tokens:
        if token.type != "tag":
            continue
        if not token.info:
            opened.append(token)
        elif opened and opened[-1].tag == token.tag:
            opened.pop()
        else:
            _as_text(token)
    for token in opened:
        _as_text(token)


def _as_text(token: Token) -> None:
    token.type, token.tag, token.info = "text", "", ""


def _details(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:  # noqa: FBT001
    opening = _DETAILS.fullmatch(_line(state, start_line))
    if opening is None:
        return False
    last_line = _ends(state).get(start_line, end_line)
    if last_line >= end_line:
        return False
    if silent:
        return True
    first_line, summary = start_line + 1, opening[1]
    if summary is None and (found := _SUMMARY.fullmatch(_line(state, first_line))):
        first_line, summary = first_line + 1, found[1]
    state.push("details_open", "details", 1)
    state.push("summary_open", "summary", 1)
    inline = state.push("inline", "", 0)
    inline.content, inline.children = (summary or "Details").strip(), []
    state.push("summary_close", "summary", -1)
    # Paragraphs end where the text does: what follows the details is not in them.
    text_ends, state.lineMax = state.lineMax, last_line
    state.md.block.tokenize(state, first_line, last_line)
    state.lineMax = text_ends
    state.push("details_close", "details", -1)
    state.line = last_line + 1
    return True


def _ends(state: StateBlock) -> dict[int, int]:
    """Return which line closes what each line opens, found once for the whole text."""
    if _ENDS not in state.env:
        ends: dict[int, int] = {}
        opened: list[int] = []
        for line in range(len(state.bMarks) - 1):
            text = _line(state, line)
            if _DETAILS.fullmatch(text):
                opened.append(line)
            elif opened and _DETAILS_END.fullmatch(text):
                ends[opened.pop()] = line
        state.env[_ENDS] = ends
    found: dict[int, int] = state.env[_ENDS]
    return found


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]
