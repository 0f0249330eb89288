"""Items that links never show: kept apart, read in one order with the others."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from colloquy.store.table import Table
from tests.component.test_shares import opened, share, talk, texts_in
from tests.support.client import Client
from tests.support.functions import dispatch
from tests.support.rows import Rows

CALL = [{"type": "tool_use", "id": "call_1", "name": "weather", "input": {}}]
TURNS: list[dict[str, Any]] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Is it warm?"},
    {"role": "assistant", "content": CALL, "call_id": "call_1"},
    {"role": "tool", "content": "21 °C", "call_id": "call_1"},
    {"role": "assistant", "content": "It is."},
    {"role": "developer", "content": "x"},
]


@pytest.fixture
def conversation_id(alice: Client) -> str:
    made: str = alice.post("/v1/conversations", {"items": TURNS}).body["id"]
    return made


def test_everything_is_read_in_the_order_it_was_written(
    alice: Client, rows: Rows, conversation_id: str
) -> None:
    path = f"/v1/conversations/{conversation_id}"
    items = alice.get(path).body["items"]
    assert [item["content"] for item in items] == [turn["content"] for turn in TURNS]
    kept = {row["id"]: row["SK"][:4] for row in rows.of_type("item")}
    assert [kept[item["id"]] for item in items] == ["H#0#", "I#0#", "H#0#", "H#0#", "I#0#", "H#0#"]
    for order, expected in (("asc", items), ("desc", items[::-1])):
        seen: list[Any] = []
        after: dict[str, Any] = {}
        for _ in items:
            page = alice.get(f"{path}/items", limit=1, order=order, **after).body
            seen += page["data"]
            after = {"after": page["next_after"]}
        assert (seen, after) == (expected, {"after": None})


def test_a_cursor_of_a_deleted_item_of_either_range_holds(
    alice: Client, conversation_id: str
) -> None:
    path = f"/v1/conversations/{conversation_id}"
    items = alice.get(path).body["items"]
    for at, item in enumerate(items):
        assert alice.delete(f"{path}/items/{item['id']}").status == 204
        page = alice.get(f"{path}/items", order="asc", after=item["id"], limit=100).body
        assert page["data"] == items[at + 1 :]


def test_a_link_reads_nothing_of_what_it_never_shows(
    alice: Client, conversation_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ranges: list[str] = []
    read = Table.query_page

    def watched(self: Table, **query: Any) -> Any:
        page, following = read(self, **query)
        ranges.extend(row["SK"][:4] for row in page)
        return page, following

    share_id = share(alice, conversation_id)
    monkeypatch.setattr(Table, "query_page", watched)
    anyone = Client(dispatch, None)
    assert texts_in(opened(anyone, share_id)) == ["Is it warm?", "It is."]
    assert ranges == ["I#0#"] * 2


def test_a_cursor_of_a_hidden_item_counts_in_a_link(alice: Client, conversation_id: str) -> None:
    items = alice.get(f"/v1/conversations/{conversation_id}").body["items"]
    share_id, anyone = share(alice, conversation_id), Client(dispatch, None)
    tool = items[3]["id"]
    assert texts_in(opened(anyone, share_id, after=tool)) == ["It is."]
    assert texts_in(opened(anyone, share_id, before=tool)) == ["Is it warm?"]


def test_the_question_is_found_over_tool_traffic(alice: Client, conversation_id: str) -> None:
    items = alice.get(f"/v1/conversations/{conversation_id}").body["items"]
    path = f"/v1/conversations/{conversation_id}/items"
    made = alice.post(f"{path}/{items[4]['id']}/share", {"include_context": True}).body
    shown = opened(Client(dispatch, None), made["share_id"])
    assert texts_in(shown) == ["Is it warm?", "It is."]
    for hidden in (items[0], items[2], items[3]):
        reply = alice.post(f"{path}/{hidden['id']}/share", {"include_context": True})
        assert (reply.status, reply.error["param"]) == (400, "item_id")


def test_another_spelling_of_an_id_is_no_item(alice: Client, conversation_id: str) -> None:
    path = f"/v1/conversations/{conversation_id}/items"
    alphabet = "0123456789abcdefghijklmnopqrstuv"
    for item in alice.get(f"/v1/conversations/{conversation_id}").body["items"][1:3]:
        for flipped in (1, 2, 3):
            last = alphabet[alphabet.index(item["id"][-1]) ^ flipped]
            other = f"{path}/{item['id'][:-1]}{last}"
            calls: list[Callable[[str], Any]] = [
                alice.get,
                alice.delete,
                lambda where: alice.put(f"{where}/edit", {"content": "x"}),
                lambda where: alice.get(f"{where}/versions"),
                lambda where: alice.post(f"{where}/share"),
            ]
            assert [call(other).status for call in calls] == [404] * len(calls)
        assert alice.get(f"{path}/{item['id']}").body == item


def test_an_edit_leaves_an_item_where_it_is(alice: Client, conversation_id: str) -> None:
    path = f"/v1/conversations/{conversation_id}"
    items = alice.get(path).body["items"]
    for item in items:
        reply = alice.put(f"{path}/items/{item['id']}/edit", {"content": "new"})
        assert (reply.status, reply.body["id"]) == (200, item["id"])
    assert [item["id"] for item in alice.get(path).body["items"]] == [i["id"] for i in items]


def test_an_import_keeps_hidden_what_its_roles_hide(
    alice: Client, rows: Rows, conversation_id: str
) -> None:
    document = json.loads(alice.get(f"/v1/conversations/{conversation_id}/export").text)
    rows.clear()
    for item in document["items"]:
        # As an export of before ids had the mark.
        last = item["id"][-1]
        alphabet = "0123456789abcdefghijklmnopqrstuv"
        item["id"] = item["id"][:-1] + alphabet[alphabet.index(last) & ~1]
    imported = alice.post("/v1/conversations/import", document).body["id"]
    items = alice.get(f"/v1/conversations/{imported}").body["items"]
    assert [item["content"] for item in items] == [turn["content"] for turn in TURNS]
    kept = {row["id"]: row["SK"][:4] for row in rows.of_type("item")}
    assert [kept[item["id"]] for item in items] == ["H#0#", "I#0#", "H#0#", "H#0#", "I#0#", "H#0#"]
    by_call = alice.get(f"/v1/conversations/{imported}/items", call_id="call_1", order="asc")
    assert by_call.body["data"] == items[2:4]


def test_a_fork_holds_what_the_link_shows(alice: Client, bob: Client) -> None:
    conversation_id = talk(alice, "One", "Two")
    alice.post(f"/v1/conversations/{conversation_id}/items", TURNS[3])
    forked = bob.post(f"/v1/shares/{share(alice, conversation_id)}/fork").body["id"]
    items = bob.get(f"/v1/conversations/{forked}").body["items"]
    assert [item["content"] for item in items] == ["One", "Two"]
