"""Entities to rows and back: real attributes beside the keys, nothing parsed back out of a key.

A row is a dict of plain values; ``encode`` and ``decode`` turn it into DynamoDB's protocol and
back. Content that is not a string is kept as JSON text: it comes back as it was sent, whatever
its depth (DynamoDB nests 32 levels) and numbers (DynamoDB has no floats).
"""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from colloquy.domain.conversation import Conversation
from colloquy.domain.erasure import LostVersions
from colloquy.domain.item import Content, Item, Status
from colloquy.domain.project import Project
from colloquy.domain.receipt import Receipt
from colloquy.domain.usage import Usage
from colloquy.domain.version import Version
from colloquy.store import keys

Row = dict[str, Any]

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize
_to_json = partial(json.dumps, ensure_ascii=False, separators=(",", ":"))


def encode(row: Row) -> dict[str, Any]:
    """Return the row as DynamoDB's protocol writes it, without what is None or empty."""
    return {name: _serialize(value) for name, value in row.items() if value not in (None, {})}


def decode(attributes: dict[str, Any]) -> Row:
    """Return the row of a reply."""
    return {name: _deserialize(value) for name, value in attributes.items()}


def timestamp(moment: datetime) -> str:
    """Return RFC 3339 in UTC to the microsecond: always as long, so that it sorts as text."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment_from(text: str) -> datetime:
    """Return the moment of a timestamp."""
    return datetime.fromisoformat(text)


def conversation_to_row(conversation: Conversation) -> Row:
    """Return the header's row, with its place in the project index where it is filed."""
    key = keys.conversation(conversation.owner_id, conversation.id)
    return {
        "PK": key.partition,
        "SK": key.sort,
        **project_index_of(conversation),
        "type": "conversation",
        "id": conversation.id,
        "owner": conversation.owner_id,
        "title": conversation.title,
        "title_source": conversation.title_source,
        "title_tries": conversation.title_tries or None,
        "title_item": conversation.title_item,
        "title_epoch": conversation.title_epoch or None,
        "project_id": conversation.project_id,
        "metadata": dict(conversation.metadata),
        "item_count": conversation.item_count,
        "archived": conversation.archived,
        "newest_item": conversation.newest_item,
        "revision": conversation.revision,
        "created_at": timestamp(conversation.created_at),
        "updated_at": timestamp(conversation.updated_at),
    }


def project_index_of(conversation: Conversation) -> Row:
    """Return the attributes that put the header into its project's part of GSI1."""
    if conversation.project_id is None:
        return {}
    return {
        "GSI1PK": keys.project_partition(conversation.owner_id, conversation.project_id),
        "GSI1SK": keys.conversation(conversation.owner_id, conversation.id).sort,
    }


def conversation_from_row(row: Row) -> Conversation:
    """Return the conversation a header's row holds."""
    return Conversation(
        id=row["id"],
        owner_id=row["owner"],
        title=row.get("title"),
        title_source=row.get("title_source"),
        title_tries=int(row.get("title_tries", 0)),
        title_item=row.get("title_item"),
        title_epoch=int(row.get("title_epoch", 0)),
        project_id=row.get("project_id"),
        metadata=row.get("metadata", {}),
        item_count=int(row["item_count"]),
        archived=row["archived"],
        newest_item=row.get("newest_item"),
        revision=int(row["revision"]),
        created_at=moment_from(row["created_at"]),
        updated_at=moment_from(row["updated_at"]),
    )


def item_to_row(owner_id: str, item: Item) -> Row:
    """Return the message's row: its text in ``content``, or its parts as JSON in ``parts``."""
    key = keys.item(owner_id, item.conversation_id, item.id)
    return {
        "PK": key.partition,
        "SK": key.sort,
        "type": "item",
        "id": item.id,
        "conversation_id": item.conversation_id,
        "role": item.role,
        **content_to_row(item.content),
        "call_id": item.call_id,
        "metadata": dict(item.metadata),
        "version": item.version,
        "model": item.model,
        **usage_to_row(item.usage, item.status),
        "created_at": timestamp(item.created_at),
        "edited_at": timestamp(item.edited_at) if item.edited_at else None,
        "author": item.author,
        "name": item.name,
        "tool_calls": _to_json(item.tool_calls) if item.tool_calls else None,
        "tool_call_id": item.tool_call_id,
        "via_share": item.via_share,
        "kind": item.kind,
        "client_id": item.client_id,
        "phase": item.phase,
    }


def item_from_row(row: Row) -> Item:
    """Return the message a row holds."""
    return Item(
        id=row["id"],
        conversation_id=row["conversation_id"],
        role=row["role"],
        content=_content_from_row(row),
        call_id=row.get("call_id"),
        metadata=row.get("metadata", {}),
        version=int(row["version"]),
        model=row.get("model"),
        usage=_usage_from_row(row),
        status=row.get("status", "completed"),
        created_at=moment_from(row["created_at"]),
        edited_at=moment_from(row["edited_at"]) if "edited_at" in row else None,
        author=row.get("author"),
        name=row.get("name"),
        tool_calls=json.loads(row["tool_calls"]) if "tool_calls" in row else (),
        tool_call_id=row.get("tool_call_id"),
        via_share=row.get("via_share"),
        kind=row.get("kind"),
        client_id=row.get("client_id"),
        phase=row.get("phase"),
    )


def alias_to_row(owner_id: str, item: Item, client_id: str) -> Row:
    """Return the row that finds an item by the id its client brought with it."""
    key = keys.alias(owner_id, item.conversation_id, client_id)
    return {"PK": key.partition, "SK": key.sort, "type": "alias", "item_id": item.id}


def content_to_row(content: Content) -> Row:
    """Return a text as the attribute ``content``, parts or null as JSON in ``parts``."""
    return {"content": content} if isinstance(content, str) else {"parts": _to_json(content)}


def _content_from_row(row: Row) -> Content:
    content: Content = json.loads(row["parts"]) if "parts" in row else row["content"]
    return content


def usage_to_row(usage: Usage | None, status: Status) -> Row:
    """Return what an answer took as a map of its counts that are not 0, and whether it was cut."""
    counts = asdict(usage) if usage else {}
    return {
        "usage": {name: count for name, count in counts.items() if count} or None,
        "status": None if status == "completed" else status,
    }


def _usage_from_row(row: Row) -> Usage | None:
    if "usage" not in row:
        return None
    counts = {"input_tokens": 0, "output_tokens": 0, **row["usage"]}
    return Usage(**{name: int(count) for name, count in counts.items()})


def version_to_row(owner_id: str, item: Item, version: Version) -> Row:
    """Return the row that keeps a text a message has had."""
    key = keys.version(owner_id, item.conversation_id, item.id, version.number)
    return {
        "PK": key.partition,
        "SK": key.sort,
        "type": "version",
        "item_id": item.id,
        "version": version.number,
        **content_to_row(version.content),
        "model": version.model,
        **usage_to_row(version.usage, version.status),
        "created_at": timestamp(version.created_at),
    }


def version_from_row(row: Row) -> Version:
    """Return the older version a row holds."""
    return Version(
        number=int(row["version"]),
        content=_content_from_row(row),
        created_at=moment_from(row["created_at"]),
        model=row.get("model"),
        usage=_usage_from_row(row),
        status=row.get("status", "completed"),
    )


def lost_versions_to_row(lost: LostVersions) -> Row:
    """Return the row of the note that a deleted message's versions are to be erased."""
    key = keys.lost_versions(lost.owner_id, lost.conversation_id, lost.item_id)
    return {
        "PK": key.partition,
        "SK": key.sort,
        "type": "lost_versions",
        "owner": lost.owner_id,
        "conversation_id": lost.conversation_id,
        "item_id": lost.item_id,
        "asked_at": timestamp(lost.asked_at),
    }


def lost_versions_from_row(row: Row) -> LostVersions:
    """Return what a note asks for."""
    return LostVersions(
        owner_id=row["owner"],
        conversation_id=row["conversation_id"],
        item_id=row["item_id"],
        asked_at=moment_from(row["asked_at"]),
    )


def reference_to_row(owner_id: str, item: Item, call_id: str) -> Row:
    """Return the row that finds a message by its call_id."""
    key = keys.reference(owner_id, item.conversation_id, call_id, item.id)
    return {
        "PK": key.partition,
        "SK": key.sort,
        "type": "reference",
        "item_id": item.id,
        "call_id": call_id,
    }


def project_to_row(project: Project) -> Row:
    """Return the project's row."""
    key = keys.project(project.owner_id, project.id)
    return {
        "PK": key.partition,
        "SK": key.sort,
        "type": "project",
        "id": project.id,
        "owner": project.owner_id,
        "title": project.title,
        "description": project.description,
        "instructions": project.instructions,
        "revision": project.revision,
        "created_at": timestamp(project.created_at),
        "updated_at": timestamp(project.updated_at),
    }


def project_from_row(row: Row) -> Project:
    """Return the project a row holds."""
    return Project(
        id=row["id"],
        owner_id=row["owner"],
        title=row["title"],
        description=row.get("description"),
        instructions=row.get("instructions"),
        revision=int(row["revision"]),
        created_at=moment_from(row["created_at"]),
        updated_at=moment_from(row["updated_at"]),
    )


def receipt_to_row(owner_id: str, receipt: Receipt) -> Row:
    """Return the receipt's row; DynamoDB removes it some time after ``ttl``."""
    key = keys.receipt(owner_id, receipt.key)
    return {
        "PK": key.partition,
        "SK": key.sort,
        "type": "receipt",
        "key": receipt.key,
        "fingerprint": receipt.fingerprint,
        "facts": dict(receipt.facts),
        "ttl": int(receipt.expires_at.timestamp()),
    }


def receipt_from_row(row: Row) -> Receipt:
    """Return the receipt a row holds."""
    return Receipt(
        key=row["key"],
        fingerprint=row["fingerprint"],
        facts=row.get("facts", {}),
        expires_at=datetime.fromtimestamp(int(row["ttl"]), UTC),
    )
