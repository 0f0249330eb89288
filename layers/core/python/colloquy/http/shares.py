"""The wire models of share links, and of what they show."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from colloquy.domain.item import ItemDraft
from colloquy.domain.share import DEFAULT_EXPIRES_IN, MAX_EXPIRES_IN, MIN_EXPIRES_IN, Share, View
from colloquy.http.address import link_url
from colloquy.http.conversations import Title
from colloquy.http.items import ContentIn
from colloquy.http.models import RequestBody, ResponseBody
from colloquy.services.shares import ListedShare, ShareDraft

ExpiresIn = Annotated[
    int,
    Field(
        ge=MIN_EXPIRES_IN,
        le=MAX_EXPIRES_IN,
        description=f"Seconds the link works, {DEFAULT_EXPIRES_IN:,} by default.",
    ),
]


class ShareCreate(RequestBody):
    """A link to make to a conversation."""

    expires_in: ExpiresIn = DEFAULT_EXPIRES_IN
    read_only: bool = True
    title: Title | None = None

    def draft(self) -> ShareDraft:
        """Return the link as the services take it."""
        return ShareDraft(expires_in=self.expires_in, read_only=self.read_only, title=self.title)


class MessageShareCreate(RequestBody):
    """A link to make to one message."""

    expires_in: ExpiresIn = DEFAULT_EXPIRES_IN
    include_context: bool = False

    def draft(self) -> ShareDraft:
        """Return the link as the services take it."""
        return ShareDraft(expires_in=self.expires_in, include_context=self.include_context)


class GuestItemCreate(RequestBody):
    """A message a viewer writes through a link: always a user's, never an assistant's words."""

    role: Literal["user"] = "user"
    content: ContentIn

    def draft(self) -> ItemDraft:
        """Return the message as the services take it."""
        return ItemDraft(role=self.role, content=self.content)  # type: ignore[arg-type] # as sent


class _Made(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    share_id: str
    url: str
    expires_at: datetime


class ShareMade(_Made):
    """A link to a conversation that was just made."""

    read_only: bool

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

    include_context: bool

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
    """A link in its owner's list; ``item_id`` where it shows one message."""

    object: Literal["share"] = "share"
    share_id: str
    url: str
    conversation_id: str
    item_id: str | None
    title: str | None
    read_only: bool
    include_context: bool
    view_count: int
    created_at: datetime
    expires_at: datetime

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
    """A message as everyone sees it; ``through_link`` where a viewer wrote it."""

    object: Literal["conversation.item"] = "conversation.item"
    role: Literal["user", "assistant"]
    content: str | list[dict[str, Any]]
    through_link: bool = Field(validation_alias="guest")
    created_at: datetime


class ViewOut(BaseModel):
    """A page of what a link shows; ``next_after`` is the next page's ``after``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    object: Literal["share.view"] = "share.view"
    share_id: str
    title: str | None
    read_only: bool
    created_at: datetime
    expires_at: datetime
    items: list[ShownItemOut]
    has_more: bool
    next_after: str | None

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
