"""The wire models of versions and of asking a model for one."""

from typing import Annotated, Literal

from pydantic import Field

from colloquy.domain.item import Status
from colloquy.domain.page import Page
from colloquy.domain.version import Version
from colloquy.http.content import ContentOut
from colloquy.http.models import (
    Answer,
    CreatedAt,
    FirstId,
    HasMore,
    LastId,
    NextAfter,
)
from colloquy.http.usage import UsageOfText

NumberOfText = Annotated[
    int,
    Field(
        validation_alias="number",
        description="Its number, from 1.",
        json_schema_extra={"minimum": 1},
    ),
]


def _is_complete(status: str) -> bool:
    return status == "completed"


StatusOfText = Annotated[
    Status,
    Field(
        description="Only where it is `incomplete`: the model met the limit of its answer.",
        exclude_if=_is_complete,
    ),
]
ModelOfText = Annotated[str | None, Field(description="The model that wrote it; null: a person.")]


class VersionOut(Answer):
    """One text of a message."""

    version: NumberOfText
    content: ContentOut
    model: ModelOfText
    usage: UsageOfText = None
    status: StatusOfText = "completed"
    created_at: CreatedAt
    current: Annotated[bool, Field(description="Whether the message has this text now.")]


class VersionListOut(Answer):
    """A page of a message's versions, newest first; the cursor is a version's number."""

    object: Literal["list"] = "list"
    data: Annotated[list[VersionOut], Field(description="The versions, newest first.")]
    first_id: FirstId
    last_id: LastId
    has_more: HasMore
    next_after: NextAfter


def versions_out(page: Page[Version]) -> VersionListOut:
    """Return a page of versions as it goes over the wire."""
    return VersionListOut(
        data=[VersionOut.model_validate(version) for version in page.data],
        first_id=page.data[0].id if page.data else None,
        last_id=page.data[-1].id if page.data else None,
        has_more=page.has_more,
        next_after=page.next_after,
    )
