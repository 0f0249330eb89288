"""Markdown to HTML that anybody may have written and everybody may look at.

Three walls: the parser takes no HTML but tags that are harmless, every link and picture is judged,
and what comes out is sanitised once more against a list of what may be in it. What it costs is
bounded by budget.py.
"""

import re
from contextlib import suppress
from typing import Any, Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin

from colloquy.render import formulas
from colloquy.render.addresses import link_addresses
from colloquy.render.budget import (
    MAX_NESTING,
    BoundedTokens,
    Budget,
    TokenCount,
    TooMuchMarkupError,
    check_weight,
)
from colloquy.render.code import code_block
from colloquy.render.elements import BUDGET, PICTURES, Renderer, footnotes_open
from colloquy.render.math_rules import math_rules
from colloquy.render.pictures import Pictures
from colloquy.render.recent import RecentTexts
from colloquy.render.tags import PAIRED, tags
from colloquy.render.visible import visible

_LONGEST_WORD: Final = re.compile(r"\S{1000}")
"""After which no address or footnote is looked for: that takes the square of it."""

_TASK: Final = re.compile(r"\[([ xX])\]\s+")
_LOWEST_HEADING: Final = 6
_HEADINGS_BELOW: Final = 2
"""The page has the title and the speakers above whatever a message calls a heading."""

_TAGS: Final = {
    *("a", "blockquote", "br", "code", "dd", "del", "details", "div", "dl", "dt", "em"),
    *("figcaption", "figure", "h3", "h4", "h5", "h6", "hr", "img", "li", "ol", "p", "pre", "s"),
    *("section", "span", "strong", "summary", "table", "tbody", "td", "th", "thead", "tr", "ul"),
    *PAIRED,
    *formulas.ELEMENTS,
}
_ATTRIBUTES: Final = {
    "a": {"href", "class", "id"},
    "code": {"class"},
    "div": {"class", "tabindex", "role", "aria-label"},
    "figure": {"class"},
    "img": {"src", "alt"},
    "li": {"class", "id"},
    "ol": {"start"},
    "p": {"class"},
    "pre": {"class", "tabindex"},
    "section": {"class"},
    "span": {"class", "role", "aria-label", "tabindex"},
    "td": {"class"},
    "th": {"class"},
    **{element: set(formulas.ATTRIBUTES) for element in formulas.ELEMENTS},
}
_CLEANER: Final = nh3.Cleaner(
    tags=_TAGS,
    attributes=_ATTRIBUTES,
    url_schemes={"http", "https", "mailto", "picture"},
    link_rel="nofollow noopener noreferrer ugc",
)
_RECENT: Final = RecentTexts()
_COUNT: Final = "token_count"
_PLAIN: Final = Markup('<pre class="plain" tabindex="0" dir="auto">{text}</pre>')


def to_html(text: str, budget: Budget) -> Markup:
    """Return a message's text as HTML that is safe to put into the page.

    A text that its message's budget does not cover is shown as it was typed.
    """
    shown = visible(text)
    pictures = Pictures()
    source = pictures.take_out(shown)
    if budget.allows(source):
        with suppress(TooMuchMarkupError):
            html = _RECENT.get(shown) or _formatted(source, budget, pictures)
            if budget.has_time and not pictures.are_there:
                _RECENT.put(shown, html)
            if budget.spend(source, html):
                return Markup(pictures.put_in(html))  # noqa: S704 - sanitised
    return _PLAIN.format(text=shown)


def data_to_html(data: str, budget: Budget) -> Markup:
    """Return JSON as a block of code, without colours where the budget does not cover them."""
    shown = visible(data)
    if budget.allows(shown):
        coloured = code_block(shown, "json", budget)
        if budget.spend(shown, coloured):
            return coloured
    return code_block(shown, "", budget)


def _formatted(text: str, budget: Budget, pictures: Pictures) -> str:
    parser = _PARSER_OF_LONG_WORDS if _LONGEST_WORD.search(text) else _PARSER
    env: dict[str, Any] = {
        _COUNT: TokenCount(text),
        BUDGET: budget,
        PICTURES: pictures,
        "docId": budget.next_name(),  # of the footnotes' rules
    }
    tokens = parser.parse(text, env)
    check_weight(tokens, budget.max_bytes(text))
    return _CLEANER.clean(parser.renderer.render(tokens, parser.options, env))


def _bound_blocks(state: StateCore) -> None:
    state.tokens = BoundedTokens(state.env[_COUNT])


def _bound_inlines(state: StateCore) -> None:
    """Do what the parser's own rule of this name does, into lists that are bounded."""
    for token in state.tokens:
        if token.type == "inline":
            token.children = BoundedTokens(state.env[_COUNT])
            state.md.inline.parse(token.content, state.md, state.env, token.children)


def _below_the_page(state: StateCore) -> None:
    for token in state.tokens:
        if token.type in {"heading_open", "heading_close"}:
            level = min(int(token.tag[1]) + _HEADINGS_BELOW, _LOWEST_HEADING)
            token.tag = f"h{level}"


def _tasks(state: StateCore) -> None:
    """Turn ``[x]`` at the start of a list's entry into a box that is read out."""
    for item, paragraph, inline in zip(
        state.tokens, state.tokens[1:], state.tokens[2:], strict=False
    ):
        in_list = item.type == "list_item_open" and paragraph.type == "paragraph_open"
        if not in_list or not inline.children or inline.children[0].type != "text":
            continue
        first = inline.children[0]
        found = _TASK.match(first.content)
        if found is None:
            continue
        first.content = first.content[found.end() :]
        inline.children.insert(0, Token("task", "", 0, info=found[1]))
        item.attrSet("class", "task")


def _parser() -> MarkdownIt:
    parser = MarkdownIt(
        "commonmark",
        {"html": False, "linkify": True, "breaks": True, "maxNesting": MAX_NESTING, "alerts": True},
        renderer_cls=Renderer,
    ).enable(["table", "strikethrough", "linkify"])
    parser.core.ruler.before("block", "bound_blocks", _bound_blocks)
    parser.core.ruler.at("inline", _bound_inlines)
    parser.core.ruler.at("linkify", link_addresses)
    parser.core.ruler.push("below_the_page", _below_the_page)
    parser.core.ruler.push("tasks", _tasks)
    for plugin in (math_rules, tags, deflist_plugin):
        parser.use(plugin)
    parser.use(footnote_plugin, inline=False)
    parser.add_render_rule("footnote_block_open", footnotes_open)
    return parser


_PARSER: Final = _parser()
_PARSER_OF_LONG_WORDS: Final = _parser().disable(["linkify", "footnote_def", "footnote_ref"])
