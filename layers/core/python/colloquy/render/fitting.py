"""As many of a view's messages as one page can hold, as they are rendered."""

import time
from collections.abc import Callable
from typing import TypeVar

from colloquy.domain.page import answer_bytes
from colloquy.domain.share import ShownItem, View

T = TypeVar("T", bound=str)


def fit(
    view: View,
    render: Callable[[ShownItem], T],
    *,
    max_bytes: int,
    deadline: float,
    backwards: bool,
) -> tuple[View, list[T]]:
    """Return the view with the messages that fit, and what ``render`` made of them.

    At least one message is taken, and none is begun after ``deadline`` (of ``time.monotonic``).
    Where some do not fit, the last are left to the next page, or ``backwards`` the first to the
    page before.
    """
    texts: list[T] = []
    for item in reversed(view.items) if backwards else view.items:
        if texts and time.monotonic() > deadline:
            break
        text = render(item)
        max_bytes -= answer_bytes(text)
        if texts and max_bytes < 0:
            break
        texts.append(text)
    return view.limited(len(texts), backwards=backwards), texts[::-1] if backwards else texts
