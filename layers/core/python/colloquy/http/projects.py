"""The wire models of projects."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    AliasChoices,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

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


def _one_name_each(body: Any) -> Any:
    """Pass a body that has each field under one of its names: of two, which is meant?"""
    for field, other in (_TITLE_NAMES.choices, _INSTRUCTIONS_NAMES.choices):
        if isinstance(body, dict) and field in body and other in body:
            problem = PydanticCustomError(
                "two_names", "is {field} too", {"field": field, "other": other}
            )
            details = InitErrorDetails(type=problem, loc=(str(other),), input=body[other])
            raise ValidationError.from_exception_data("project", [details])
    return body


class ProjectCreate(RequestBody):
    """A project to create."""

    _names = model_validator(mode="before")(_one_name_each)

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

    _names = model_validator(mode="before")(_one_name_each)
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
