"""What becomes of a parser's tokens, where it differs from the parser's own HTML."""

# ruff: noqa: ARG001, ARG002, D102 - the parser's rules: each has a token's name and the same arguments
import re
from collections.abc import MutableMapping, Sequence
from typing import Any, Final

from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from markupsafe import Markup

from colloquy.render.budget import Budget
from colloquy.render.code import code_block
from colloquy.render.formulas import mathml
from colloquy.render.math_rules import is_block
from colloquy.render.pictures import Pictures

BUDGET: Final = "budget"
PICTURES: Final = "pictures"
"""Names in the parser's environment: the message's ``Budget``, the text's ``Pictures``."""

_LINK: Final = re.compile(r"(https?://|mailto:)\S", re.IGNORECASE)
_BOX: Final = Markup('<span class="box" role="img" aria-label="{name}">{mark}</span> ')
_DISPLAYED: Final = Markup('<span class="formula" tabindex="0">{math}</span>')
_PARAGRAPH: Final = Markup("<p>{}</p>\n")
_VERBATIM: Final = Markup('<code class="tex">{source}</code>')


class Renderer(RendererHTML):
    """Renders what the page shows otherwise than the parser would."""

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        token, budget = tokens[idx], env[BUDGET]
        if token.info.strip() == "math" and (math := _math(token, budget, block=True)):
            return _PARAGRAPH.format(_DISPLAYED.format(math=math))
        return code_block(token.content, token.info, budget)

    def code_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return code_block(tokens[idx].content, "", env[BUDGET])

    def image(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]
    ) -> str:
        token = tokens[idx]
        pictures: Pictures = env[PICTURES]
        alternative = self.renderInlineAsText(token.children or [], options, env)
        return pictures.show(str(token.attrs.get("src", "")), alternative)

    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        # On paper an address is printed after its link, unless it is what stands there anyway.
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

    def alert_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return f'<div class="alert {tokens[idx].info.lower()}">\n'

    def alert_title_open(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any
    ) -> str:
        return '<p class="small over">'

    def task(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        if tokens[idx].info == " ":
            return _BOX.format(name="to do", mark="☐")
        return _BOX.format(name="done", mark="☑")

    def tag(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return f"<{tokens[idx].info}{tokens[idx].tag}>"

    def formula(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        token, block = tokens[idx], is_block(tokens[idx])
        math = _math(token, env[BUDGET], block=block)
        if math is None:
            shown = _VERBATIM.format(source=f"{token.markup}{token.content}{token.info}")
        else:
            shown = _DISPLAYED.format(math=math) if block else math
        return _PARAGRAPH.format(shown) if token.block else shown


def _math(token: Token, budget: Budget, *, block: bool) -> Markup | None:
    with budget.working() as has_time:
        return mathml(token.content, block=block) if has_time else None


def footnotes_open(
    renderer: RendererHTML, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any
) -> str:
    """Begin the footnotes without the rule that their plugin puts above them."""
    return '<section class="footnotes">\n<ol>\n'


def _address(token: Token) -> str:
    """Return a link's target; what is neither of the web nor mail loses it in the sanitiser."""
    target = str(token.attrs.get("href", ""))
    return target if _LINK.match(target) else "about:invalid"


def _cell(tag: str, token: Token) -> str:
    # The parser aligns with a style attribute, which the page's CSP forbids.
    aligned = re.search(r"center|right", str(token.attrs.get("style", "")))
    return f'<{tag} class="{aligned[0]}">' if aligned else f"<{tag}>"
