"""The wire models of a message's content."""

from collections.abc import Set as AbstractSet
from typing import Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

_TEXT: Final = ("text", "input_text", "output_text")


class _Part(BaseModel):
    """A part of a content: known kinds are checked, and every kind is kept as it came."""

    model_config = ConfigDict(extra="allow", strict=True)


class TextPart(_Part):
    """A part that is read."""

    type: Annotated[
        Literal["text", "input_text", "output_text"],
        Field(description="The kinds of text there are; all are read alike."),
    ]
    text: Annotated[str, Field(description="Markdown, or plain text.")]


class ImagePart(_Part):
    """An image, by address or by the id of a file elsewhere."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"required": [name], "properties": {name: {"type": "string"}}}
                for name in ("image_url", "file_id")
            ]
        }
    )

    type: Literal["input_image"]
    image_url: Annotated[str | None, Field(description="Its address, or a data: URL.")] = None
    file_id: Annotated[str | None, Field(description="Its id where the client keeps files.")] = None

    @model_validator(mode="after")
    def _names_an_image(self) -> "ImagePart":
        if self.image_url is None and self.file_id is None:
            raise PydanticCustomError("missing_required", "needs an image_url or a file_id")
        return self


class OtherPart(_Part):
    """A part of a kind that is not looked into."""

    type: Annotated[
        str,
        Field(
            min_length=1,
            description="Any other kind; the part is kept as it came.",
            json_schema_extra={"not": {"enum": [*_TEXT, "input_image"]}},
        ),
    ]


def _kind_of_part(part: Any) -> str:
    kind = part.get("type") if isinstance(part, dict) else None
    return "<text>" if kind in _TEXT else "<image>" if kind == "input_image" else "<other>"


def _kind_of_content(content: Any) -> str | None:
    if content is None:
        return "<nothing>"
    return "<string>" if isinstance(content, str) else "<parts>" if _is_list(content) else None


def _is_list(content: Any) -> bool:
    return isinstance(content, list)


def _as_it_came(content: Any, check: ValidatorFunctionWrapHandler) -> Any:
    """Check a content, and go on with what the client sent rather than with our reading of it."""
    check(content)
    return content


ContentPart = Annotated[
    Annotated[TextPart, Tag("<text>")]
    | Annotated[ImagePart, Tag("<image>")]
    | Annotated[OtherPart, Tag("<other>")],
    Discriminator(_kind_of_part),
]

_AS_IT_COMES: Final = (
    Discriminator(
        _kind_of_content,
        custom_error_type="invalid_value",
        custom_error_message="must be a string or a list of parts",
    ),
    WrapValidator(_as_it_came),
)

ContentIn = Annotated[
    Annotated[str, Field(min_length=1), Tag("<string>")]
    | Annotated[list[ContentPart], Field(min_length=1, fail_fast=True), Tag("<parts>")],
    *_AS_IT_COMES,
    Field(description="A text, or a list of parts as in OpenAI's API; comes back as sent."),
]

ContentOrNothing = Annotated[
    Annotated[str, Tag("<string>")]
    | Annotated[list[ContentPart], Field(fail_fast=True), Tag("<parts>")]
    | Annotated[None, Tag("<nothing>")],
    *_AS_IT_COMES,
    Field(
        description="A text, or a list of parts as in OpenAI's API; comes back as sent. Null or "
        "empty only beside an assistant's `tool_calls`; a tool's may be an empty text."
    ),
]


def empty_content(
    title: str, content: object, sent: AbstractSet[str], *location: str | int
) -> ValidationError:
    """Return the error for a message without content that must have some."""
    details = InitErrorDetails(type="missing", loc=(*location, "content"), input=content)
    if content is None and "content" in sent:
        problem = PydanticCustomError("invalid_value", "must be a string or a list of parts")
        details["type"] = problem
    elif content is not None:
        details["type"] = PydanticCustomError("below_min", "must not be empty")
    return ValidationError.from_exception_data(title, [details])


ContentOut = Annotated[
    str | list[dict[str, Any]] | None,
    Field(description="What is said, in the form it was sent in; null beside tool calls only."),
]
