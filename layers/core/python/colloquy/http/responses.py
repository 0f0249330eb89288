"""The wire models of asking a model: for a new text of a message, or for a response."""

from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from colloquy.domain.conversation import MAX_ITEMS_PER_WRITE
from colloquy.domain.item import ItemDraft
from colloquy.domain.project import MAX_INSTRUCTIONS
from colloquy.http.content import ContentIn
from colloquy.http.items import ItemCreate
from colloquy.http.models import RequestBody, Whole
from colloquy.models.prompt import Sampling
from colloquy.services.models import ResponseParameters

MAX_NEW_ITEMS: Final = MAX_ITEMS_PER_WRITE - 1
"""Messages a client sends with a request: the answer is written with them."""


class ModelRequest(RequestBody):
    """How a model is to write; every field may be left out."""

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
                description="For this answer, after the project's instructions.",
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


class Regenerate(ModelRequest):
    """How a model is to write the message again."""


def _not_streamed(value: Any) -> Any:
    if value is True:
        raise PydanticCustomError(
            "invalid_value", "must be false or left out: responses are not streamed here"
        )
    return value


class ResponseCreate(ModelRequest):
    """New messages, in one of two forms or none, and how a model is to respond to them."""

    content: Annotated[
        ContentIn | None,
        Field(description="The user's new message: a text, or a list of parts."),
    ] = None
    items: (
        Annotated[
            list[ItemCreate],
            Field(
                min_length=1,
                max_length=MAX_NEW_ITEMS,
                description="New messages instead of `content`, as appending takes them.",
            ),
        ]
        | None
    ) = None
    stream: Annotated[
        bool,
        BeforeValidator(_not_streamed),
        Field(
            description="Whether the answer comes as it is written.",
            json_schema_extra={"const": False},
        ),
    ] = False

    @model_validator(mode="after")
    def _has_one_form(self) -> Self:
        if self.content is not None and self.items is not None:
            raise PydanticCustomError("invalid_value", "may have 'content' or 'items', not both")
        return self

    def drafts(self) -> list[ItemDraft]:
        """Return the new messages as the services take them."""
        if self.content is not None:
            return [ItemDraft(role="user", content=self.content)]  # type: ignore[arg-type] # as sent
        return [item.draft() for item in self.items or ()]
