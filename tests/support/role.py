"""Whose role a call to DynamoDB is made in: that of the function whose handler runs."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import Any

import pytest

_role: ContextVar[str | None] = ContextVar("role", default=None)


def role() -> str | None:
    """Return the function that runs here, None where a test itself does."""
    return _role.get()


@contextmanager
def acting_as(function: str) -> Iterator[None]:
    """Run as a function."""
    before = _role.set(function)
    try:
        yield
    finally:
        _role.reset(before)


def keep_in_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what runs in a pool act in the role of who submitted it, however late it runs."""
    submit = ThreadPoolExecutor.submit

    def submit_in_role(
        pool: ThreadPoolExecutor, call: Any, *args: Any, **words: Any
    ) -> Future[Any]:
        return submit(pool, copy_context().run, call, *args, **words)

    monkeypatch.setattr(ThreadPoolExecutor, "submit", submit_in_role)
