"""The wire models of share links, and of what they show."""

from typing import Annotated, Literal

from pydantic import Field

from colloquy.domain.item import ItemDraft
from colloquy.domain.share import DEFAULT_EXPIRES_IN, MAX_EXPIRES_IN, MIN_EXPIRES_IN, Share, View
from colloquy.http.address import link_url
from colloquy.http.content import ContentIn, ContentOut
from colloquy.http.conversations import Title
from colloquy.http.models import (
    Answer,
    ConversationId,
    CreatedAt,
    ExpiresAt,
    HasMore,
    ItemId,
    NextAfter,
    RequestBody,
    ResponseBody,
    ShareId,
    Whole,
    counted,
)
from colloquy.services.shares import ListedShare, ShareDraft

ExpiresIn = Annotated[
    int,
    Field(
        ge=MIN_EXPIRES_IN,
        le=MAX_EXPIRES_IN,
        description=f"Seconds the link works, {DEFAULT_EXPIRES_IN:,} by default.",
    ),
    Whole,
]
ReadOnly = Annotated[
    bool, Field(description="Whether viewers can only read; else they may write into it.")
]
IncludeContext = Annotated[
    bool, Field(description="Whether the nearest user message before it is shown too.")
]
Url = Annotated[
    str, Field(description="Where the link opens.", json_schema_extra={"format": "uri"})
]
ShownTitle = Annotated[str | None, Field(description="The title viewers see, or null.")]


class ShareCreate(RequestBody):
    """A link to make to a conversation."""

    expires_in: ExpiresIn = DEFAULT_EXPIRES_IN
    read_only: ReadOnly = True
    title: Title | None = None

    def draft(self) -> ShareDraft:
        """Return the link as the services take it."""
        return ShareDraft(expires_in=self.expires_in, read_only=self.read_only, title=self.title)


class MessageShareCreate(RequestBody):
    """A link to make to one message."""

    expires_in: ExpiresIn = DEFAULT_EXPIRES_IN
    include_context: IncludeContext = False

    def draft(self) -> ShareDraft:
        """Return the link as the services take it."""
        return ShareDraft(expires_in=self.expires_in, include_context=self.include_context)


class GuestItemCreate(RequestBody):
    """A message a viewer writes through a link: always a user's, never an assistant's words."""

    role: Annotated[Literal["user"], Field(description="Viewers write as users.")] = "user"
    content: ContentIn

    def draft(self) -> ItemDraft:
        """Return the message as the services take it."""
        return ItemDraft(role=self.role, content=self.content)  # type: ignore[arg-type] # as sent


class _Made(Answer):
    share_id: ShareId
    url: Url
    expires_at: ExpiresAt


class ShareMade(_Made):
    """A link to a conversation that was just made."""

    read_only: ReadOnly

    @classmethod
    def of(cls, share: Share, base: str) -> "ShareMade":
        """Return the link as its maker gets it."""
        return cls(
            share_id=share.id,
            url=link_url(base, share.id),
            expires_at=share.expires_at,
            read_only=share.read_only,
        )


class MessageShareMade(_Made):
    """A link to one message that was just made."""

    include_context: IncludeContext

    @classmethod
    def of(cls, share: Share, base: str) -> "MessageShareMade":
        """Return the link as its maker gets it."""
        return cls(
            share_id=share.id,
            url=link_url(base, share.id),
            expires_at=share.expires_at,
            include_context=share.include_context,
        )


class ShareOut(ResponseBody):
    """A link in its owner's list."""

    id: ShareId
    object: Literal["share"] = "share"
    share_id: ShareId
    url: Url
    conversation_id: ConversationId
    item_id: Annotated[str | None, Field(description="The one message it shows; null: all.")]
    title: ShownTitle
    read_only: ReadOnly
    include_context: IncludeContext
    view_count: Annotated[int, counted("How often it was opened.")]
    created_at: CreatedAt
    expires_at: ExpiresAt

    @classmethod
    def of(cls, listed: ListedShare, base: str) -> "ShareOut":
        """Return the link as its owner sees it."""
        share = listed.share
        return cls(
            id=share.id,
            share_id=share.id,
            url=link_url(base, share.id),
            conversation_id=share.conversation_id,
            item_id=share.item_id,
            title=share.title,
            read_only=share.read_only,
            include_context=share.include_context,
            view_count=listed.view_count,
            created_at=share.created_at,
            expires_at=share.expires_at,
        )


class ShownItemOut(ResponseBody):
    """A message as everyone sees it."""

    id: ItemId
    object: Literal["conversation.item"] = "conversation.item"
    role: Annotated[Literal["user", "assistant"], Field(description="Who says it.")]
    content: ContentOut
    through_link: Annotated[
        bool,
        Field(validation_alias="guest", description="Whether a viewer wrote it through the link."),
    ]
    created_at: CreatedAt


class ViewOut(Answer):
    """A page of what a link shows."""

    object: Literal["share.view"] = "share.view"
    share_id: ShareId
    title: ShownTitle
    read_only: ReadOnly
    created_at: CreatedAt
    expires_at: ExpiresAt
    items: Annotated[list[ShownItemOut], Field(description="Its messages in reading order.")]
    has_more: HasMore
    next_after: NextAfter

    @classmethod
    def of(cls, view: View) -> "ViewOut":
        """Return what everyone sees who has the link."""
        share = view.share
        return cls(
            share_id=share.id,
            title=share.title,
            read_only=share.read_only,
            created_at=share.created_at,
            expires_at=share.expires_at,
            items=[ShownItemOut.model_validate(item) for item in view.items],
            has_more=view.next_after is not None,
            next_after=view.next_after,
        )
