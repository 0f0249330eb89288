"""What the services do where no single request can show it: races, clocks and lost tries."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from colloquy.domain.conversation import Conversation, ConversationChanges
from colloquy.domain.errors import ConflictError, UnavailableError
from colloquy.domain.item import Item, ItemDraft
from colloquy.domain.receipt import Once, Receipt
from colloquy.domain.title import AutomaticTitle
from colloquy.services import projects as projects_module
from colloquy.services.conversations import ConversationDraft, Conversations
from colloquy.services.items import Items
from colloquy.services.projects import ProjectDraft, Projects
from tests.support import make
from tests.support.fakes import FakeConversations, FakeItems, FakeProjects, Memory

HELLO = ItemDraft(role="user", content="Hello")


@dataclass
class Clock:
    """A clock that a test sets."""

    now: datetime = field(default_factory=make.moment)

    def __call__(self) -> datetime:
        return self.now


class Raced(FakeItems):
    """Messages that somebody else writes to just before each of our tries."""

    def __init__(self, memory: Memory, other: Callable[[], None], times: int) -> None:
        super().__init__(memory)
        self._other, self._times, self.tries = other, times, 0

    def append(
        self,
        owner_id: str,
        items: Sequence[Item],
        title: AutomaticTitle | None,
        receipt: Receipt | None,
    ) -> None:
        self.tries += 1
        if self.tries <= self._times:
            self._other()
        super().append(owner_id, items, title, receipt)


def test_a_message_stands_behind_the_one_before_it_though_its_clock_is_behind() -> None:
    memory, clock = Memory(), Clock()
    items = Items(FakeItems(memory), clock)
    created = Conversations(FakeConversations(memory), FakeItems(memory), clock).create(
        "alice", ConversationDraft(metadata={}, items=[HELLO])
    )
    path = created.value.id
    first = items.append("alice", path, [HELLO]).value[0]
    clock.now -= timedelta(hours=1)
    later = items.append("alice", path, [HELLO, HELLO]).value
    assert first.id < later[0].id < later[1].id


def test_a_lost_race_is_run_again_behind_the_winner() -> None:
    memory, clock = Memory(), Clock()
    conversation = make.conversation()
    FakeConversations(memory).add(conversation, [], None)

    def win() -> None:
        ahead = Items(FakeItems(memory), lambda: clock.now + timedelta(seconds=1))
        ahead.append("alice", conversation.id, [HELLO])

    raced = Raced(memory, win, 3)
    written = Items(raced, clock).append("alice", conversation.id, [HELLO]).value
    header, found = raced.read("alice", conversation.id, "asc")
    # Who is behind whom within a millisecond is chance: the race may be won before it ends.
    assert raced.tries > 1
    assert header.item_count == 1 + min(raced.tries, 3)
    assert [item.id for item in found][-1] == written[0].id == header.newest_item


def test_a_race_that_is_lost_for_ever_ends_as_a_conflict() -> None:
    memory, clock = Memory(), Clock()
    conversation = make.conversation()
    FakeConversations(memory).add(conversation, [], None)

    def win() -> None:
        clock.now += timedelta(days=1)
        Items(FakeItems(memory), lambda: clock.now + timedelta(days=36500)).append(
            "alice", conversation.id, [HELLO]
        )

    raced = Raced(memory, win, 10_000)
    with pytest.raises(ConflictError):
        Items(raced, clock).append("alice", conversation.id, [HELLO])
    assert raced.tries == 50


def test_an_update_that_others_race_is_run_again_on_what_they_left() -> None:
    memory, clock = Memory(), Clock()
    project, conversation = make.project(), make.conversation()
    FakeProjects(memory).add(project, None)

    class Busy(FakeConversations):
        reads = 0

        def get(self, owner_id: str, conversation_id: str) -> Conversation | None:
            found = super().get(owner_id, conversation_id)
            self.reads += 1
            if self.reads in (1, 3):
                changes = ConversationChanges(fields={"title": f"Other {self.reads}"})
                super().update(owner_id, conversation_id, changes, clock.now, None)
            return found

    busy = Busy(memory)
    busy.add(conversation, [], None)
    changes = ConversationChanges(fields={"project_id": project.id})
    once = Once(key="key", fingerprint="print")
    service = Conversations(busy, FakeItems(memory), clock)
    after = service.update("alice", conversation.id, changes, once=once)
    assert after.value.project_id == project.id
    assert after.value.title is not None
    assert after.value.title.startswith("Other")


def test_a_replay_does_not_need_the_clock_of_the_first_time() -> None:
    memory, clock = Memory(), Clock()
    projects = Projects(FakeProjects(memory), FakeConversations(memory), clock)
    once = Once(key="key", fingerprint="print")
    first = projects.create("alice", ProjectDraft(title="P"), once)
    clock.now += timedelta(hours=5)
    again = projects.create("alice", ProjectDraft(title="P"), once)
    assert (first.replayed, again.replayed) == (False, True)
    assert again.value == first.value


def test_deleting_a_crowded_project_stops_in_time_and_goes_on_when_called_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    memory, clock = Memory(), Clock()
    stores = FakeProjects(memory), FakeConversations(memory)
    project = make.project()
    stores[0].add(project, None)
    for n in range(30):
        stores[1].add(make.conversation(n, project_id=project.id), [], None)
    projects = Projects(*stores, clock)

    with monkeypatch.context() as hurried:
        hurried.setattr(projects_module, "_DELETE_SECONDS", -1.0)
        with pytest.raises(UnavailableError):
            projects.delete("alice", project.id)
    assert list(stores[1].filed_in("alice", project.id))
    projects.delete("alice", project.id)
    assert list(stores[1].filed_in("alice", project.id)) == []
    assert memory.projects == {}
