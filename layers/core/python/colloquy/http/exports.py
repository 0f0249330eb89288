"""The wire models of exports."""

from typing import Annotated, Final, Literal

from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import Field

from colloquy.domain.export import ExportedItem, ExportPart
from colloquy.http.content import ContentOut
from colloquy.http.conversations import ConversationOut
from colloquy.http.items import ItemOut
from colloquy.http.models import UNIQUE, Answer, CreatedAt
from colloquy.http.usage import UsageOfText
from colloquy.http.versions import ModelOfText, NumberOfText, StatusOfText

FORMAT_VERSION: Final = 1
"""Of the JSON document: goes up when an import could not read what was exported before."""

ExportFormat = Literal["json", "markdown", "html"]
FormatAsked = Annotated[
    ExportFormat,
    Query(alias="format", description="`json` is lossless; the others are there to be read."),
]
ExportAfter = Annotated[
    str | None, Query(description="Where the part begins: `next_after` of the one before.")
]
PLACE: Final = rf"^(item|msg)_{UNIQUE}(\.[1-9][0-9]{{0,5}})?$"
"""The shape of a place: a message, or one of its versions."""


class ExportedVersionOut(Answer):
    """A text a message had before the one it has."""

    version: NumberOfText
    content: ContentOut
    model: ModelOfText
    usage: UsageOfText = None
    status: StatusOfText = "completed"
    created_at: CreatedAt


class ExportedItemOut(ItemOut):
    """A message with the texts it had before, oldest first."""

    versions: Annotated[
        list[ExportedVersionOut], Field(description="The texts it had before, oldest first.")
    ]

    @classmethod
    def of(cls, exported: ExportedItem) -> "ExportedItemOut":
        """Return the message as it stands in an export."""
        return cls(
            **dict(ItemOut.model_validate(exported.item)),
            versions=[ExportedVersionOut.model_validate(each) for each in exported.versions],
        )


class ConversationExport(Answer):
    """A conversation, or a part of one: what comes behind ``after``.

    ``next_after`` is the next part's ``after``, null in the last. A message whose versions do not
    fit one part is the last of it, named in ``next_after`` with the version it is cut behind, and
    the first of the next, with the versions from there on.
    """

    object: Literal["conversation.export"] = "conversation.export"
    format_version: Literal[1] = FORMAT_VERSION
    conversation: Annotated[ConversationOut, Field(description="The conversation itself.")]
    after: Annotated[
        str | None, Field(description="Behind which place this part begins; null in the first.")
    ]
    items: Annotated[
        list[ExportedItemOut], Field(description="Its messages, as many as fit this part.")
    ]
    next_after: Annotated[
        str | None, Field(description="The next part's `after`; null in the last.")
    ]

    @classmethod
    def of(cls, part: ExportPart) -> "ConversationExport":
        """Return a part of an export as it goes over the wire."""
        return cls(
            conversation=ConversationOut.model_validate(part.conversation),
            after=str(part.after) if part.after else None,
            items=[ExportedItemOut.of(each) for each in part.items],
            next_after=str(part.next_after) if part.next_after else None,
        )
