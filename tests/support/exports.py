"""Exports and imports as a client does them: part by part, each document as it came."""

import json
from typing import Any

from tests.support.client import Client, Reply

Document = dict[str, Any]


def exported(client: Client, conversation_id: str) -> list[str]:
    """Return all parts of an export, as they came."""
    parts: list[str] = []
    after: dict[str, str] = {}
    while True:
        reply = client.get(f"/v1/conversations/{conversation_id}/export", **after)
        assert reply.status == 200, reply.text
        parts.append(reply.text)
        if reply.body["next_after"] is None:
            return parts
        after = {"after": reply.body["next_after"]}


def sent(client: Client, part: str, import_id: str | None = None, **headers: str) -> Reply:
    """Send one part to the import."""
    query = {"import_id": import_id} if import_id else {}
    return client.request("POST", "/v1/conversations/import", raw=part, headers=headers, **query)


def imported(client: Client, parts: list[str]) -> str:
    """Send all parts, each until it is taken, and return what the conversation is called."""
    import_id: str | None = None
    for part in parts:
        upto = object()
        while upto != json.loads(part)["next_after"]:
            reply = sent(client, part, import_id)
            assert reply.status in {201, 202}, reply.text
            import_id, upto = reply.body["id"], reply.body.get("next_after")
    assert reply.status == 201
    return str(import_id)


def said(parts: list[str]) -> Document:
    """Return what the parts of an export say together, but for the ids an import makes anew."""
    documents = [json.loads(part) for part in parts]
    whole: Document = {**documents[0]["conversation"], "items": []}
    del whole["id"]
    for document in documents:
        entries = document["items"]
        # A message that was cut is whole in the part where it ends.
        if entries and whole["items"] and whole["items"][-1]["id"] == entries[0]["id"]:
            entries[0]["versions"] = whole["items"].pop()["versions"] + entries[0]["versions"]
        whole["items"] += entries
    for entry in whole["items"]:
        del entry["id"]
    return whole
