"""The commands of the Conversation Management Guide, as printed, over HTTP."""

import httpx


def test_the_guides_conversation(alice: httpx.Client) -> None:
    project = alice.post(
        "/v1/projects",
        json={"title": "My AI Research", "description": "Conversations about machine learning"},
    )
    assert project.status_code == 201
    assert {"id", "title", "created_at"} <= set(project.json())
    project_id = project.json()["id"]

    created = alice.post(
        "/v1/conversations", json={"title": "Project Planning", "project_id": project_id}
    )
    assert created.status_code == 201
    assert created.headers["content-type"] == "application/json"
    assert {"id", "title", "project_id", "created_at", "updated_at"} <= set(created.json())
    conversation = f"/v1/conversations/{created.json()['id']}"

    sent = alice.post(
        f"{conversation}/items",
        json={
            "role": "user",
            "content": "What are the next steps?",
            "call_id": "optional-external-id",
        },
    )
    assert sent.status_code == 201
    assert {"id", "role", "content", "created_at"} <= set(sent.json())
    alice.post(
        f"{conversation}/items", json={"role": "assistant", "content": "Great! Let me help you..."}
    )

    listed = alice.get("/v1/conversations", params={"limit": 10, "project_id": project_id}).json()
    assert [(entry["id"], entry["item_count"]) for entry in listed["data"]] == [
        (created.json()["id"], 2)
    ]
    assert listed["next_after"] is None

    opened = alice.get(conversation).json()
    assert [item["role"] for item in opened["items"]] == ["user", "assistant"]

    renamed = alice.patch(conversation, json={"title": "Updated Project Title"})
    assert (renamed.status_code, renamed.json()["title"]) == (200, "Updated Project Title")
    filed = alice.patch(conversation, json={"project_id": project_id})
    assert (filed.status_code, filed.json()["project_id"]) == (200, project_id)
    in_project = alice.get(f"/v1/projects/{project_id}/conversations").json()["data"]
    assert [entry["id"] for entry in in_project] == [created.json()["id"]]

    deleted = alice.delete(conversation)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert alice.get(conversation).status_code == 404


def test_what_curl_sends_without_a_content_type_is_a_415(alice: httpx.Client) -> None:
    reply = alice.post("/v1/conversations", data={"title": "x"})
    assert reply.status_code == 415
    assert reply.json()["error"]["code"] == "unsupported_media_type"


def test_unknown_paths_and_wrong_methods_have_the_envelope(alice: httpx.Client) -> None:
    for path in ("/v1/nowhere", "/v1/conversations/", "/v1//conversations", "/%00"):
        reply = alice.get(path)
        assert (reply.status_code, reply.json()["error"]["code"]) == (404, "not_found")
        assert reply.headers["x-request-id"] == reply.json()["error"]["request_id"]
    wrong = alice.put("/v1/conversations", json={})
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "DELETE, GET, POST")
    head = alice.head("/v1/conversations")
    assert (head.status_code, head.content) == (405, b"")


def test_encoded_paths_and_hostile_queries_are_only_that(alice: httpx.Client) -> None:
    for path in ("/v1/conversations/%2e%2e%2f", "/v1/conversations/a%2Fb", "/v1/conversations/%F0"):
        assert alice.get(path).status_code == 404
    assert alice.get("/v1/conversations?limit=1&limit=2").status_code == 400
    assert alice.get("/v1/conversations?after=%ff").status_code == 400
    for query in ("x" * 3_000, "_=1"):
        reply = alice.get(f"/v1/conversations?{query}")
        assert (reply.status_code, reply.json()["error"]["code"]) == (400, "unknown_parameter")


def test_bodies_at_the_limits(alice: httpx.Client) -> None:
    conversation = alice.post("/v1/conversations", json={}).json()["id"]
    path = f"/v1/conversations/{conversation}/items"
    big = {"role": "user", "content": "é" * 170_000}
    assert alice.post(path, json=big).status_code == 201
    assert alice.post(path, json={"items": [big] * 11}).status_code == 201
    too_big = {"role": "user", "content": "x" * 360_000}
    assert alice.post(path, json=too_big).json()["error"]["code"] == "too_large"
    over_5_mb = alice.post(path, content=b'{"x":"' + b"x" * 5_100_000 + b'"}', headers=JSON)
    assert (over_5_mb.status_code, over_5_mb.json()["error"]["code"]) == (413, "too_large")
    over_10_mb = alice.post(path, content=b"x" * 10_500_000, headers=JSON)
    assert over_10_mb.status_code == 413
    page = alice.get(path, params={"limit": 100, "order": "asc"})
    assert page.status_code == 200
    assert len(page.content) < 6_000_000


JSON = {"Content-Type": "application/json"}
