"""The wire models of projects."""

from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    AliasChoices,
    ConfigDict,
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
from colloquy.http.models import (
    UNIQUE,
    CreatedAt,
    PatchBody,
    RequestBody,
    ResponseBody,
    UpdatedAt,
    at_most,
    change,
    refuse_null,
    shaped,
    title_of,
)
from colloquy.services.projects import ProjectDraft

Title = Annotated[
    str,
    AfterValidator(at_most(MAX_TITLE)),
    title_of(MAX_TITLE, f"1 to {MAX_TITLE} characters after trimming; `name` is taken for it."),
]
Description = Annotated[
    str, Field(max_length=MAX_DESCRIPTION, description="What it is about, for people.")
]
Instructions = Annotated[
    str,
    Field(
        max_length=MAX_INSTRUCTIONS,
        description="The model's system prompt in its conversations; `instruction` is taken too.",
    ),
]

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


def _two_names(schema: dict[str, Any]) -> None:
    """Tell the document of the other names, and that each field has one of them."""
    fields = schema["properties"]
    for field, other in (_TITLE_NAMES.choices, _INSTRUCTIONS_NAMES.choices):
        fields[other] = {**fields[field], "description": f"Another name for `{field}`."}
        schema.setdefault("allOf", []).append({"not": {"required": [field, other]}})
    if schema.pop("required", None) == ["title"]:
        schema["anyOf"] = [{"required": [name]} for name in _TITLE_NAMES.choices]


def _two_names_of_a_change(schema: dict[str, Any]) -> None:
    change("title")(schema)
    _two_names(schema)


class ProjectCreate(RequestBody):
    """A project to create."""

    model_config = ConfigDict(json_schema_extra=_two_names)

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

    model_config = ConfigDict(json_schema_extra=_two_names_of_a_change)

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

    id: Annotated[str, shaped(f"^proj_{UNIQUE}$", "The project's id.")]
    object: Literal["project"] = "project"
    title: Annotated[str, Field(description="What it is called.")]
    description: Annotated[str | None, Field(description="What it is about, or null.")]
    instructions: Annotated[
        str | None, Field(description="The model's system prompt in its conversations, or null.")
    ]
    created_at: CreatedAt
    updated_at: UpdatedAt
