"""The wire models of conversations."""

from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, field_validator

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
    ConversationId,
    CreatedAt,
    Metadata,
    PatchBody,
    RequestBody,
    ResponseBody,
    UpdatedAt,
    at_most,
    change,
    counted,
    no_longer_than,
    refuse_null,
    title_of,
)
from colloquy.services.conversations import ConversationDraft

Title = Annotated[
    str,
    AfterValidator(at_most(MAX_TITLE)),
    title_of(MAX_TITLE, f"1 to {MAX_TITLE} characters after trimming, kept verbatim."),
]
ProjectToFileIn = Annotated[str, Field(description="One of the caller's projects.")]
Archived = Annotated[bool, Field(description="Whether it is out of the usual list.")]


class ConversationCreate(RequestBody):
    """A conversation to create; without a title it gets one from its first user message."""

    title: Title | None = None
    project_id: ProjectToFileIn | None = None
    metadata: Metadata | None = None
    items: (
        Annotated[
            list[ItemCreate],
            Field(
                max_length=MAX_ITEMS_PER_WRITE,
                fail_fast=True,
                description="Its first messages, in this order, all or nothing.",
            ),
            no_longer_than(MAX_ITEMS_PER_WRITE),
        ]
        | None
    ) = None

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

    model_config = ConfigDict(json_schema_extra=change("title", "archived"))

    _stays = field_validator("title", "archived", mode="before")(refuse_null)

    title: Title | None = None
    project_id: (
        Annotated[
            str,
            Field(description="One of the caller's projects; null or empty takes it out of its."),
        ]
        | None
    ) = None
    metadata: Metadata | None = None
    archived: Archived | None = None

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

    id: ConversationId
    object: Literal["conversation"] = "conversation"
    title: Annotated[str | None, Field(description="Null until its first user message.")]
    title_source: Annotated[
        Literal["user", "auto"] | None,
        Field(description="Who gave the title; an automatic one may still improve."),
    ]
    project_id: Annotated[str | None, Field(description="The project it is filed in, or null.")]
    metadata: Annotated[dict[str, str], Field(description="The client's own pairs, as they came.")]
    item_count: Annotated[int, counted("How many messages it has.")]
    archived: Archived
    created_at: CreatedAt
    updated_at: UpdatedAt


class OpenConversationOut(ConversationOut):
    """A conversation with its messages."""

    items: Annotated[
        list[ItemOut], Field(description="Its messages, as many as fit an answer of 5 MB.")
    ]
    items_next_after: Annotated[
        str | None,
        Field(description="Null when all are there; else GET …/items goes on behind this id."),
    ]

    @classmethod
    def of(cls, conversation: Conversation, items: Page[Item]) -> "OpenConversationOut":
        """Return the conversation with the messages that fit the answer."""
        header = ConversationOut.model_validate(conversation)
        return cls(
            **dict(header),
            items=[ItemOut.model_validate(item) for item in items.data],
            items_next_after=items.next_after,
        )
