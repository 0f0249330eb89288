"""A page of a list, and how a list is asked for."""

import json
import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Generic, Literal, Protocol, TypeVar

Order = Literal["asc", "desc"]
Archived = Literal["false", "true", "all"]

DEFAULT_LIMIT: Final = 20
MAX_LIMIT: Final = 100

MAX_ANSWER_BYTES: Final = 5_000_000
"""What an answer may hold, as the client gets it: under 5 MB."""
MAX_TRAVELLING_BYTES: Final = 6_200_000
"""... and what it may take on its way: Lambda refuses answers of more than 6,291,556 bytes, with
every quote and backslash of the body escaped once more."""

# The longest an entry is beside its measured fields, and how many quotes are in that.
_FRAME_BYTES: Final = 350
_FRAME_QUOTES: Final = 70


class Listed(Protocol):
    """What lists are made of."""

    @property
    def id(self) -> str:
        """The id the next page may begin behind."""
        ...

    @property
    def answer_bytes(self) -> int:
        """What it takes of ``MAX_ANSWER_BYTES``."""
        ...


T = TypeVar("T", bound=Listed)


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page of a list is wanted: ``limit`` entries behind the id ``after``."""

    limit: int = DEFAULT_LIMIT
    after: str | None = None
    order: Order = "desc"


@dataclass(frozen=True, slots=True)
class GaveUp:
    """The end of a read that has looked at enough: there may be more after the id ``last``."""

    last: str


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of a list; ``has_more`` says whether anything may come after it.

    ``cursor`` is set where the next page begins after another row than the last of ``data``:
    after the last one that was looked at. ``data`` may then be shorter than asked for, or empty.
    """

    data: list[T]
    has_more: bool
    cursor: str | None = None

    @property
    def next_after(self) -> str | None:
        """The cursor of the next page, or None after the last."""
        if self.cursor is None and self.has_more and self.data:
            return self.data[-1].id
        return self.cursor


def take(
    found: Iterable[T | GaveUp],
    limit: int | None = None,
    room: int = MAX_ANSWER_BYTES,
    until: float = math.inf,
) -> Page[T]:
    """Return the first ``limit`` of ``found`` (None: all) that fit one answer of ``room`` bytes.

    Looks at most one entry further than it takes, and at none after ``until`` of
    ``time.monotonic``. The first entry is always taken: a single message is far smaller than an
    answer. Where ``found`` gave up, the page ends, however short it is.
    """
    data: list[T] = []
    for entry in found:
        if isinstance(entry, GaveUp):
            return Page(data, has_more=True, cursor=entry.last)
        room -= entry.answer_bytes
        if len(data) == limit or (data and (room < 0 or time.monotonic() > until)):
            return Page(data, has_more=True)
        data.append(entry)
    return Page(data, has_more=False)


def answer_bytes(*fields: object) -> int:
    """Return what an entry with these fields takes of ``MAX_ANSWER_BYTES``.

    An answer has two limits: its own, and Lambda's, for which its JSON travels as a string inside
    another JSON. Whichever is nearer counts. Names, ids, times and marks are in the frame.
    """
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    size = _FRAME_BYTES + len(text.encode())
    travelling = size + _FRAME_QUOTES + text.count('"') + text.count("\\")
    return max(size, -(-travelling * MAX_ANSWER_BYTES // MAX_TRAVELLING_BYTES))
