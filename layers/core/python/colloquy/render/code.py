"""Code in colours, with its language named."""

from functools import cache
from io import StringIO
from typing import Final

from markupsafe import Markup
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name

from colloquy.render.budget import Budget, TooMuchMarkupError
from colloquy.render.visible import one_line

_LONGEST_COLOURED: Final = 5_000
"""Characters of one block: a lexer is a set of regular expressions, and the code is anybody's."""
_LONGEST_NAME: Final = 40
# Of Pygments' 500 the others are rarely seen, and less looked after.
LANGUAGES: Final = frozenset(
    {
        *("bash", "c", "c#", "c++", "clojure", "cpp", "csharp", "css", "dart", "diff"),
        *("docker", "dockerfile", "elixir", "erlang", "fish", "fortran", "fsharp", "go", "golang"),
        *("graphql", "groovy", "haskell", "hcl", "html", "ini", "java", "javascript", "js"),
        *("json", "jsx", "julia", "kotlin", "latex", "lua", "make", "makefile", "matlab"),
        *("nginx", "nix", "objective-c", "ocaml", "php", "powershell", "protobuf", "ps1"),
        *("py", "python", "python3", "r", "rb", "rs", "ruby", "rust", "scala", "scss", "sh"),
        *("shell", "sql", "swift", "terraform", "toml", "ts", "tsx", "typescript", "vim"),
        *("xml", "yaml", "yml", "zig", "zsh"),
    }
)
"""The languages people share code in: those that get colours."""

_FRAME: Final = Markup(
    '<figure class="code">{caption}<pre tabindex="0"><code>{code}</code></pre></figure>\n'
)
_CAPTION: Final = Markup("<figcaption>{name}</figcaption>")
_FORMATTER: Final = HtmlFormatter(nowrap=True)


def code_block(code: str, info: str, budget: Budget) -> Markup:
    """Return a block of code; ``info`` is what follows the fence, its first word a language.

    It has no colours where it is very long, or its lexer takes longer than the message may.
    """
    typed = info.split(maxsplit=1)[0] if info.strip() else ""
    lexer = _lexer(typed) if len(code) <= _LONGEST_COLOURED else None
    name = lexer.name if lexer else one_line(typed, _LONGEST_NAME)
    caption = _CAPTION.format(name=name) if name else Markup()
    return _FRAME.format(caption=caption, code=_coloured(code, lexer, budget))


def _coloured(code: str, lexer: Lexer | None, budget: Budget) -> Markup:
    if lexer is None:
        return Markup.escape(code)
    coloured = StringIO()
    try:
        _FORMATTER.format(budget.lexing(lexer.get_tokens(code)), coloured)
    except TooMuchMarkupError:
        return Markup.escape(code)
    # Pygments escapes what it colours.
    return Markup(coloured.getvalue())  # noqa: S704


def _lexer(typed: str) -> Lexer | None:
    name = typed.lower()
    return _built(name) if name in LANGUAGES else None


@cache
def _built(name: str) -> Lexer:
    """Return a lexer of those we know: it keeps nothing of what it reads, and is built once."""
    return get_lexer_by_name(name, stripnl=False)
