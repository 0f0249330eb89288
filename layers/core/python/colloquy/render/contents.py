"""A message's content as HTML: its texts, its pictures, and what else is in it, by name."""

from typing import Final

from markupsafe import Markup

from colloquy.domain.content import Kind
from colloquy.domain.item import Content
from colloquy.render.budget import Budget
from colloquy.render.markdown import data_to_html, to_html
from colloquy.render.parts import readable
from colloquy.render.pictures import picture
from colloquy.render.visible import one_line

_PARAGRAPH: Final = Markup("<p>{}</p>\n")
_ATTACHMENT: Final = Markup('<p class="attachment">{}</p>\n')
_LONGEST_NAME: Final = 300


def content_to_html(content: Content, budget: Budget) -> Markup:
    """Return a content as HTML, empty where nothing in it can be shown."""
    return Markup().join(_part(kind, text, budget) for kind, text in readable(content))


def _part(kind: Kind, text: str, budget: Budget) -> Markup:
    match kind:
        case "text":
            return to_html(text, budget)
        case "picture":
            return _PARAGRAPH.format(picture(text, ""))
        case "attachment":
            return _ATTACHMENT.format(one_line(text, _LONGEST_NAME))
        case _:
            return data_to_html(text, budget)
