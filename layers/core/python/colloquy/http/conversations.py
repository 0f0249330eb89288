"""The wire models of conversations."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator

from colloquy.domain.conversation import (
    MAX_ITEMS_PER_WRITE,
    MAX_TITLE,
    Conversation,
    ConversationChanges,
)
from colloquy.domain.item import Item
from colloquy.domain.page import Page
from colloquy.http.items import ItemCreate, ItemOut
from colloquy.http.models import (
    Metadata,
    PatchBody,
    RequestBody,
    ResponseBody,
    at_most,
    refuse_null,
)
from colloquy.services.conversations import ConversationDraft

Title = Annotated[
    str,
    AfterValidator(at_most(MAX_TITLE)),
    Field(description=f"1 to {MAX_TITLE} characters after trimming, kept verbatim."),
]


class ConversationCreate(RequestBody):
    """A conversation to create; without a title it gets one from its first user message."""

    title: Title | None = None
    project_id: str | None = None
    metadata: Metadata | None = None
    items: Annotated[list[ItemCreate], Field(max_length=MAX_ITEMS_PER_WRITE)] | None = None

    def draft(self) -> ConversationDraft:
        """Return the conversation as the services take it; an empty project_id is none."""
        return ConversationDraft(
            title=self.title,
            project_id=self.project_id or None,
            metadata=self.metadata or {},
            items=[item.draft() for item in self.items or ()],
        )


class ConversationPatch(PatchBody):
    """What a client may change; ``project_id`` null or empty takes it out of its project."""

    _stays = field_validator("title", "archived", mode="before")(refuse_null)

    title: Title | None = None
    project_id: str | None = None
    metadata: Metadata | None = None
    archived: bool | None = None

    def changes(self) -> ConversationChanges:
        """Return the fields the client sent."""
        fields = {name: getattr(self, name) for name in self.model_fields_set}
        if "project_id" in fields:
            fields["project_id"] = self.project_id or None
        if "metadata" in fields:
            fields["metadata"] = self.metadata or {}
        return ConversationChanges(fields=fields)


class ConversationOut(ResponseBody):
    """A conversation without its messages."""

    object: Literal["conversation"] = "conversation"
    title: str | None
    title_source: Literal["user", "auto"] | None
    project_id: str | None
    metadata: dict[str, str]
    item_count: int
    archived: bool
    created_at: datetime
    updated_at: datetime


class OpenConversationOut(ConversationOut):
    """A conversation with its messages in reading order.

    ``items_next_after`` is null when all are there; else GET …/items goes on behind it.
    """

    items: list[ItemOut]
    items_next_after: str | None

    @classmethod
    def of(cls, conversation: Conversation, items: Page[Item]) -> "OpenConversationOut":
        """Return the conversation with the messages that fit the answer."""
        header = ConversationOut.model_validate(conversation)
        return cls(
            **dict(header),
            items=[ItemOut.model_validate(item) for item in items.data],
            items_next_after=items.next_after,
        )
