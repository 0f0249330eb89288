"""Exports and imports over HTTP: more than an answer holds, there and back."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx

SignIn = Callable[[str], httpx.Client]


def parts_of(client: httpx.Client, conversation_id: str, form: str) -> Iterator[httpx.Response]:
    """Follow the links from part to part."""
    address: str | None = f"/v1/conversations/{conversation_id}/export?format={form}"
    while address is not None:
        reply = client.get(address)
        assert reply.status_code == 200, reply.text
        yield reply
        address = reply.links["next"]["url"] if "next" in reply.links else None


def said(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what the messages of all parts say, but for their ids."""
    return [{**item, "id": ""} for part in parts for item in part["items"]]


def test_megabytes_go_out_in_parts_and_come_back_as_one(
    alice: httpx.Client, sign_in: SignIn
) -> None:
    created = alice.post("/v1/conversations", json={"title": "Größe"}).json()["id"]
    text = 'He said: "čau" \\ 漢字 🙂. ' * 600
    for start in range(0, 400, 20):
        some = [{"role": "user", "content": f"{n} {text}", "call_id": "c"} for n in range(20)]
        reply = alice.post(f"/v1/conversations/{created}/items", json={"items": some})
        assert reply.status_code == 201, (start, reply.text)
    item_id = alice.get(f"/v1/conversations/{created}/items?order=asc").json()["first_id"]
    for n in range(3):
        path = f"/v1/conversations/{created}/items/{item_id}/edit"
        assert alice.put(path, json={"content": f"edit {n} {text}"}).status_code == 200

    parts = list(parts_of(alice, created, "json"))

    assert len(parts) > 1
    assert all(len(part.content) < 5_000_000 for part in parts)
    bob = sign_in("bob of exports")
    query: dict[str, str] = {}
    for part in parts:
        reply = bob.post(
            "/v1/conversations/import",
            content=part.content,
            headers={"Content-Type": "application/json"},
            params=query,
        )
        assert reply.status_code in {201, 202}, reply.text
        query = {"import_id": reply.json()["id"]}
    assert reply.status_code == 201
    assert reply.headers["location"] == f"/v1/conversations/{reply.json()['id']}"
    assert (reply.json()["item_count"], reply.json()["title"]) == (400, "Größe")
    again = [part.json() for part in parts_of(bob, reply.json()["id"], "json")]
    assert said(again) == said([json.loads(part.content) for part in parts])
    for form in ("html", "markdown"):
        texts = [part.text for part in parts_of(bob, reply.json()["id"], form)]
        assert sum(each.count("edit 2 He said") for each in texts) == 1


def test_nothing_is_exported_or_imported_without_a_token(alice: httpx.Client) -> None:
    created = alice.post("/v1/conversations", json={}).json()["id"]
    document = alice.get(f"/v1/conversations/{created}/export").json()
    with httpx.Client(base_url=alice.base_url) as nobody:
        assert nobody.get(f"/v1/conversations/{created}/export").status_code == 401
        assert nobody.post("/v1/conversations/import", json=document).status_code == 401
    assert alice.post("/v1/conversations/import", json=document).status_code == 201
