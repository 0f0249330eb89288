"""The stores in memory and the stores in DynamoDB keep the same promises."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

from colloquy.domain.conversation import MAX_MESSAGES, Conversation, ConversationChanges
from colloquy.domain.errors import (
    ConflictError,
    ConversationFullError,
    NotFoundError,
    OutOfOrderError,
    PreconditionFailedError,
)
from colloquy.domain.imports import GRACE, MAY_TAKE, PART_MAY_TAKE, Import, ImportedText
from colloquy.domain.item import Item
from colloquy.domain.page import GaveUp, PageRequest
from colloquy.domain.place import Place
from colloquy.domain.project import ProjectChanges
from colloquy.domain.receipt import AlreadyDoneError, Once
from colloquy.domain.title import AutomaticTitle
from colloquy.domain.version import Version
from colloquy.services.ports import ConversationRows, ExportRows, ImportRows, ItemRows, ProjectRows
from colloquy.store.conversations import ConversationStore
from colloquy.store.exports import ExportStore
from colloquy.store.imports import ImportStore
from colloquy.store.items import ItemStore
from colloquy.store.projects import ProjectStore
from colloquy.store.table import Table
from tests.support import make
from tests.support.fakes import (
    FakeConversations,
    FakeExports,
    FakeImports,
    FakeItems,
    FakeProjects,
    Memory,
)
from tests.support.in_process import TABLE, Database

NOBODY = "conv_" + "0" * 26
ASC = PageRequest(order="asc")


@dataclass
class Stores:
    conversations: ConversationRows
    items: ItemRows
    projects: ProjectRows
    exports: ExportRows
    imports: ImportRows


@pytest.fixture(params=["in memory", "in DynamoDB"])
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    if request.param == "in memory":
        memory = Memory()
        yield Stores(
            FakeConversations(memory),
            FakeItems(memory),
            FakeProjects(memory),
            FakeExports(memory),
            FakeImports(memory),
        )
        return
    real = Table(Database().client, TABLE)
    yield Stores(
        ConversationStore(real),
        ItemStore(real),
        ProjectStore(real),
        ExportStore(real),
        ImportStore(real),
    )


def test_a_conversation_comes_back_as_it_was_added(stores: Stores) -> None:
    plain = make.conversation()
    full = make.conversation(
        1, title="T", title_source="user", metadata={"a": "b"}, archived=True, item_count=0
    )
    for added in (plain, full):
        stores.conversations.add(added, [], None)
        assert stores.conversations.get("alice", added.id) == added
    assert stores.conversations.get("bob", plain.id) is None
    assert stores.conversations.get("alice", NOBODY) is None


def test_conversations_are_found_in_order_behind_a_cursor(stores: Stores) -> None:
    added = [make.conversation(n, archived=n % 3 == 0) for n in range(10)]
    for conversation in added:
        stores.conversations.add(conversation, [], None)
    stores.conversations.add(make.conversation(3, owner_id="bob"), [], None)

    def found(page: PageRequest, archived: str = "all") -> list[int]:
        entries = stores.conversations.find("alice", page, archived)  # type: ignore[arg-type]
        return [added.index(entry) for entry in entries if not isinstance(entry, GaveUp)]

    assert found(ASC) == list(range(10))
    assert found(PageRequest()) == list(range(10))[::-1]
    assert found(replace(ASC, after=added[6].id)) == [7, 8, 9]
    assert found(PageRequest(after=added[6].id)) == [5, 4, 3, 2, 1, 0]
    assert found(replace(ASC, limit=1), "true") == [0, 3, 6, 9]
    assert found(replace(ASC, limit=1, after=added[3].id), "false") == [4, 5, 7, 8]
    stores.conversations.delete("alice", added[6].id, None)
    assert found(replace(ASC, after=added[6].id)) == [7, 8, 9]


def test_a_conversation_is_filed_only_where_a_project_stays(stores: Stores) -> None:
    project = make.project()
    with pytest.raises(NotFoundError) as absent:
        stores.conversations.add(make.conversation(project_id=project.id), [], None)
    assert absent.value.param == "project_id"

    stores.projects.add(project, None)
    filed = [make.conversation(n, project_id=project.id) for n in range(3)]
    for conversation in filed:
        stores.conversations.add(conversation, [], None)
    found = stores.conversations.find_in_project("alice", project.id, ASC, "all")
    assert list(found) == filed

    stores.projects.start_deleting(
        "alice", project.id, make.moment(), None, with_conversations=False
    )
    with pytest.raises(NotFoundError):
        stores.conversations.add(make.conversation(project_id=project.id), [], None)
    for conversation in stores.conversations.filed_in("alice", project.id):
        assert stores.conversations.unfile(conversation, make.moment(9))
    assert list(stores.conversations.filed_in("alice", project.id)) == []
    taken = stores.conversations.get("alice", filed[0].id)
    assert taken is not None
    assert (taken.project_id, taken.revision) == (None, 2)


def test_a_conversation_that_has_left_its_project_is_left_alone(stores: Stores) -> None:
    one, two = make.project(), make.project(1)
    stores.projects.add(one, None)
    stores.projects.add(two, None)
    filed = make.conversation(project_id=one.id)
    stores.conversations.add(filed, [], None)
    moved = replace(filed, project_id=two.id, revision=2)
    stores.conversations.replace(moved, frozenset({1}), None, files_it=True)

    assert not stores.conversations.unfile(filed, make.moment())
    assert not stores.conversations.delete_filed(filed)
    assert stores.conversations.get("alice", filed.id) == moved
    assert stores.conversations.delete_filed(moved)
    assert stores.conversations.get("alice", filed.id) is None


def test_an_update_says_what_came_of_it(stores: Stores) -> None:
    added = make.conversation(metadata={"a": "b"})
    stores.conversations.add(added, [], None)
    fields = {"title": "T", "metadata": {}, "archived": True}
    changes = ConversationChanges(fields=fields)
    after = stores.conversations.update("alice", added.id, changes, make.moment(5), None)
    assert after == changes.apply_to(added, make.moment(5))
    assert after == stores.conversations.get("alice", added.id)
    assert (after.title_source, after.revision) == ("user", 2)


def test_conditions_tell_the_absent_from_the_changed(stores: Stores) -> None:
    added = make.conversation()
    stores.conversations.add(added, [], None)
    changes, now = ConversationChanges(fields={"title": "T"}), make.moment()
    for stale in (frozenset({2}), frozenset[int]()):
        with pytest.raises(PreconditionFailedError):
            stores.conversations.update("alice", added.id, changes, now, stale)
        with pytest.raises(PreconditionFailedError):
            stores.conversations.delete("alice", added.id, stale)
        with pytest.raises(ConflictError):
            stores.conversations.replace(added, stale, None, files_it=False)
    with pytest.raises(NotFoundError):
        stores.conversations.update("alice", NOBODY, changes, now, frozenset({1}))
    with pytest.raises(NotFoundError):
        stores.conversations.delete("alice", NOBODY, None)
    stores.conversations.update("alice", added.id, changes, now, frozenset({1, 7}))
    stores.conversations.delete("alice", added.id, frozenset({2}))


def test_an_append_counts_names_and_moves_the_conversation(stores: Stores) -> None:
    added = make.conversation()
    stores.conversations.add(added, [], None)
    first, second = make.item(added, 1), make.item(added, 2, call_id="call")
    stores.items.append("alice", [first], None, None)
    stores.items.append("alice", [second], AutomaticTitle("A title", second.id), None)

    header, found = stores.items.read("alice", added.id, "asc")
    assert list(found) == [first, second]
    assert (header.item_count, header.newest_item, header.revision) == (2, second.id, 3)
    assert (header.title, header.title_source) == ("A title", "auto")
    assert header.title_item == second.id
    assert header.updated_at == second.created_at
    third = make.item(added, 3)
    stores.items.append("alice", [third], AutomaticTitle("Another", third.id), None)
    header, _ = stores.items.read("alice", added.id, "asc")
    assert (header.title, header.title_item) == ("A title", second.id)


def test_an_append_out_of_order_says_behind_what_to_sort(stores: Stores) -> None:
    added = make.conversation()
    stores.conversations.add(added, [], None)
    late, early = make.item(added, 9), make.item(added, 1)
    stores.items.append("alice", [late], None, None)
    for refused in (early, late):
        with pytest.raises(OutOfOrderError) as error:
            stores.items.append("alice", [refused], None, None)
        assert error.value.newest == late.id


def test_an_append_keeps_the_limit(stores: Stores) -> None:
    added = make.conversation(item_count=MAX_MESSAGES - 1)
    stores.conversations.add(added, [], None)
    with pytest.raises(ConversationFullError):
        stores.items.append("alice", [make.item(added, 1), make.item(added, 2)], None, None)
    stores.items.append("alice", [make.item(added, 1)], None, None)
    with pytest.raises(ConversationFullError):
        stores.items.append("alice", [make.item(added, 2)], None, None)


def test_messages_are_found_in_order_behind_a_cursor(stores: Stores) -> None:
    added = make.conversation()
    items = [make.item(added, n, call_id="even" if n % 2 == 0 else None) for n in range(6)]
    stores.conversations.add(replace(added, newest_item=items[-1].id), items, None)

    behind = PageRequest(order="asc", after=items[2].id, limit=1)
    assert list(stores.items.read("alice", added.id, "asc", behind)[1]) == items[3:]
    before = PageRequest(after=items[2].id)
    assert list(stores.items.read("alice", added.id, "desc", before)[1]) == items[1::-1]
    even = stores.items.find_by_call_id("alice", added.id, "even", behind)
    assert list(even) == [items[4]]
    assert stores.items.get("alice", added.id, items[1].id) == items[1]


def test_hidden_messages_are_read_in_one_order_with_the_others(stores: Stores) -> None:
    added = make.conversation()
    roles = ["user", "assistant", "tool", "assistant", "system", "user"]
    items = [
        make.item(added, n, role=role, call_id="c" if role in {"tool", "user"} else None)
        for n, role in enumerate(roles)
    ]
    stores.conversations.add(replace(added, newest_item=items[-1].id), items, None)

    def read(page: PageRequest) -> list[int]:
        _, found = stores.items.read("alice", added.id, page.order, page)
        return [items.index(item) for item in found]

    for at, item in enumerate(items):
        assert read(PageRequest(order="asc", after=item.id, limit=2)) == list(range(at + 1, 6))
        assert read(PageRequest(after=item.id, limit=2)) == list(range(at))[::-1]
        assert stores.items.get("alice", added.id, item.id) == item
        _, exported = stores.exports.read("alice", added.id, Place(item.id))
        assert [each for each, _ in exported] == items[at + 1 :]
        _, exported = stores.exports.read("alice", added.id, Place(item.id, 1))
        assert [each for each, _ in exported] == items[at:]
    by_call = stores.items.find_by_call_id("alice", added.id, "c", PageRequest(limit=1))
    assert list(by_call) == [items[5], items[2], items[0]]
    for after, shown in ((None, [0, 1, 3, 5]), (items[2].id, [3, 5])):
        page = PageRequest(order="asc", after=after, limit=1)
        _, found = stores.items.read_shown("alice", added.id, page)
        assert list(found) == [items[n] for n in shown]


def test_the_latest_messages_come_with_the_receipt_of_a_request(stores: Stores) -> None:
    conversation = make.conversation()
    items = [
        make.item(conversation, 1, model="m", status="incomplete", usage=make.usage()),
        make.item(conversation, 2, role="tool"),
        make.item(conversation, 3),
    ]
    receipt = make.receipt()
    stores.conversations.add(conversation, [], None)
    stores.items.append("alice", items, None, receipt)
    once = Once(key=receipt.key, fingerprint="another")
    header, found, earlier = stores.items.latest("alice", conversation.id, 1, once)
    assert (header.id, list(found)) == (conversation.id, items[::-1])
    assert earlier is not None
    assert (earlier.key, earlier.fingerprint) == (receipt.key, receipt.fingerprint)
    for asked in (None, Once(key="other", fingerprint="f")):
        assert stores.items.latest("alice", conversation.id, 1, asked)[2] is None
    with pytest.raises(NotFoundError):
        stores.items.latest("bob", conversation.id, 1, once)


def test_nothing_is_read_of_a_conversation_that_is_gone(stores: Stores) -> None:
    added = make.conversation()
    item = make.item(added)
    stores.conversations.add(added, [item], None)
    with pytest.raises(NotFoundError):
        stores.items.get("alice", added.id, "item_" + "0" * 26)
    stores.conversations.delete("alice", added.id, None)
    with pytest.raises(NotFoundError):
        stores.items.read("alice", added.id, "asc")
    with pytest.raises(NotFoundError):
        stores.items.find_by_call_id("alice", added.id, "call", ASC)
    with pytest.raises(NotFoundError):
        stores.items.get("alice", added.id, item.id)
    with pytest.raises(NotFoundError):
        stores.items.append("alice", [make.item(added, 1)], None, None)


def test_a_receipt_keeps_what_was_done_from_being_done_again(stores: Stores) -> None:
    first, second = make.conversation(), make.conversation(1)
    stores.conversations.add(first, [], make.receipt())
    with pytest.raises(AlreadyDoneError) as done:
        stores.conversations.add(second, [make.item(second)], make.receipt(fingerprint="other"))
    assert done.value.receipt.fingerprint == "print"
    assert done.value.receipt.facts == {"id": "what was minted"}
    assert stores.conversations.get("alice", second.id) is None

    again: list[Callable[[], None]] = [
        lambda: stores.items.append("alice", [make.item(first)], None, make.receipt()),
        lambda: stores.conversations.replace(first, frozenset({1}), make.receipt(), files_it=False),
        lambda: stores.conversations.replace(first, frozenset(), make.receipt(), files_it=False),
        lambda: stores.projects.add(make.project(), make.receipt()),
    ]
    for write in again:
        with pytest.raises(AlreadyDoneError):
            write()
    stores.conversations.add(make.conversation(owner_id="bob"), [], make.receipt())


def test_a_project_comes_back_as_it_was_added_and_changed(stores: Stores) -> None:
    added = make.project(description="D")
    stores.projects.add(added, None)
    assert stores.projects.get("alice", added.id) == added
    changes = ProjectChanges(fields={"title": "New", "description": None, "instructions": "I"})
    after = stores.projects.update("alice", added.id, changes, make.moment(5), frozenset({1}))
    assert (after.title, after.description, after.instructions) == ("New", None, "I")
    assert after == stores.projects.get("alice", added.id)
    with pytest.raises(PreconditionFailedError):
        stores.projects.update("alice", added.id, changes, make.moment(), frozenset({1}))
    with pytest.raises(NotFoundError):
        stores.projects.get("bob", added.id)


def test_a_project_that_is_being_deleted_is_gone_for_its_readers(stores: Stores) -> None:
    kept, going = make.project(), make.project(1)
    stores.projects.add(kept, None)
    stores.projects.add(going, None)
    with pytest.raises(PreconditionFailedError):
        stores.projects.start_deleting(
            "alice", going.id, make.moment(), frozenset({9}), with_conversations=False
        )
    stores.projects.start_deleting(
        "alice", going.id, make.moment(), frozenset({1}), with_conversations=False
    )

    with pytest.raises(NotFoundError):
        stores.projects.get("alice", going.id)
    changes = ProjectChanges(fields={"title": "T"})
    with pytest.raises(NotFoundError):
        stores.projects.update("alice", going.id, changes, make.moment(), None)
    assert list(stores.projects.find("alice", ASC)) == [kept]

    # Cut off and started again, whatever revision it had then.
    stores.projects.start_deleting(
        "alice", going.id, make.moment(), frozenset({1}), with_conversations=False
    )
    stores.projects.finish_deleting("alice", going.id)
    stores.projects.finish_deleting("alice", going.id)
    with pytest.raises(NotFoundError):
        stores.projects.start_deleting(
            "alice", going.id, make.moment(), None, with_conversations=False
        )
    with pytest.raises(PreconditionFailedError):
        stores.projects.finish_deleting("alice", kept.id)


def begun(stores: Stores) -> tuple[Import, Conversation]:
    """Return an import that has just been begun, and what it is to become."""
    conversation = make.conversation()
    state = Import(
        id=conversation.id,
        owner_id="alice",
        source_id=NOBODY,
        due_at=make.moment() + MAY_TAKE,
        busy_until=make.moment() + PART_MAY_TAKE,
    )
    stores.imports.begin(state)
    return state, conversation


def test_an_import_is_seen_by_nobody_before_it_is_finished(stores: Stores) -> None:
    state, conversation = begun(stores)
    messages = [make.item(conversation, n, call_id="c") for n in range(2)]
    old = Version(number=1, content=[{"type": "x", "n": 1.5}], created_at=make.moment())
    edited = replace(messages[1], version=2, edited_at=make.moment(9))
    texts = [
        ImportedText(item=messages[0], version=None, source=Place(messages[0].id)),
        ImportedText(item=edited, version=old, source=Place(edited.id, 1)),
        ImportedText(item=edited, version=None, source=Place(edited.id)),
    ]
    stores.imports.write("alice", texts)
    stores.imports.write("alice", texts)
    with pytest.raises(NotFoundError):
        stores.exports.read("alice", conversation.id, None)

    header = replace(conversation, item_count=2, newest_item=edited.id)
    stores.imports.finish(state.behind(texts), header, None)

    assert stores.conversations.get("alice", conversation.id) == header
    _, found = stores.exports.read("alice", conversation.id, None)
    assert [(item, list(versions)) for item, versions in found] == [
        (messages[0], []),
        (edited, [old]),
    ]
    by_call = stores.items.find_by_call_id("alice", conversation.id, "c", ASC)
    assert list(by_call) == [messages[0], edited]
    with pytest.raises(NotFoundError):
        stores.imports.take("alice", conversation.id, make.moment())


def test_an_import_is_taken_by_one_at_a_time(stores: Stores) -> None:
    state, conversation = begun(stores)
    with pytest.raises(ConflictError):
        stores.imports.take("alice", conversation.id, make.moment(29))
    taken = stores.imports.take("alice", conversation.id, make.moment(31))
    assert taken.due_at == make.moment(31) + MAY_TAKE
    with pytest.raises(ConflictError):
        stores.imports.hand_back(state, None)
    with pytest.raises(ConflictError):
        stores.imports.finish(state, conversation, None)

    place = Place(NOBODY.replace("conv", "item"), 7)
    stores.imports.hand_back(replace(taken, up_to=place, item_count=3, newest_item="x"), None)
    again = stores.imports.take("alice", conversation.id, make.moment(32))
    assert (again.up_to, again.item_count, again.newest_item) == (place, 3, "x")
    assert (again.source_id, again.owner_id) == (NOBODY, "alice")


def test_no_part_is_begun_when_the_cleanup_is_near(stores: Stores) -> None:
    state, _ = begun(stores)
    stores.imports.hand_back(state, None)
    late = make.moment() + MAY_TAKE - GRACE
    with pytest.raises(NotFoundError):
        stores.imports.take("alice", state.id, late)
    with pytest.raises(NotFoundError):
        stores.imports.take("bob", state.id, make.moment(1))


def test_an_import_is_handed_back_or_finished_once_for_a_receipt(stores: Stores) -> None:
    for first in (True, False):
        state, conversation = begun(stores)
        if first:
            stores.imports.hand_back(state, make.receipt())
            continue
        with pytest.raises(AlreadyDoneError):
            stores.imports.hand_back(state, make.receipt())
        with pytest.raises(AlreadyDoneError):
            stores.imports.finish(state, conversation, make.receipt())


def test_an_import_is_filed_only_where_a_project_stays(stores: Stores) -> None:
    state, conversation = begun(stores)
    project = make.project()
    filed = replace(conversation, project_id=project.id)
    with pytest.raises(NotFoundError):
        stores.imports.finish(state, filed, None)
    stores.projects.add(project, None)
    stores.imports.finish(state, filed, None)
    assert list(stores.conversations.filed_in("alice", project.id)) == [filed]


def test_an_export_goes_on_behind_a_place(stores: Stores) -> None:
    state, conversation = begun(stores)
    versions = [Version(number=n, content=str(n), created_at=make.moment(n)) for n in range(1, 13)]
    first = make.item(conversation, version=13, edited_at=make.moment(13))
    second = make.item(conversation, 1, version=2, edited_at=make.moment(13))
    third = make.item(conversation, 2)
    kept = [(first, each) for each in versions] + [(second, versions[0])]
    texts = [
        ImportedText(item=item, version=version, source=Place(item.id))
        for item, version in [*kept, (first, None), (second, None), (third, None)]
    ]
    stores.imports.write("alice", texts)
    stores.imports.finish(state, conversation, None)

    def behind(place: Place) -> list[tuple[Item, int]]:
        _, found = stores.exports.read("alice", conversation.id, place)
        return [(item, len(list(older))) for item, older in found]

    assert behind(Place(first.id, 9)) == [(first, 3), (second, 1), (third, 0)]
    assert behind(Place(first.id, 12)) == [(first, 0), (second, 1), (third, 0)]
    assert behind(Place(first.id)) == [(second, 1), (third, 0)]
    assert behind(Place(third.id)) == []
