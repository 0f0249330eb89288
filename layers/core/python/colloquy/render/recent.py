"""The texts rendered last: a link is opened again and again, its messages stay the same."""

from collections import OrderedDict
from typing import Final

_MAX_TEXTS: Final = 128
_LONGEST_TEXT: Final = 4_000
_LONGEST_HTML: Final = 32_000
"""Characters: together less than 5 MB, whatever is opened."""


class RecentTexts:
    """HTML by the text it was made of; the one that was not asked for the longest goes first."""

    def __init__(self) -> None:
        """Start with none."""
        self._html: OrderedDict[str, str] = OrderedDict()

    def get(self, text: str) -> str | None:
        """Return the HTML of a text, or None."""
        html = self._html.get(text)
        if html is not None:
            self._html.move_to_end(text)
        return html

    def put(self, text: str, html: str) -> None:
        """Keep the HTML of a text, unless it is long, or depends on the message it is in."""
        if len(text) > _LONGEST_TEXT or len(html) > _LONGEST_HTML or "[^" in text:
            return
        self._html[text] = html
        if len(self._html) > _MAX_TEXTS:
            self._html.popitem(last=False)
