"""The wire models of versions and of asking a model for one."""

from typing import Annotated, Literal

from pydantic import Field

from colloquy.domain.page import Page
from colloquy.domain.project import MAX_INSTRUCTIONS
from colloquy.domain.version import Version
from colloquy.http.content import ContentOut
from colloquy.http.models import (
    Answer,
    CreatedAt,
    FirstId,
    HasMore,
    LastId,
    NextAfter,
    RequestBody,
    Whole,
)
from colloquy.models.prompt import Sampling
from colloquy.services.models import ResponseParameters

NumberOfText = Annotated[
    int,
    Field(
        validation_alias="number",
        description="Its number, from 1.",
        json_schema_extra={"minimum": 1},
    ),
]
ModelOfText = Annotated[str | None, Field(description="The model that wrote it; null: a person.")]


class VersionOut(Answer):
    """One text of a message."""

    version: NumberOfText
    content: ContentOut
    model: ModelOfText
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


class Regenerate(RequestBody):
    """How a model is to write the message anew; every field may be left out."""

    model: (
        Annotated[
            str,
            Field(
                min_length=1,
                max_length=256,
                description="A model's name; the deployment says which there are.",
            ),
        ]
        | None
    ) = None
    instructions: (
        Annotated[
            str,
            Field(
                max_length=MAX_INSTRUCTIONS,
                description="For this answer, behind the project's instructions.",
            ),
        ]
        | None
    ) = None
    temperature: (
        Annotated[
            float, Field(ge=0, le=2, description="How freely it writes; models differ in it.")
        ]
        | None
    ) = None
    max_tokens: (
        Annotated[
            int,
            Field(ge=1, description="The answer's longest; models have their own limit."),
            Whole,
        ]
        | None
    ) = None

    def parameters(self) -> ResponseParameters:
        """Return the parameters as the services take them."""
        return ResponseParameters(
            model=self.model,
            instructions=self.instructions,
            max_tokens=self.max_tokens,
            sampling=Sampling(temperature=self.temperature),
        )
