"""The wire models of versions and of asking a model for one."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from colloquy.domain.page import Page
from colloquy.domain.project import MAX_INSTRUCTIONS
from colloquy.domain.version import Version
from colloquy.http.models import RequestBody
from colloquy.services.regeneration import RegenerationRequest


class VersionOut(BaseModel):
    """One text of a message."""

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)

    version: int = Field(validation_alias="number")
    content: str | list[dict[str, Any]]
    model: str | None
    created_at: datetime
    current: bool


class VersionListOut(BaseModel):
    """A page of a message's versions, newest first; the cursor is a version's number."""

    object: Literal["list"] = "list"
    data: list[VersionOut]
    first_id: str | None
    last_id: str | None
    has_more: bool
    next_after: str | None


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

    model: Annotated[str, Field(min_length=1, max_length=256)] | None = None
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
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None

    def request(self) -> RegenerationRequest:
        """Return the request as the services take it."""
        return RegenerationRequest(
            model=self.model,
            instructions=self.instructions,
            temperature=self.temperature,
            max_tokens=self.max_tokens,
        )
