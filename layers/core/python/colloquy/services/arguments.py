"""What every service asks of the ids a caller names."""

from colloquy.domain import ids
from colloquy.domain.errors import InvalidCursorError, NotFoundError
from colloquy.domain.share import is_share_id


def known_id(kind: str, text: str, name: str, *, param: str | None = None) -> str:
    """Return ``text`` if it can be the id of a ``name``.

    Raises:
        NotFoundError: it cannot: a malformed id names nothing.
    """
    if not ids.is_id(kind, text):
        raise NotFoundError(name, param=param)
    return text


def valid_cursor(kind: str, after: str | None, name: str) -> None:
    """Pass a cursor that can be the id of a ``name``, or none.

    Raises:
        InvalidCursorError: it cannot.
    """
    if after is not None and not ids.is_id(kind, after):
        raise InvalidCursorError(name)


def known_share(text: str) -> str:
    """Return ``text`` if it can be the id of a share link.

    Raises:
        NotFoundError: it cannot: a malformed id names nothing.
    """
    if not is_share_id(text):
        raise NotFoundError("share link")
    return text
