"""Markdown to HTML that anybody may have written and everybody may look at.

Three walls: the parser takes no HTML, every link and image is judged here, and what comes out is
sanitised once more against a list of what may be in it. What it costs is bounded by budget.py.
"""

# ruff: noqa: ARG002 - the parser calls all of its rules with the same arguments
import re
from collections.abc import MutableMapping, Sequence
from contextlib import suppress
from typing import Any, Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from markupsafe import Markup

from colloquy.render.addresses import link_addresses
from colloquy.render.budget import (
    BoundedTokens,
    Budget,
    TokenCount,
    TooMuchMarkupError,
    check_weight,
)
from colloquy.render.code import code_block
from colloquy.render.visible import visible

_LONGEST_WORD: Final = re.compile(r"\S{1000}")
"""Behind which nothing is looked for that could be an address: that takes the square of it."""

_LINK: Final = re.compile(r"(https?://|mailto:)\S", re.IGNORECASE)
_PICTURE: Final = re.compile(r"https://\S", re.IGNORECASE)
_LONGEST_ADDRESS: Final = 4_000
"""No browser's address bar takes much more, and it is repeated in what is shown of it."""
_TASK: Final = re.compile(r"\[([ xX])\]\s+")
_LOWEST_HEADING: Final = 6
_HEADINGS_BELOW: Final = 2
"""The page has the title and the speakers above whatever a message calls a heading."""

_TAGS: Final = {
    *("a", "blockquote", "br", "code", "del", "div", "em", "figcaption", "figure", "h3", "h4"),
    *("h5", "h6", "hr", "img", "li", "ol", "p", "pre", "s", "span", "strong", "table"),
    *("tbody", "td", "th", "thead", "tr", "ul"),
}
_ATTRIBUTES: Final = {
    "a": {"href", "class"},
    "div": {"class", "tabindex", "role", "aria-label"},
    "figure": {"class"},
    "img": {"src", "alt", "loading", "decoding"},
    "li": {"class"},
    "ol": {"start"},
    "pre": {"class", "tabindex"},
    "span": {"class", "role", "aria-label"},
    "td": {"class"},
    "th": {"class"},
}
_BUDGET: Final = "budget"
_COUNT: Final = "token_count"
_CLEANER: Final = nh3.Cleaner(
    tags=_TAGS,
    attributes=_ATTRIBUTES,
    url_schemes={"http", "https", "mailto"},
    link_rel="nofollow noopener noreferrer ugc",
)
_BOX: Final = Markup('<span class="box" role="img" aria-label="{name}">{mark}</span> ')
_PLAIN: Final = Markup('<pre class="plain" tabindex="0">{text}</pre>')
_IMG: Final = Markup('<img src="{src}" alt="{alt}" loading="lazy" decoding="async">')
_IMG_LINK: Final = Markup('<a href="{src}">{alt}</a>')


def to_html(text: str, budget: Budget) -> Markup:
    """Return a message's text as HTML that is safe to put into the page.

    A text that its message's budget does not cover is shown as it was typed.
    """
    shown = visible(text)
    if budget.allows(shown):
        with suppress(TooMuchMarkupError):
            html = _formatted(shown, budget)
            if budget.spend(shown, html):
                return Markup(html)  # noqa: S704 - sanitised
    return _PLAIN.format(text=shown)


def data_to_html(data: str, budget: Budget) -> Markup:
    """Return JSON as a block of code, without colours where the budget does not cover them."""
    shown = visible(data)
    if budget.allows(shown):
        coloured = code_block(shown, "json", budget)
        if budget.spend(shown, coloured):
            return coloured
    return code_block(shown, "", budget)


def _formatted(text: str, budget: Budget) -> str:
    parser = _WITHOUT_ADDRESSES if _LONGEST_WORD.search(text) else _PARSER
    env = {_BUDGET: budget, _COUNT: TokenCount(text)}
    tokens = parser.parse(text, env)
    check_weight(tokens, budget.max_bytes(text))
    return _CLEANER.clean(parser.renderer.render(tokens, parser.options, env))


def image(address: str, alternative: str) -> Markup:
    """Return an image that is fetched without a referrer, or a link where it is not https."""
    name = visible(alternative).strip()
    if len(address) > _LONGEST_ADDRESS:
        return Markup.escape(f"[{name or 'image'}]")
    address = visible(address)
    if _PICTURE.match(address):
        return _IMG.format(src=address, alt=name or "Image")
    if _LINK.match(address):
        return _IMG_LINK.format(src=address, alt=f"Image: {name or address}")
    return Markup.escape(f"[{name or 'image'}]")


class _Renderer(RendererHTML):
    """What differs from the parser's own HTML."""

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return code_block(tokens[idx].content, tokens[idx].info, env[_BUDGET])

    def code_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return code_block(tokens[idx].content, "", env[_BUDGET])

    def image(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]
    ) -> str:
        token = tokens[idx]
        alternative = self.renderInlineAsText(token.children or [], options, env)
        return image(str(token.attrs.get("src", "")), alternative)

    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        # On paper an address is printed behind its link, unless it is what stands there anyway.
        bare = Markup(' class="bare"') if tokens[idx].info == "auto" else ""
        return Markup('<a href="{}"{}>').format(_address(tokens[idx]), bare)

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return '<div class="wide" tabindex="0" role="group" aria-label="Table"><table>'

    def table_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return "</table></div>\n"

    def th_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return _cell("th", tokens[idx])

    def td_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return _cell("td", tokens[idx])

    def task(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        if tokens[idx].info == " ":
            return _BOX.format(name="to do", mark="☐")
        return _BOX.format(name="done", mark="☑")


def _address(token: Token) -> str:
    """Return a link's target; what is neither of the web nor mail loses it in the sanitiser."""
    target = str(token.attrs.get("href", ""))
    return target if _LINK.match(target) else "about:invalid"


def _cell(tag: str, token: Token) -> str:
    # The parser aligns with a style attribute, which the page's CSP forbids.
    aligned = re.search(r"center|right", str(token.attrs.get("style", "")))
    return f'<{tag} class="{aligned[0]}">' if aligned else f"<{tag}>"


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
        {"html": False, "linkify": True, "breaks": True, "maxNesting": 20},
        renderer_cls=_Renderer,
    ).enable(["table", "strikethrough", "linkify"])
    parser.core.ruler.before("block", "bound_blocks", _bound_blocks)
    parser.core.ruler.at("inline", _bound_inlines)
    parser.core.ruler.at("linkify", link_addresses)
    parser.core.ruler.push("below_the_page", _below_the_page)
    parser.core.ruler.push("tasks", _tasks)
    return parser


_PARSER: Final = _parser()
_WITHOUT_ADDRESSES: Final = _parser().disable("linkify")
