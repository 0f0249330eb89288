"""The wire models of exports."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import BaseModel, ConfigDict, Field

from colloquy.domain.export import ExportedItem, ExportPart
from colloquy.http.conversations import ConversationOut
from colloquy.http.items import ItemOut

FORMAT_VERSION: Final = 1
"""Of the JSON document: goes up when an import could not read what was exported before."""

ExportFormat = Literal["json", "markdown", "html"]
FormatAsked = Annotated[
    ExportFormat,
    Query(alias="format", description="json is lossless; the others are there to be read."),
]
ExportAfter = Annotated[
    str | None, Query(description="Where the part begins: next_after of the one before.")
]


class ExportedVersionOut(BaseModel):
    """A text a message had before the one it has."""

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)

    version: int = Field(validation_alias="number")
    content: str | list[dict[str, Any]]
    model: str | None
    created_at: datetime


class ExportedItemOut(ItemOut):
    """A message with the texts it had before, oldest first."""

    versions: list[ExportedVersionOut]

    @classmethod
    def of(cls, exported: ExportedItem) -> "ExportedItemOut":
        """Return the message as it stands in an export."""
        return cls(
            **dict(ItemOut.model_validate(exported.item)),
            versions=[ExportedVersionOut.model_validate(each) for each in exported.versions],
        )


class ConversationExport(BaseModel):
    """A conversation, or a part of one: what comes behind ``after``.

    ``next_after`` is the next part's ``after``, null in the last. A message whose versions do not
    fit one part is the last of it, named in ``next_after`` with the version it is cut behind, and
    the first of the next, with the versions from there on.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    object: Literal["conversation.export"] = "conversation.export"
    format_version: Literal[1] = FORMAT_VERSION
    conversation: ConversationOut
    after: str | None
    items: list[ExportedItemOut]
    next_after: str | None

    @classmethod
    def of(cls, part: ExportPart) -> "ConversationExport":
        """Return a part of an export as it goes over the wire."""
        return cls(
            conversation=ConversationOut.model_validate(part.conversation),
            after=str(part.after) if part.after else None,
            items=[ExportedItemOut.of(each) for each in part.items],
            next_after=str(part.next_after) if part.next_after else None,
        )
