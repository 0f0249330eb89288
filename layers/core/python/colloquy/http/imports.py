"""The wire models of imports: what an export gave, as strict as every other body."""

import re
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from colloquy.domain.conversation import MAX_MESSAGES, Conversation
from colloquy.domain.export import ExportedItem
from colloquy.domain.imports import Import, ImportPart
from colloquy.domain.item import MAX_CALL_ID, Item, Role
from colloquy.domain.place import Place, place_from
from colloquy.domain.version import MAX_VERSIONS, Version
from colloquy.http.conversations import Title
from colloquy.http.items import ContentIn
from colloquy.http.models import Metadata, RequestBody

_LONGEST_ID: Final = 256
_LONGEST_NAME: Final = 256

# RFC 3339, section 5.6; Python's own parser takes more than that.
_MOMENT: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


def _moment(text: Any) -> Any:
    try:
        if isinstance(text, str) and _MOMENT.fullmatch(text):
            return datetime.fromisoformat(text.upper())
    except ValueError:  # a 13th month
        pass
    raise PydanticCustomError("invalid_value", "must be a time like 2026-11-23T10:05:00Z")


def _place(text: Any) -> Any:
    if isinstance(text, str) and place_from(text) is None:
        raise PydanticCustomError("invalid_value", "must be a place as the export gave it")
    return text


Moment = Annotated[datetime, BeforeValidator(_moment)]
Cursor = Annotated[str, BeforeValidator(_place)]
Number = Annotated[int, Field(ge=1, le=MAX_VERSIONS)]
Name = Annotated[str, Field(min_length=1, max_length=_LONGEST_NAME)]

ImportId = Annotated[
    str | None,
    Query(description="The import that the first part has begun; without it, this is the first."),
]


class VersionIn(RequestBody):
    """A text a message had before."""

    version: Number
    content: ContentIn
    model: Name | None
    created_at: Moment


class ItemIn(RequestBody):
    """A message with the texts it had before, oldest first."""

    id: Annotated[str, Field(max_length=_LONGEST_ID)]
    object: Literal["conversation.item"]
    role: Role
    content: ContentIn
    call_id: Annotated[str, Field(min_length=1, max_length=MAX_CALL_ID)] | None
    status: Literal["completed"]
    version: Number
    model: Name | None
    created_at: Moment
    edited_at: Moment | None
    metadata: Metadata | None = None
    author: Name | None = None
    versions: Annotated[list[VersionIn], Field(max_length=MAX_VERSIONS)]


class HeaderIn(RequestBody):
    """The conversation itself; how many messages it has is counted anew."""

    id: Annotated[str, Field(max_length=_LONGEST_ID)]
    object: Literal["conversation"]
    title: Title | None
    title_source: Literal["user", "auto"] | None
    project_id: Annotated[str, Field(max_length=_LONGEST_ID)] | None
    metadata: Metadata
    item_count: Annotated[int, Field(ge=0, le=MAX_MESSAGES)]
    archived: bool
    created_at: Moment
    updated_at: Moment


class ConversationImport(RequestBody):
    """An export, or a part of one, as it was given."""

    object: Literal["conversation.export"]
    format_version: Literal[1]
    conversation: HeaderIn
    after: Cursor | None
    items: Annotated[list[ItemIn], Field(max_length=MAX_MESSAGES)]
    next_after: Cursor | None

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


class ImportOut(BaseModel):
    """How far an import has come that is not finished.

    ``id`` names it with the parts that follow, and will be its conversation's. What comes behind
    ``next_after`` in the export is to be sent next, before ``expires_at``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    object: Literal["conversation.import"] = "conversation.import"
    item_count: int
    next_after: str | None
    expires_at: datetime

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
        created_at=sent.created_at,
        edited_at=sent.edited_at,
        author=sent.author,
    )
    versions = [
        Version(
            number=each.version,
            content=each.content,  # type: ignore[arg-type] # as it came
            created_at=each.created_at,
            model=each.model,
        )
        for each in sent.versions
    ]
    is_cut = next_after is not None and not next_after.is_whole and next_after.item_id == sent.id
    return ExportedItem(item=item, versions=versions, is_whole=not (is_cut and versions))
