"""Replays: the same request with the same key gets its first answer, and writes nothing."""

from collections.abc import Iterator
from typing import Any

from colloquy.domain.errors import NotFoundError
from colloquy.domain.item import Item
from colloquy.domain.share import Share
from tests.faults.history import Operation
from tests.faults.verdict.evidence import Evidence, written

_OF_A_VERSION = {"edit", "restore", "regenerate"}
"""What is answered from the message itself, and with it gone no more."""


def judge(evidence: Evidence) -> Iterator[str]:
    """Repeat every request that had a key and was answered."""
    for operation in evidence.history.operations:
        if operation.is_done and operation.once is not None:
            yield from _replay(evidence, operation)
    if evidence.database.rows() != evidence.rows:
        yield "replay: a repetition has written something"


def _replay(evidence: Evidence, operation: Operation) -> Iterator[str]:
    try:
        again = operation.call(operation.once)
    except NotFoundError as error:
        if not _may_be_gone(evidence, operation):
            yield f"replay: {operation} {error}"
    except Exception as error:  # noqa: BLE001 - whatever it is, it is not the first answer
        yield f"replay: {operation} {error!r}"
    else:
        if not again.replayed:
            yield f"replay: {operation} was done again"
        elif _public(again.value) != _public(operation.value.value):
            yield f"replay: {operation} gave {operation.value.value}, then {again.value}"


def _may_be_gone(evidence: Evidence, operation: Operation) -> bool:
    """Say whether the message is gone that an answer is taken from."""
    if operation.kind == "respond":
        return any(item.id not in evidence.items for item in written(operation))
    return operation.kind in _OF_A_VERSION and operation.item not in evidence.items


def _public(value: Any) -> Any:
    """Return what of a value an answer shows."""
    if isinstance(value, list):
        return [_public(each) for each in value]
    if isinstance(value, Share):
        return (value.id, value.read_only, value.expires_at, value.include_context)
    if isinstance(value, Item):
        shown = (value.id, value.role, value.content, value.version)
        return (*shown, value.model, value.created_at, value.edited_at)
    return value
