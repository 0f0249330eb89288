"""What rendering may cost: markup is bounded by its source, and a message beyond that stays plain.

Some Markdown is far shorter than its HTML: a reference brings its address wherever it is used, a
table's row is filled up to its head, a bare address becomes a link of thirty times its length.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from markdown_it.token import Token

MAX_PARSED: Final = 40_000
"""Characters of one message that are parsed; some rules take the square of what they read."""
MAX_FACTOR: Final = 16
"""Bytes of HTML for each byte of a text: dense code in colours has about twelve."""
SPARE_BYTES: Final = 20_000
"""... and on top of that for each message, so that a short one may be dense."""

_SECONDS: Final = 0.5
"""CPU time in lexers and formulas; ordinary ones take a millisecond for some hundred characters."""
MAX_NESTING: Final = 20
"""Levels of quotes, lists and what else holds blocks; a list takes two."""

_CONTAINERS: Final = frozenset(
    {"alert_open", "blockquote_open", "dd_open", "details_open", "list_item_open"}
)
_TOKENS_PER_CHARACTER: Final = 4
_SPARE_TOKENS: Final = 1_000

T = TypeVar("T")


class TooMuchMarkupError(Exception):
    """The text has more markup than its length allows."""


class Budget:
    """What one message may still cost, over all of its parts."""

    def __init__(self, deadline: float, name: str = "") -> None:
        """Start with all of it.

        ``deadline`` is of ``time.monotonic``; ``name`` is the message's, by which its footnotes
        are told from those of others.
        """
        self._name = name
        self._texts = 0
        self._deadline = deadline
        self._characters = MAX_PARSED
        self._spare_bytes = SPARE_BYTES
        self._seconds = _SECONDS

    def allows(self, text: str) -> bool:
        """Take ``text`` off the characters to parse; False where it is too long or too late."""
        if len(text) > self._characters or time.monotonic() > self._deadline:
            return False
        self._characters -= len(text)
        return True

    @property
    def has_time(self) -> bool:
        """Whether CPU time remains for code and formulas."""
        return self._seconds > 0

    def next_name(self) -> str:
        """Return a name for the next text of the message."""
        self._texts += 1
        return f"{self._name}-{self._texts}"

    def max_bytes(self, text: str) -> int:
        """Return how long the HTML of ``text`` may be."""
        return self._spare_bytes + MAX_FACTOR * len(text.encode())

    def spend(self, text: str, html: str) -> bool:
        """Take the HTML of ``text`` off the bytes; False, and nothing taken, if it is too long."""
        left = self.max_bytes(text) - len(html.encode())
        if left < 0:
            return False
        self._spare_bytes = min(self._spare_bytes, left)
        return True

    def lexing(self, tokens: Iterator[T]) -> Iterator[T]:
        """Yield a lexer's tokens while the message has CPU time.

        Some lexers take the square of some code, and none takes long for a single token.

        Raises:
            TooMuchMarkupError: the message has used it up.
        """
        with self.working():
            end = time.thread_time() + self._seconds
            for token in tokens:
                if time.thread_time() > end:
                    raise TooMuchMarkupError
                yield token

    @contextmanager
    def working(self) -> Iterator[bool]:
        """Take the CPU time of the block off the message's; False where none remains."""
        start = time.thread_time()
        try:
            yield self.has_time
        finally:
            self._seconds -= time.thread_time() - start


class TokenCount:
    """How many tokens a text may still become: what real markup of its length can need."""

    def __init__(self, text: str) -> None:
        """Start with all of them."""
        self.remaining = _SPARE_TOKENS + _TOKENS_PER_CHARACTER * len(text)


class BoundedTokens(list[Token]):
    """A list of tokens that shares one count with the text's other lists."""

    def __init__(self, count: TokenCount) -> None:
        """Start empty."""
        super().__init__()
        self._count = count

    def append(self, token: Token, /) -> None:
        """Append a token.

        Raises:
            TooMuchMarkupError: there are too many, or they are nested so deep that the parser
                would leave out what is inside.
        """
        self._count.remaining -= 1
        if self._count.remaining < 0:
            raise TooMuchMarkupError
        if token.level >= MAX_NESTING - 1 and token.type in _CONTAINERS:
            raise TooMuchMarkupError
        super().append(token)


def check_weight(tokens: Iterable[Token], max_bytes: int) -> None:
    """Check, before any HTML is made, that the least it can take would fit.

    Raises:
        TooMuchMarkupError: it would not.
    """
    if _weight(tokens) > max_bytes:
        raise TooMuchMarkupError


def _weight(tokens: Iterable[Token]) -> int:
    total = 0
    for token in tokens:
        if token.children is not None:
            total += _weight(token.children)
        elif not token.hidden:
            total += len(token.tag) + len(token.content)
        for value in token.attrs.values():
            total += len(str(value))
    return total
