"""An item: one message of a conversation."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from colloquy.domain import ids
from colloquy.domain.page import answer_bytes
from colloquy.domain.title import AutomaticTitle, title_from
from colloquy.domain.usage import Usage

Role = Literal["user", "assistant", "system", "developer", "tool"]
ContentPart = Mapping[str, Any]
Content = str | Sequence[ContentPart] | None
"""A text, parts, or None: an assistant that only calls tools."""
ToolCall = Mapping[str, Any]
Status = Literal["completed", "incomplete"]
"""Incomplete is what a model wrote until it met the limit of its answer."""

MAX_MESSAGE_BYTES: Final = 350 * 1024
"""A message in UTF-8 JSON: DynamoDB holds 400 KB a row, names and the other fields included."""
MAX_CALL_ID: Final = 256
MAX_NAME: Final = 256
MAX_TOOL_CALLS: Final = 128
"""Tool calls of one message: as many as a request to OpenAI's Chat Completions may have tools."""

SHOWN_ROLES: Final[frozenset[Role]] = frozenset({"user", "assistant"})
"""Whose messages a share link shows: neither instructions nor tool traffic."""

_TEXT_PARTS: Final = frozenset({"text", "input_text", "output_text"})
_TRAFFIC_PARTS: Final = frozenset(
    {
        "function_call",
        "function_call_output",
        "reasoning",
        "redacted_thinking",
        "server_tool_use",
        "thinking",
        "tool_call",
        "tool_result",
        "tool_use",
    }
)
"""Parts that are a model's work and no text: what providers call theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemDraft:
    """A message before it has an id and a place: a client's, or the answer of a ``model``.

    ``name``, ``tool_calls`` and ``tool_call_id`` are those of Chat Completions' messages;
    ``kind``, ``client_id`` and ``phase`` are those of ``Item``.
    """

    role: Role
    content: Content
    call_id: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    name: str | None = None
    tool_calls: Sequence[ToolCall] = ()
    tool_call_id: str | None = None
    model: str | None = None
    usage: Usage | None = None
    status: Status = "completed"
    kind: str | None = None
    client_id: str | None = None
    phase: str | None = None

    @property
    def size(self) -> int:
        """Bytes of the message in UTF-8 JSON, to be held against ``MAX_MESSAGE_BYTES``."""
        message: dict[str, object] = {"role": self.role, "content": self.content}
        if self.call_id is not None:
            message["call_id"] = self.call_id
        if self.metadata:
            message["metadata"] = dict(self.metadata)
        message |= self.chat_fields
        if self.client_id is not None:
            message["client_id"] = self.client_id
        return len(json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode())

    @property
    def chat_fields(self) -> dict[str, Any]:
        """What Chat Completions has beside the content, without what is absent."""
        return _chat_fields(self)

    @property
    def answer_bytes(self) -> int:
        """What the message takes of an answer (``page.MAX_ANSWER_BYTES``)."""
        return answer_bytes(self.content, self.call_id, dict(self.metadata), self.chat_fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One message: ``version`` counts its texts, ``model`` names what wrote the current one.

    ``usage`` is what that one took, and ``status`` whether it came to its end.
    ``via_share`` is the link a viewer wrote it through, ``author`` that viewer. ``kind`` is the
    type of an item that is no message, as OpenAI's API has them (a function call, reasoning):
    it is kept verbatim as the only part of ``content``. ``client_id`` is an id the client brought
    with it, ``phase`` what an assistant's message is to its turn.
    """

    id: str
    conversation_id: str
    role: Role
    content: Content
    created_at: datetime
    call_id: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    version: int = 1
    model: str | None = None
    usage: Usage | None = None
    status: Status = "completed"
    edited_at: datetime | None = None
    author: str | None = None
    via_share: str | None = None
    name: str | None = None
    tool_calls: Sequence[ToolCall] = ()
    tool_call_id: str | None = None
    kind: str | None = None
    client_id: str | None = None
    phase: str | None = None

    @property
    def chat_fields(self) -> dict[str, Any]:
        """What Chat Completions has beside the content, without what is absent."""
        return _chat_fields(self)

    @property
    def etag(self) -> str:
        """The entity tag of this state, quotes included."""
        return f'"{self.version}"'

    @property
    def answer_bytes(self) -> int:
        """What the message takes of an answer (``page.MAX_ANSWER_BYTES``)."""
        return answer_bytes(
            self.content,
            self.call_id,
            dict(self.metadata),
            self.model,
            self.author,
            self.chat_fields,
            self.usage.counts if self.usage else None,
        )


def _chat_fields(message: ItemDraft | Item) -> dict[str, Any]:
    fields = {
        "name": message.name,
        "tool_calls": message.tool_calls,
        "tool_call_id": message.tool_call_id,
    }
    return {name: value for name, value in fields.items() if value}


def is_hidden(role: Role, content: Content, kind: str | None = None) -> bool:
    """Return whether share links never show such an item, whoever's it is.

    Hidden are items that are no messages, the roles that are not shown, and an assistant's message
    of nothing but tool calls or reasoning. Decided when an item is written, and kept in its id from
    then on (docs/adr/0085); what may be text to somebody counts as shown.
    """
    if kind is not None or role not in SHOWN_ROLES:
        return True
    if role != "assistant" or (isinstance(content, str) and content):
        return False
    parts = () if isinstance(content, str) or content is None else content
    return all(part.get("type") in _TRAFFIC_PARTS for part in parts)


def mint_item_ids(
    drafts: Sequence[ItemDraft], now: datetime, *, after: str | None = None
) -> list[str]:
    """Return new ids for messages in their order, all behind ``after``."""
    minted: list[str] = []
    for draft in drafts:
        hidden = is_hidden(draft.role, draft.content, draft.kind)
        after = ids.mint(ids.ITEM, now, after=after, hidden=hidden)
        minted.append(after)
    return minted


def automatic_title(items: Iterable[Item]) -> AutomaticTitle | None:
    """Return the title these messages give a conversation that has none, or None.

    It comes from the owner's own words, never from what a viewer wrote through a link.
    """
    for item in items:
        if item.role == "user" and item.via_share is None:
            title = title_from(text_of(item.content))
            if title is not None:
                return AutomaticTitle(title, item.id)
    return None


def text_of(content: Content) -> str:
    """Return what can be read in a message: its text, without images and unknown parts."""
    if isinstance(content, str):
        return content
    texts = [part.get("text") for part in content or () if part.get("type") in _TEXT_PARTS]
    return "\n".join(text for text in texts if isinstance(text, str))
