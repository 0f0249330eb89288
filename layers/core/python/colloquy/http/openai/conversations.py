"""The wire models of the dialect's conversations and lists."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import BaseModel, ConfigDict, Field

from colloquy.domain.conversation import MAX_ITEMS_PER_WRITE, Conversation
from colloquy.domain.page import MAX_LIMIT, Order, Page
from colloquy.http.models import Answer

Json = dict[str, Any]


class OpenAIBody(BaseModel):
    """A body of the dialect: fields that it does not know are ignored, as SDKs add their own."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


MetadataIn = Annotated[
    Json | None,
    Field(description="Up to 16 pairs of key (64 characters) and value (512 characters)."),
]
ItemsIn = Annotated[
    list[Json],
    Field(
        min_length=1,
        max_length=MAX_ITEMS_PER_WRITE,
        description="Items of any of OpenAI's types, in the order they are to have.",
    ),
]
FirstItemsIn = Annotated[
    list[Json] | None,
    Field(max_length=MAX_ITEMS_PER_WRITE, description="The conversation's first items."),
]
CreatedAtSeconds = Annotated[int, Field(description="When it was created, in Unix seconds.")]

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Entries per page, 20 by default.")]
After = Annotated[str | None, Query(description="The id after which the page begins.")]
OrderBy = Annotated[Order, Query(description="By creation: newest or oldest first.")]

DEFAULT_LIMIT: Final = 20


class OpenAIConversationCreate(OpenAIBody):
    """A conversation to create, with its first items if some are sent."""

    metadata: MetadataIn = None
    items: FirstItemsIn = None


class OpenAIConversationUpdate(OpenAIBody):
    """New metadata of a conversation: it replaces what was there."""

    metadata: MetadataIn


class OpenAIItemsCreate(OpenAIBody):
    """Items to append to a conversation, all or nothing."""

    items: ItemsIn


class OpenAIConversation(Answer):
    """A conversation of the dialect, without its items."""

    id: Annotated[str, Field(description="The conversation's id.")]
    object: Literal["conversation"] = "conversation"
    created_at: CreatedAtSeconds
    metadata: Annotated[dict[str, str], Field(description="The client's own pairs.")]

    @classmethod
    def of(cls, conversation: Conversation) -> "OpenAIConversation":
        """Return a conversation as the dialect gives it."""
        return cls(
            id=conversation.id,
            created_at=seconds(conversation.created_at),
            metadata=dict(conversation.metadata),
        )


class OpenAIConversationDeleted(Answer):
    """The confirmation that a conversation was deleted."""

    id: Annotated[str, Field(description="The conversation's id.")]
    object: Literal["conversation.deleted"] = "conversation.deleted"
    deleted: Literal[True] = True


class OpenAIList(Answer):
    """A page of a list of the dialect."""

    object: Literal["list"] = "list"
    data: Annotated[list[Json], Field(description="The entries, in the order asked for.")]
    first_id: Annotated[str | None, Field(description="The first entry's id.")]
    last_id: Annotated[str | None, Field(description="The last entry's id: the next `after`.")]
    has_more: Annotated[bool, Field(description="Whether another page follows.")]


def list_of(entries: Sequence[Json], page: Page[Any] | None = None) -> OpenAIList:
    """Return a list, or the page of one.

    A page that ended early, behind rows that were only looked at, has its cursor as ``last_id``.
    """
    last_id = entries[-1]["id"] if entries else None
    if (
        page is not None
        and page.has_more
        and not (page.data and page.next_after == page.data[-1].id)
    ):
        last_id = page.next_after
    return OpenAIList(
        data=list(entries),
        first_id=entries[0]["id"] if entries else None,
        last_id=last_id,
        has_more=page is not None and page.has_more,
    )


def seconds(moment: datetime) -> int:
    """Return a time in whole Unix seconds."""
    return int(moment.timestamp())
