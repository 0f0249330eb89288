"""The wire models of imports: what an export gave, as strict as every other body."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, Self

from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from colloquy.domain.conversation import MAX_MESSAGES, Conversation
from colloquy.domain.export import ExportedItem
from colloquy.domain.imports import Import, ImportPart
from colloquy.domain.item import MAX_CALL_ID, Item
from colloquy.domain.place import Place, place_from
from colloquy.domain.version import MAX_VERSIONS, Version
from colloquy.http.content import ContentOrNothing, empty_content
from colloquy.http.conversations import Archived, Title
from colloquy.http.exports import PLACE
from colloquy.http.foreign import reject_foreign_export
from colloquy.http.items import ChatMessage, StatusOut
from colloquy.http.models import (
    UNIQUE,
    Answer,
    ConversationId,
    Metadata,
    RequestBody,
    counted,
    no_longer_than,
    shaped,
)
from colloquy.http.usage import UsageIn

_LONGEST_ID: Final = 256
_LONGEST_NAME: Final = 256

# RFC 3339, section 5.6; Python's own parser takes more than that.
_MOMENT: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


def _moment(text: Any) -> Any:
    try:
        if isinstance(text, str) and _MOMENT.fullmatch(text):
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (OverflowError, ValueError):  # a 13th month, or the last hour of the year 9999
        pass
    raise PydanticCustomError("invalid_value", "must be a time like 2026-11-23T10:05:00Z")


def _place(text: Any) -> Any:
    if isinstance(text, str) and place_from(text) is None:
        raise PydanticCustomError("invalid_value", "must be a place as the export gave it")
    return text


Moment = Annotated[datetime, BeforeValidator(_moment)]
After = Annotated[
    str, BeforeValidator(_place), shaped(PLACE, "Where the part begins; null in the first.")
]
NextAfter = Annotated[
    str, BeforeValidator(_place), shaped(PLACE, "Where the next one begins; null in the last.")
]
Number = Annotated[int, Field(ge=1, le=MAX_VERSIONS, description="Its number, from 1.")]
Model = Annotated[
    str,
    Field(
        min_length=1,
        max_length=_LONGEST_NAME,
        description="The model that wrote the text; null: a person.",
    ),
]
UsageGiven = Annotated[UsageIn, Field(description="What the answer took, in tokens.")]
WrittenAt = Annotated[Moment, Field(description="When it was written.")]

ImportId = Annotated[
    str | None,
    Query(
        description="The import that the first part has begun; without it, this is the first.",
        json_schema_extra={"pattern": f"^conv_{UNIQUE}$"},
    ),
]


class VersionIn(RequestBody):
    """A text a message had before."""

    version: Number
    content: ContentOrNothing
    model: Model | None
    usage: UsageGiven | None = None
    status: StatusOut = "completed"
    created_at: WrittenAt


class ItemIn(ChatMessage):
    """A message with the texts it had before, oldest first."""

    id: Annotated[
        str,
        Field(
            max_length=_LONGEST_ID,
            description="The id it had: it says where the message stands.",
            json_schema_extra={"pattern": f"^item_{UNIQUE}$"},
        ),
    ]
    object: Literal["conversation.item"]
    content: ContentOrNothing
    call_id: (
        Annotated[
            str,
            Field(min_length=1, max_length=MAX_CALL_ID, description="The client's own reference."),
        ]
        | None
    )
    status: StatusOut
    version: Annotated[
        int, Field(ge=1, le=MAX_VERSIONS, description="Counts the texts it has had.")
    ]
    model: Model | None
    usage: UsageGiven | None = None
    created_at: WrittenAt
    edited_at: Annotated[Moment, Field(description="When it got the current text.")] | None
    metadata: Metadata | None = None
    author: (
        Annotated[
            str,
            Field(
                min_length=1,
                max_length=_LONGEST_NAME,
                description="Who wrote it through a share link.",
            ),
        ]
        | None
    ) = None
    versions: Annotated[
        list[VersionIn],
        Field(
            max_length=MAX_VERSIONS,
            fail_fast=True,
            description="The texts it had before, oldest first.",
        ),
    ]

    @model_validator(mode="after")
    def _versions_have_content(self) -> Self:
        for number, version in enumerate(self.versions):
            if not self.may_be(version.content):
                raise empty_content("item", version.content, {"content"}, "versions", number)
        return self


class HeaderIn(RequestBody):
    """The conversation itself; how many messages it has is counted anew."""

    id: Annotated[
        str, Field(max_length=_LONGEST_ID, description="The id it had; it gets one of its own.")
    ]
    object: Literal["conversation"]
    title: Title | None
    title_source: Annotated[
        Literal["user", "auto"] | None, Field(description="Who gave the title; null without one.")
    ]
    project_id: (
        Annotated[
            str,
            Field(max_length=_LONGEST_ID, description="Its project, if that is the caller's."),
        ]
        | None
    )
    metadata: Metadata
    item_count: Annotated[
        int, Field(ge=0, le=MAX_MESSAGES, description="How many it had; they are counted anew.")
    ]
    archived: Archived
    created_at: Annotated[Moment, Field(description="When it was created.")]
    updated_at: Annotated[Moment, Field(description="When it last changed.")]


class ConversationImport(RequestBody):
    """An export, or a part of one, as it was given."""

    object: Literal["conversation.export"]
    format_version: Literal[1]
    conversation: Annotated[HeaderIn, Field(description="The conversation itself.")]
    after: After | None
    items: Annotated[
        list[ItemIn],
        Field(max_length=MAX_MESSAGES, fail_fast=True, description="The messages of this part."),
        no_longer_than(MAX_MESSAGES),
    ]
    next_after: NextAfter | None

    @model_validator(mode="before")
    @classmethod
    def _is_our_own(cls, body: Any) -> Any:
        reject_foreign_export(body)
        return body

    def part(self) -> ImportPart:
        """Return the part as the services take it; its owner and its ids are given to it there."""
        header = self.conversation
        next_after = place_from(self.next_after) if self.next_after else None
        return ImportPart(
            conversation=Conversation(
                id=header.id,
                owner_id="",
                title=header.title,
                title_source=header.title_source,
                project_id=header.project_id,
                metadata=header.metadata,
                archived=header.archived,
                created_at=header.created_at,
                updated_at=header.updated_at,
            ),
            items=[_entry(item, next_after) for item in self.items],
            after=place_from(self.after) if self.after else None,
            next_after=next_after,
        )


class ImportOut(Answer):
    """How far an import has come that is not finished.

    ``id`` names it with the parts that follow, and will be its conversation's. What comes behind
    ``next_after`` in the export is to be sent next, before ``expires_at``.
    """

    id: ConversationId
    object: Literal["conversation.import"] = "conversation.import"
    item_count: Annotated[int, counted("How many messages have come.")]
    next_after: Annotated[
        str | None, Field(description="Behind which place to go on; null: from the beginning.")
    ]
    expires_at: Annotated[datetime, shaped("Z$", "When it is given up if nothing comes, in UTC.")]

    @classmethod
    def of(cls, state: Import) -> "ImportOut":
        """Return an import as its owner sees it."""
        return cls(
            id=state.id,
            item_count=state.item_count,
            next_after=str(state.up_to) if state.up_to else None,
            expires_at=state.due_at,
        )


def _entry(sent: ItemIn, next_after: Place | None) -> ExportedItem:
    item = Item(
        id=sent.id,
        conversation_id="",
        role=sent.role,
        content=sent.content,  # type: ignore[arg-type] # as it came, see ContentIn
        call_id=sent.call_id,
        metadata=sent.metadata or {},
        version=sent.version,
        model=sent.model,
        usage=sent.usage.usage() if sent.usage else None,
        status=sent.status,
        created_at=sent.created_at,
        edited_at=sent.edited_at,
        author=sent.author,
        name=sent.name,
        tool_calls=sent.tool_calls or (),
        tool_call_id=sent.tool_call_id,
    )
    versions = [
        Version(
            number=each.version,
            content=each.content,  # type: ignore[arg-type] # as it came
            created_at=each.created_at,
            model=each.model,
            usage=each.usage.usage() if each.usage else None,
            status=each.status,
        )
        for each in sent.versions
    ]
    is_cut = next_after is not None and not next_after.is_whole and next_after.item_id == sent.id
    return ExportedItem(item=item, versions=versions, is_whole=not (is_cut and versions))
