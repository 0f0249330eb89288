"""LaTeX as MathML, which browsers show without a script."""

import html
import re
from typing import Final
from xml.etree.ElementTree import Element

from markupsafe import Markup

MAX_FORMULA: Final = 2_000
"""Characters of one formula; a longer one is shown as it was typed."""

ELEMENTS: Final = frozenset(
    {
        *("math", "menclose", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover", "mpadded"),
        *("mphantom", "mprescripts", "mroot", "mrow", "mspace", "msqrt", "mstyle", "msub"),
        *("msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover"),
    }
)
ATTRIBUTES: Final = frozenset(
    {
        *("accent", "accentunder", "class", "depth", "display", "displaystyle", "fence", "form"),
        *("height", "linethickness", "lspace", "mathvariant", "maxsize", "minsize"),
        *("movablelimits", "notation", "rspace", "scriptlevel", "separator", "stretchy"),
        *("symmetric", "voffset", "width"),
    }
)
_LENGTHS: Final = frozenset(
    {
        *("depth", "height", "linethickness", "lspace", "maxsize", "minsize", "rspace"),
        *("voffset", "width"),
    }
)
# Nothing in a formula pushes the page apart or covers what is around it.
_LENGTH: Final = re.compile(r"-?(\d(\.\d+)?|\.\d+)(em|ex)?|\d?\d(\.\d+)?(pt|px|mu)|0")
_KEYWORD: Final = re.compile(r"[A-Za-z-]{1,20}|[+-]?\d")
_ALIGNMENTS: Final = frozenset({"left", "right"})

# They define what comes later, and so could make a short formula endless.
_DEFINITION: Final = re.compile(
    r"\\(?:def|gdef|edef|let|(?:re)?new(?:command|environment)|providecommand)(?![A-Za-z])"
)
_ENVIRONMENT: Final = re.compile(r"\\(begin|end)\s*\{([a-zA-Z]+\*?)\}")
_KNOWN_AS: Final = {
    **dict.fromkeys(("align", "aligned", "alignat", "split", "eqnarray", "eqnarray*"), "align*"),
    **dict.fromkeys(("gather", "gather*", "gathered", "multline", "multline*"), "matrix"),
    "dcases": "cases",
}
_LEFT_OUT: Final = frozenset({"equation", "equation*", "displaymath", "math"})
_NUMBERING: Final = re.compile(r"\\(?:label\s*\{[^{}]*\}|nonumber|notag)")
_STRETCHING_LINE: Final = "\u203e"
_UNREAD: Final = re.compile(r"\\.|[&{}]")


def mathml(latex: str, *, block: bool) -> Markup | None:
    """Return a formula as MathML, or None where it cannot be read."""
    # Imported by the first formula: it takes as long as a page.
    from latex2mathml.converter import Converter  # noqa: PLC0415

    if len(latex) > MAX_FORMULA or _DEFINITION.search(latex):
        return None
    source = _ENVIRONMENT.sub(_known_environment, _NUMBERING.sub("", latex)).strip()
    if block and "\\\\" in source and "\\begin" not in source:
        source = f"\\begin{{matrix}}{source}\\end{{matrix}}"
    try:
        root = Converter(display="block" if block else "inline").convert_to_element(source)
        return Markup(_markup(root))  # noqa: S704 - escaped where it is made
    except Exception:  # noqa: BLE001 - its errors have no common base, and none may break a page
        return None


def _known_environment(found: re.Match[str]) -> str:
    end, name = found[1], found[2]
    return "" if name in _LEFT_OUT else f"\\{end}{{{_KNOWN_AS.get(name, name)}}}"


def _markup(element: Element) -> str:
    """Return an element with what we know of it.

    Raises:
        ValueError: something in it was not read.
    """
    tag, children = element.tag, list(element)
    # The library puts its symbols in as character references.
    text = html.unescape(element.text or "").replace("\u2015", _STRETCHING_LINE)
    if tag not in ELEMENTS or (tag != "mtext" and _UNREAD.match(text) and not _is_fence(element)):
        raise ValueError(tag)
    inside = Markup.escape(text) + Markup("").join(Markup(_markup(each)) for each in children)  # noqa: S704 - escaped
    attributes = _attributes(element)
    if tag == "mrow" and len(children) == 1 and not attributes:
        return inside
    return f"<{tag}{attributes}>{inside}</{tag}>"


def _is_fence(element: Element) -> bool:
    """Say whether a brace was meant as one: those of the source open and close groups."""
    return element.tag == "mo" and element.text is not None and element.text.startswith("&#x")


def _attributes(element: Element) -> str:
    kept = []
    for name, value in element.attrib.items():
        if name == "columnalign" and element.tag == "mtd" and value in _ALIGNMENTS:
            # MathML Core leaves it to style sheets.
            kept.append(f' class="{value}"')
        elif name in ATTRIBUTES and name != "class":
            allowed = _LENGTH if name in _LENGTHS else _KEYWORD
            if allowed.fullmatch(value):
                kept.append(f' {name}="{value}"')
    return "".join(kept)
