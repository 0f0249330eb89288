"""Imports against a table in memory that is busy, or slow."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from colloquy.domain import ids
from colloquy.domain.conversation import Conversation
from colloquy.domain.errors import UnavailableError
from colloquy.domain.export import ExportedItem
from colloquy.domain.imports import Import, ImportedText, ImportPart
from colloquy.domain.place import Place
from colloquy.domain.receipt import Once
from colloquy.services import imports
from colloquy.services.exports import Exports
from colloquy.services.imports import Imports
from tests.support import make
from tests.support.fakes import FakeConversations, FakeExports, FakeImports, Memory

ONCE = Once(key="k", fingerprint="f")


class Busy(FakeImports):
    """Refuses every other write."""

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory)
        self.tries = 0

    def write(self, owner_id: str, texts: Sequence[ImportedText]) -> None:
        self.tries += 1
        if self.tries % 2 == 0:
            raise UnavailableError
        super().write(owner_id, texts)


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def part() -> ImportPart:
    """Ten messages in one part."""
    conversation = make.conversation()
    minted = ids.mint_many(ids.ITEM, make.moment(), 10)
    items = [make.item(conversation, id=each, content=each) for each in minted]
    return ImportPart(
        conversation=conversation,
        items=[ExportedItem(item=item, versions=[]) for item in items],
        after=None,
        next_after=None,
    )


def of(memory: Memory, rows: FakeImports) -> Imports:
    return Imports(FakeConversations(memory), rows, lambda: datetime.now(UTC))


def texts_in(memory: Memory, imported: Conversation) -> list[object]:
    part = Exports(FakeExports(memory)).part("bob", imported.id, None)
    return [entry.item.content for entry in part.items]


def test_a_busy_table_keeps_what_was_written(
    memory: Memory, part: ImportPart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "_WRITTEN_AT_ONCE", 3)
    service = of(memory, Busy(memory))
    state = service.take("bob", part, None).value
    places: list[Place | None] = []
    while isinstance(state, Import):
        places.append(state.up_to)
        state = service.take("bob", part, state.id).value
    assert places == [Place(part.items[n].item.id) for n in (2, 5, 8)]
    assert state.item_count == 10
    assert texts_in(memory, state) == [entry.item.content for entry in part.items]
    assert memory.imports == {}


def test_a_replay_needs_no_table(memory: Memory, part: ImportPart) -> None:
    first = of(memory, FakeImports(memory)).take("bob", part, None, ONCE)
    again = of(memory, Busy(memory)).take("bob", part, None, ONCE)
    assert (again.value, again.replayed) == (first.value, True)
    assert len(memory.items) == 10
