"""A message's content as a Markdown quote, which nothing in it can end.

What is written in a message could otherwise pass for the next one's: a rule, a bold
"Assistant", a fence or a comment that is never closed.
"""

import re
from typing import Final

from colloquy.domain.content import Kind
from colloquy.domain.item import Content
from colloquy.render.parts import readable
from colloquy.render.pictures import host_of
from colloquy.render.visible import one_line, visible

_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_LONGEST_NAME: Final = 300


def quoted(content: Content) -> str:
    """Return a content as the lines of a quote, empty where there is nothing to read."""
    text = "\n\n".join(_part(kind, text) for kind, text in readable(content)).strip("\n")
    if not text.strip():
        return ""
    return "\n".join(f"> {line}" if line.strip() else ">" for line in text.split("\n"))


def _part(kind: Kind, text: str) -> str:
    match kind:
        case "text":
            return _closed(visible(text).strip("\n"))
        case "picture":
            address = visible(text).replace("<", "%3C").replace(">", "%3E")
            host = host_of(text)
            return f"[Picture ({host})](<{address}>)" if host else f"![Picture](<{address}>)"
        case "attachment":
            return f"*{one_line(text, _LONGEST_NAME)}*"
        case _:
            return f"```json\n{visible(text)}\n```"


def _closed(text: str) -> str:
    """Return a text with the fence closed that it leaves open."""
    fence = ""
    for line in text.split("\n"):
        found = _FENCE.fullmatch(line)
        if found is None:
            continue
        marks, rest = found[1], found[2]
        if not fence:
            # The name of a language has no backtick: that would be code within a line.
            fence = marks if marks[0] == "~" or "`" not in rest else ""
        elif marks.startswith(fence) and not rest.strip():
            fence = ""
    return f"{text}\n{fence}" if fence else text
