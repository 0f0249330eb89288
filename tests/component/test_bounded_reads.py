"""Lists and views that pass over much give up in time, and continue where they stopped."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from colloquy.domain import ids
from colloquy.domain.conversation import Conversation
from colloquy.domain.item import Item
from colloquy.domain.share import Share, mint_share_id
from colloquy.store import bounded, keys
from colloquy.store.rows import conversation_to_row, encode, item_to_row
from colloquy.store.share_rows import link_to_row, owned_link_to_row
from colloquy.store.table import Table
from tests.component.test_shares import opened, say, share, talk, texts_in
from tests.support import make
from tests.support.client import Client
from tests.support.functions import dispatch
from tests.support.rows import Rows

MANY = 2_400
"""More than one read looks at."""


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count the rows that queries return, by what their sort keys begin with."""
    counted: Counter[str] = Counter()
    read = Table.query_page

    def watched(self: Table, **query: Any) -> Any:
        counted["pages"] += 1
        page, following = read(self, **query)
        counted.update(row["SK"][:2] for row in page if "SK" in row)
        return page, following

    monkeypatch.setattr(Table, "query_page", watched)
    return counted


def pages_of(client: Client, path: str, **query: Any) -> Iterator[dict[str, Any]]:
    """Yield every page of a list."""
    after: dict[str, Any] = {}
    while True:
        page = client.get(path, **query, **after)
        assert page.status == 200, page.text
        yield page.body
        assert page.body["has_more"] == (page.body["next_after"] is not None)
        if not page.body["has_more"]:
            return
        after = {"after": page.body["next_after"]}


def test_a_filter_that_lets_little_through_gives_short_pages(
    alice: Client, rows: Rows, reads: Counter[str]
) -> None:
    archived = make.conversation(0, archived=True)
    others = [make.conversation(n) for n in range(1, MANY)]
    rows.put_encoded([encode(conversation_to_row(each)) for each in [archived, *others]])

    pages = list(pages_of(alice, "/v1/conversations", archived="true"))

    assert pages[0]["data"] == []
    assert ids.is_id(ids.CONVERSATION, pages[0]["next_after"])
    found = [each["id"] for page in pages for each in page["data"]]
    assert found == [archived.id]
    assert len(pages) == 2
    assert reads["pages"] < 15


def test_a_stale_entry_of_the_project_index_is_not_listed(
    alice: Client, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = alice.post("/v1/projects", {"title": "P"}).body["id"]
    filed = make.conversation(0, project_id=project)
    stale = [make.conversation(n, project_id=project) for n in range(1, 250)]
    for each in [filed, *stale]:
        row = conversation_to_row(each)
        # As the index is for a moment after a conversation left: the row says otherwise.
        rows.put_encoded([encode({**row, "project_id": project if each is filed else None})])
    path = f"/v1/projects/{project}/conversations"
    assert [each["id"] for page in pages_of(alice, path) for each in page["data"]] == [filed.id]

    spend_little(monkeypatch, rows=50)
    pages = list(pages_of(alice, path))
    assert [each["id"] for page in pages for each in page["data"]] == [filed.id]
    assert pages[0]["data"] == []
    assert len(pages) > 2


def spend_little(monkeypatch: pytest.MonkeyPatch, *, rows: int) -> None:
    """Let every bounded read look at so many rows and no more."""
    look = bounded.bounded_pages

    def little(table: Table, query: dict[str, Any], effort: bounded.Effort) -> Any:
        return look(table, query, replace(effort, rows=rows, widest=min(rows, effort.widest)))

    for name in ("conversations", "items", "projects", "snapshots"):
        module = __import__(f"colloquy.store.{name}", fromlist=["bounded_pages"])
        monkeypatch.setattr(module, "bounded_pages", little, raising=False)
    monkeypatch.setattr(bounded, "bounded_pages", little)


def test_a_list_of_links_passes_over_dead_ones_in_time(alice: Client, rows: Rows) -> None:
    path = f"/v1/conversations/{talk(alice, 'One')}"
    dead = [dead_link(path.rpartition("/")[2]) for _ in range(1_050)]
    rows.put_encoded([encode(owned_link_to_row(each)) for each in dead])
    living = {share(alice, path.rpartition("/")[2]) for _ in range(3)}

    for where in ("/v1/shares", f"{path}/shares"):
        pages = list(pages_of(alice, where, limit=2))
        found = [each["share_id"] for page in pages for each in page["data"]]
        assert found == sorted(living)
        assert len(pages) <= 4


def dead_link(conversation_id: str) -> Share:
    return Share(
        id=mint_share_id(of_message=False),
        owner_id="alice",
        conversation_id=conversation_id,
        created_at=make.moment(),
        expires_at=make.moment(60),
    )


def test_a_writable_link_finds_what_viewers_wrote_without_reading_the_owners(
    alice: Client, bob: Client, rows: Rows, reads: Counter[str]
) -> None:
    conversation_id = talk(alice, "One", "Two")
    share_id = share(alice, conversation_id, read_only=False)
    other_id = share(alice, conversation_id, read_only=False)
    written = []
    for n in range(5):
        for _ in range(3):
            say(alice, conversation_id, "The owner's")
        written.append(bob.post(f"/v1/shares/{share_id}/items", {"content": f"{n}"}).body["id"])
    bob.post(f"/v1/shares/{other_id}/items", {"content": "Elsewhere"})
    anyone = Client(dispatch, None)

    reads.clear()
    assert texts_in(opened(anyone, share_id)) == ["One", "Two", "0", "1", "2", "3", "4"]
    assert reads["I#"] == 2
    assert reads["pages"] == 2
    first = opened(anyone, share_id, limit=3)
    assert texts_in(first) == ["One", "Two", "0"]
    second = opened(anyone, share_id, limit=3, after=first.body["next_after"])
    assert texts_in(second) == ["1", "2", "3"]
    assert texts_in(opened(anyone, share_id, limit=3, before=written[2])) == ["Two", "0", "1"]
    assert texts_in(opened(anyone, share_id, limit=9, before=written[0])) == ["One", "Two"]

    path = f"/v1/conversations/{conversation_id}/items/{written[1]}"
    assert alice.delete(path).status == 204
    assert len(rows.of_type("guest_ref")) == 5
    assert texts_in(opened(anyone, share_id, after=written[1])) == ["2", "3", "4"]
    assert texts_in(opened(anyone, share_id)) == ["One", "Two", "0", "2", "3", "4"]
    fork = bob.post(f"/v1/shares/{share_id}/fork").body["id"]
    assert bob.get(f"/v1/conversations/{fork}").body["item_count"] == 6


def test_views_that_give_up_continue_at_their_cursor(
    alice: Client, bob: Client, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation_id = alice.post("/v1/conversations").body["id"]
    of = Conversation(
        id=conversation_id, owner_id="alice", created_at=make.moment(), updated_at=make.moment()
    )
    # As rows were before hidden items had a range of their own.
    items = [make.item(of, n, role="tool") for n in range(40)]
    items = [replace(each, id=each.id[:-1] + "0") for each in items]
    said = make.item(of, 41, content="At last")
    rows.put_encoded([encode(item_to_row("alice", each)) for each in [*items, said]])
    link = replace(
        dead_link(conversation_id), up_to=said.id, expires_at=make.moment(10**9), title=None
    )
    rows.put_encoded([encode(link_to_row(link)), encode(owned_link_to_row(link))])
    spend_little(monkeypatch, rows=15)

    anyone = Client(dispatch, None)
    first = opened(anyone, link.id)
    assert (first.status, first.body["items"]) == (200, [])
    assert first.body["has_more"]
    html = opened(anyone, link.id, format="html").text
    assert f"after={first.body['next_after']}" in html
    seen: list[str] = []
    after: dict[str, Any] = {}
    for _ in range(5):
        page = opened(anyone, link.id, **after).body
        seen += [item["content"] for item in page["items"]]
        after = {"after": page["next_after"]}
        if not page["has_more"]:
            break
    assert seen == ["At last"]
    back = opened(anyone, link.id, before=said.id, format="html").text
    assert "before=item_" in back
    fork = bob.post(f"/v1/shares/{link.id}/fork")
    assert fork.status == 201
    forked = bob.get(f"/v1/conversations/{fork.body['id']}").body["items"]
    assert [item["content"] for item in forked] == ["At last"]


def test_the_question_is_looked_for_among_the_nearest_messages(
    alice: Client, rows: Rows, reads: Counter[str]
) -> None:
    conversation_id = talk(alice, "Long ago")
    of = Conversation(
        id=conversation_id, owner_id="alice", created_at=make.moment(), updated_at=make.moment()
    )
    items: list[Item] = [
        make.item(of, 10**8 + n, role="assistant", content="x") for n in range(300)
    ]
    rows.put_encoded([encode(item_to_row("alice", each)) for each in items])
    near = f"/v1/conversations/{conversation_id}/items/{items[90].id}/share"
    far = f"/v1/conversations/{conversation_id}/items/{items[-1].id}/share"
    shares = {}
    for path in (near, far):
        reads.clear()
        shares[path] = alice.post(path, {"include_context": True}).body["share_id"]
        assert reads["pages"] <= 6
    anyone = Client(dispatch, None)
    assert texts_in(opened(anyone, shares[near])) == ["Long ago", "x"]
    assert texts_in(opened(anyone, shares[far])) == ["x"]


def test_an_old_text_among_many_is_found_by_halving(
    alice: Client, rows: Rows, reads: Counter[str]
) -> None:
    conversation_id = talk(alice, "1")
    path = f"/v1/conversations/{conversation_id}"
    item_id = alice.get(path).body["items"][0]["id"]
    links = []
    for n in range(2, 41):
        if n in {2, 20, 40}:
            links.append((share(alice, conversation_id), str(n - 1)))
        alice.put(f"{path}/items/{item_id}/edit", {"content": str(n)})
    anyone = Client(dispatch, None)
    for link, text in links:
        reads.clear()
        assert texts_in(opened(anyone, link)) == [text]
        assert reads["pages"] <= 8
    # A message's versions are numbered without a gap, but nothing breaks where one is missing.
    key = keys.version("alice", conversation_id, item_id, 19).as_dict()
    rows.client.delete_item(TableName=rows.name, Key=key)
    assert texts_in(opened(anyone, links[1][0])) == ["18"]
