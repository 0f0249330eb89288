"""The wire models of projects."""

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, AliasChoices, Field, field_validator

from colloquy.domain.project import (
    MAX_DESCRIPTION,
    MAX_INSTRUCTIONS,
    MAX_TITLE,
    ProjectChanges,
)
from colloquy.http.models import PatchBody, RequestBody, ResponseBody, at_most, refuse_null
from colloquy.services.projects import ProjectDraft

Title = Annotated[
    str,
    AfterValidator(at_most(MAX_TITLE)),
    Field(description=f"1 to {MAX_TITLE} characters after trimming; 'name' is taken for it."),
]
Description = Annotated[str, Field(max_length=MAX_DESCRIPTION)]
Instructions = Annotated[str, Field(max_length=MAX_INSTRUCTIONS)]

_TITLE_NAMES: Final = AliasChoices("title", "name")
_INSTRUCTIONS_NAMES: Final = AliasChoices("instructions", "instruction")


class ProjectCreate(RequestBody):
    """A project to create."""

    title: Title = Field(validation_alias=_TITLE_NAMES)
    description: Description | None = None
    instructions: Instructions | None = Field(default=None, validation_alias=_INSTRUCTIONS_NAMES)

    def draft(self) -> ProjectDraft:
        """Return the project as the services take it."""
        return ProjectDraft(
            title=self.title, description=self.description, instructions=self.instructions
        )


class ProjectPatch(PatchBody):
    """What a client may change; null takes a description or instructions away."""

    _stays = field_validator("title", mode="before")(refuse_null)

    title: Title | None = Field(default=None, validation_alias=_TITLE_NAMES)
    description: Description | None = None
    instructions: Instructions | None = Field(default=None, validation_alias=_INSTRUCTIONS_NAMES)

    def changes(self) -> ProjectChanges:
        """Return the fields the client sent."""
        return ProjectChanges(fields={name: getattr(self, name) for name in self.model_fields_set})


class ProjectOut(ResponseBody):
    """A project."""

    object: Literal["project"] = "project"
    title: str
    description: str | None
    instructions: str | None
    created_at: datetime
    updated_at: datetime
