"""Pictures: one that came inside the message is shown, one from elsewhere is a link to its host.

Nothing is fetched when a page is looked at: its host would learn who reads it, and when.
"""

import re
from typing import Final
from urllib.parse import urlsplit

from markupsafe import Markup

from colloquy.render.visible import visible

_DATA: Final = r"data:image/(?:png|jpe?g|gif|webp);base64,[A-Za-z0-9+/]+={0,2}"
_INSIDE: Final = re.compile(_DATA)
_IN_MARKDOWN: Final = re.compile(rf"(?<=\]\()(\s*<?)({_DATA})(?=[\s>)])")
_ELSEWHERE: Final = re.compile(r"https?://\S+", re.IGNORECASE)
_LONGEST_ADDRESS: Final = 4_000
"""No browser's address bar takes much more, and it is repeated in what is shown of it."""
_IMG: Final = Markup('<img src="{src}" alt="{name}">')
_LINK: Final = Markup('<a href="{address}" class="picture">{name} ({host})</a>')
_KEPT: Final = re.compile(r'<img src="picture:(\d+)"')


def picture(address: str, alternative: str) -> Markup:
    """Return a picture, a link to where it is, or its name where it has no address."""
    name = visible(alternative).strip()
    if _INSIDE.fullmatch(address):
        return _IMG.format(src=address, name=name or "Picture")
    host = host_of(address)
    if host is None:
        return Markup.escape(f"[{name or 'picture'}]")
    return _LINK.format(
        address=visible(address), name=f"Picture: {name}" if name else "Picture", host=host
    )


def host_of(address: str) -> str | None:
    """Return the host of an address on the web, or None for all others."""
    if len(address) > _LONGEST_ADDRESS or not _ELSEWHERE.fullmatch(address):
        return None
    try:
        return visible(urlsplit(address).hostname or "") or None
    except ValueError:
        return None


class Pictures:
    """The pictures inside one text: kept aside while it is parsed, each shown once."""

    def __init__(self) -> None:
        """Start with none."""
        self._aside: dict[str, str] = {}
        self._kept: list[str] = []

    @property
    def are_there(self) -> bool:
        """Whether the text has had any."""
        return bool(self._aside or self._kept)

    def take_out(self, text: str) -> str:
        """Return the text with a short name in the place of each picture's bytes."""
        return _IN_MARKDOWN.sub(self._put_aside, text) if "data:image/" in text else text

    def _put_aside(self, found: re.Match[str]) -> str:
        name = f"data:image/png;picture,{len(self._aside)}"
        self._aside[name] = found[2]
        return found[1] + name

    def show(self, address: str, alternative: str) -> Markup:
        """Return what ``picture`` does, but for the bytes, which ``put_in`` adds."""
        address = self._aside.pop(address, address)
        if not _INSIDE.fullmatch(address):
            return picture(address, alternative)
        self._kept.append(address)
        name = visible(alternative).strip() or "Picture"
        return _IMG.format(src=f"picture:{len(self._kept) - 1}", name=name)

    def put_in(self, html: str) -> str:
        """Return sanitised HTML with the bytes in the pictures of it."""
        return _KEPT.sub(self._bytes_of, html) if self._kept else html

    def _bytes_of(self, found: re.Match[str]) -> str:
        number = int(found[1])
        return f'<img src="{self._kept[number]}"' if number < len(self._kept) else found[0]
