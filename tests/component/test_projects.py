"""Projects, from event to rows."""

from typing import Any

import pytest

from colloquy import wiring
from colloquy.store.conversations import ConversationStore
from colloquy.store.projects import ProjectStore
from tests.support.client import Client, Reply
from tests.support.functions import handler_of
from tests.support.role import acting_as
from tests.support.rows import Rows
from tests.support.stream import Stream

purge = handler_of("PurgeFunction")


def test_the_guides_project_comes_back_as_printed(alice: Client) -> None:
    body = {"title": "My AI Research", "description": "Conversations about machine learning"}
    reply = alice.post("/v1/projects", body)

    assert reply.status == 201
    assert list(reply.body) == [
        "id",
        "object",
        "title",
        "description",
        "instructions",
        "created_at",
        "updated_at",
    ]
    assert reply.body["id"].startswith("proj_")
    assert reply.headers["location"] == f"/v1/projects/{reply.body['id']}"
    assert alice.get(reply.headers["location"]).body == reply.body


def test_name_and_instruction_are_accepted(alice: Client) -> None:
    reply = alice.post("/v1/projects", {"name": "P", "instruction": "Be brief."}).body
    assert (reply["title"], reply["instructions"]) == ("P", "Be brief.")
    changed = alice.patch(f"/v1/projects/{reply['id']}", {"name": "Q", "instruction": None}).body
    assert (changed["title"], changed["instructions"]) == ("Q", None)


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({}, "missing_required", "title"),
        ({"title": " "}, "below_min", "title"),
        ({"title": "x" * 121}, "above_max", "title"),
        ({"title": None}, "invalid_value", "title"),
        ({"title": "x", "description": "x" * 2_001}, "above_max", "description"),
        ({"title": "x", "instructions": "x" * 32_769}, "above_max", "instructions"),
        ({"title": "x", "colour": "red"}, "unknown_parameter", "colour"),
    ],
)
def test_a_project_that_cannot_succeed_is_refused_by_name(
    alice: Client, rows: Rows, body: dict[str, Any], code: str, param: str
) -> None:
    reply = alice.post("/v1/projects", body)
    assert (reply.status, reply.error["code"], reply.error["param"]) == (400, code, param)
    assert rows.all() == []


def test_an_update_changes_what_was_sent_and_nothing_else(alice: Client) -> None:
    created = alice.post("/v1/projects", {"title": "P", "description": "D", "instructions": "I"})
    path = f"/v1/projects/{created.body['id']}"

    changed = alice.patch(path, {"description": None}, headers={"If-Match": '"1"'})
    assert changed.status == 200
    assert (changed.body["title"], changed.body["description"]) == ("P", None)
    assert changed.body["instructions"] == "I"
    assert changed.body["updated_at"] > created.body["updated_at"]
    assert alice.patch(path, {"title": "Q"}, headers={"If-Match": '"1"'}).status == 412
    assert alice.delete(path, headers={"If-Match": '"1"'}).status == 412
    assert alice.patch(path, {}).error["code"] == "missing_required"
    assert alice.patch(path, {"title": None}).error["param"] == "title"
    assert alice.get(path).body == changed.body


def test_pages_of_projects_are_complete_and_fit_an_answer(alice: Client) -> None:
    for n in range(44):
        alice.post("/v1/projects", {"title": str(n), "instructions": '"' * 32_768})
    titles: list[str] = []
    after: dict[str, Any] = {}
    while True:
        page = alice.get("/v1/projects", limit=100, order="asc", **after).body
        titles += [project["title"] for project in page["data"]]
        if not page["has_more"]:
            break
        after = {"after": page["next_after"]}
    assert titles == [str(n) for n in range(44)]


def test_conversations_are_filed_moved_and_taken_out(alice: Client) -> None:
    one, two = (alice.post("/v1/projects", {"title": t}).body["id"] for t in ("One", "Two"))
    filed = alice.post("/v1/conversations", {"project_id": one}).body
    later = alice.post("/v1/conversations").body
    alice.post("/v1/conversations")

    def listed(project_id: str) -> list[str]:
        by_project = alice.get(f"/v1/projects/{project_id}/conversations").body
        assert by_project == alice.get("/v1/conversations", project_id=project_id).body
        return [entry["id"] for entry in by_project["data"]]

    assert filed["project_id"] == one
    moved = alice.patch(f"/v1/conversations/{later['id']}", {"project_id": one})
    assert (moved.status, moved.body["project_id"]) == (200, one)
    assert listed(one) == [later["id"], filed["id"]]

    alice.patch(f"/v1/conversations/{filed['id']}", {"project_id": two})
    assert (listed(one), listed(two)) == ([later["id"]], [filed["id"]])
    for nothing in (None, ""):
        taken = alice.patch(f"/v1/conversations/{filed['id']}", {"project_id": nothing})
        assert taken.body["project_id"] is None
    assert listed(two) == []
    assert alice.get(f"/v1/conversations/{filed['id']}").body["project_id"] is None


def test_it_can_be_filed_only_in_a_project_of_ones_own(alice: Client, bob: Client) -> None:
    bobs = bob.post("/v1/projects", {"title": "Bob's"}).body["id"]
    path = f"/v1/conversations/{alice.post('/v1/conversations').body['id']}"
    for project_id in (bobs, "proj_" + "0" * 26, "nonsense"):
        for update in (alice.patch, alice.post):
            reply = update(path, {"project_id": project_id})
            assert (reply.status, reply.error["param"]) == (404, "project_id")
    assert alice.get(path).body["project_id"] is None


def test_item_count_in_a_projects_list_is_exact(alice: Client) -> None:
    project = alice.post("/v1/projects", {"title": "P"}).body["id"]
    filed = alice.post("/v1/conversations", {"project_id": project}).body["id"]
    alice.post(f"/v1/conversations/{filed}/items", {"role": "user", "content": "x"})
    listed = alice.get(f"/v1/projects/{project}/conversations").body["data"]
    assert [entry["item_count"] for entry in listed] == [1]


def test_a_page_of_a_project_is_filled_past_archived_and_moved_ones(alice: Client) -> None:
    project = alice.post("/v1/projects", {"title": "P"}).body["id"]
    ids = [alice.post("/v1/conversations", {"project_id": project}).body["id"] for _ in range(12)]
    for archived in ids[1:8]:
        alice.patch(f"/v1/conversations/{archived}", {"archived": True})
    path = f"/v1/projects/{project}/conversations"
    page = alice.get(path, limit=3, order="asc").body
    assert [entry["id"] for entry in page["data"]] == [ids[0], ids[8], ids[9]]
    rest = alice.get(path, limit=3, order="asc", after=page["next_after"]).body
    assert [entry["id"] for entry in rest["data"]] == ids[10:]
    assert not rest["has_more"]


def test_deleting_a_project_leaves_its_conversations_outside(alice: Client, rows: Rows) -> None:
    project = alice.post("/v1/projects", {"title": "P"}).body["id"]
    ids = [alice.post("/v1/conversations", {"project_id": project}).body["id"] for _ in range(20)]
    assert alice.delete(f"/v1/projects/{project}").status == 204
    assert alice.delete(f"/v1/projects/{project}").status == 404
    assert alice.get(f"/v1/projects/{project}").status == 404
    assert alice.get(f"/v1/projects/{project}/conversations").status == 404
    listed = alice.get("/v1/conversations", limit=100, order="asc").body["data"]
    assert [(entry["id"], entry["project_id"]) for entry in listed] == [(i, None) for i in ids]
    assert not [row for row in rows.all() if "GSI1PK" in row]


def test_deleting_a_project_with_its_conversations(alice: Client) -> None:
    project, other = (alice.post("/v1/projects", {"title": t}).body["id"] for t in "PQ")
    for _ in range(3):
        alice.post("/v1/conversations", {"project_id": project})
    kept = alice.post("/v1/conversations", {"project_id": other}).body["id"]
    refused = alice.delete(f"/v1/projects/{project}", conversations="burn")
    assert (refused.status, refused.error["param"]) == (400, "conversations")
    assert alice.delete(f"/v1/projects/{project}", conversations="delete").status == 204
    assert [entry["id"] for entry in alice.get("/v1/conversations").body["data"]] == [kept]


def test_a_deletion_that_was_cut_off_hides_the_project_and_can_be_finished(
    alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = alice.post("/v1/projects", {"title": "P"}).body["id"]
    filed = alice.post("/v1/conversations", {"project_id": project}).body["id"]

    def cut_off(*_: object) -> None:
        raise RuntimeError("cut off")

    with monkeypatch.context() as broken:
        broken.setattr(ProjectStore, "finish_deleting", cut_off)
        assert alice.delete(f"/v1/projects/{project}").status == 500

    assert alice.get(f"/v1/projects/{project}").status == 404
    assert alice.get("/v1/projects").body["data"] == []
    assert alice.patch(f"/v1/projects/{project}", {"title": "x"}).status == 404
    renamed = alice.post(
        f"/v1/conversations/{filed}", {"title": "x"}, headers={"Idempotency-Key": "key"}
    )
    assert renamed.status == 200, "a title does not ask for a project that is going"
    refiled = alice.patch(f"/v1/conversations/{filed}", {"project_id": project})
    assert refiled.status == 404
    assert alice.delete(f"/v1/projects/{project}").status == 204
    assert alice.delete(f"/v1/projects/{project}").status == 404


@pytest.mark.parametrize("conversations", ["keep", "delete"])
def test_purge_finishes_a_deletion_that_was_cut_off(
    alice: Client,
    rows: Rows,
    stream: Stream,
    monkeypatch: pytest.MonkeyPatch,
    conversations: str,
) -> None:
    project = alice.post("/v1/projects", {"title": "P"}).body["id"]
    filed = alice.post("/v1/conversations", {"project_id": project}).body["id"]

    def cut_off(*_: object) -> None:
        raise RuntimeError("cut off")

    with monkeypatch.context() as broken:
        broken.setattr(ConversationStore, "filed_in", cut_off)
        query = {"conversations": conversations}
        assert alice.delete(f"/v1/projects/{project}", **query).status == 500
    assert rows.of_type("project")

    with acting_as("PurgeFunction"):
        told = [(done.kind, done.finished) for done in wiring.erasures().work(stream.take())]
    assert told == [("project", True)]
    assert rows.of_type("project") == []
    stream.feed(purge)
    opened = alice.get(f"/v1/conversations/{filed}")
    assert opened.status == (200 if conversations == "keep" else 404)
    assert conversations == "delete" or opened.body["project_id"] is None


def test_someone_elses_project_looks_absent(alice: Client, bob: Client) -> None:
    hers = f"/v1/projects/{alice.post('/v1/projects', {'title': 'P'}).body['id']}"
    absent = "/v1/projects/proj_" + "0" * 26

    def calls(path: str) -> list[Reply]:
        return [
            bob.get(path),
            bob.patch(path, {"title": "x"}),
            bob.delete(path),
            bob.get(f"{path}/conversations"),
        ]

    for foreign, never_was in zip(calls(hers), calls(absent), strict=True):
        assert foreign.status == never_was.status == 404
        assert foreign.text == never_was.text
    assert bob.get("/v1/projects").body["data"] == []
    assert alice.get(hers).status == 200
