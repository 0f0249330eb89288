"""Code in colours, with its language named."""

import re
import time
from typing import Final

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from colloquy.render.visible import one_line

_LONGEST_COLOURED: Final = 5_000
"""Characters of one block: a lexer is a set of regular expressions, and the code is anybody's."""
_LONGEST_NAME: Final = 40
_NAME: Final = re.compile(r"[\w+#.-]{1,40}")
# Those people share code in. Of Pygments' 500 the others are rarely seen, and less looked after.
_KNOWN: Final = frozenset(
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
_FRAME: Final = Markup(
    '<figure class="code">{caption}<pre tabindex="0"><code>{code}</code></pre></figure>\n'
)
_CAPTION: Final = Markup("<figcaption>{name}</figcaption>")
_FORMATTER: Final = HtmlFormatter(nowrap=True)


def code_block(code: str, info: str, until: float) -> Markup:
    """Return a block of code; ``info`` is what stands behind the fence, its first word a name.

    It has no colours where it is very long, or the page's time (``until`` of ``time.monotonic``)
    is over.
    """
    typed = info.split(maxsplit=1)[0] if info.strip() else ""
    lexer = _lexer(typed, code) if time.monotonic() < until else None
    name = lexer.name if lexer else one_line(typed, _LONGEST_NAME)
    # Pygments escapes what it colours.
    inside = Markup(highlight(code, lexer, _FORMATTER)) if lexer else Markup.escape(code)  # noqa: S704
    caption = _CAPTION.format(name=name) if name else Markup()
    return _FRAME.format(caption=caption, code=inside)


def _lexer(typed: str, code: str) -> Lexer | None:
    name = typed.lower()
    if name not in _KNOWN or not _NAME.fullmatch(name) or len(code) > _LONGEST_COLOURED:
        return None
    try:
        return get_lexer_by_name(name, stripnl=False)
    except ClassNotFound:
        return None
