"""The wire models of messages."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from colloquy.domain.conversation import MAX_ITEMS_PER_WRITE
from colloquy.domain.item import MAX_CALL_ID, Content, ItemDraft, Role
from colloquy.http.models import (
    CreatedAt,
    ItemId,
    Metadata,
    RequestBody,
    ResponseBody,
    no_longer_than,
    shaped,
)

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

ContentIn = Annotated[
    Annotated[str, Field(min_length=1), Tag("<string>")]
    | Annotated[list[ContentPart], Field(min_length=1, fail_fast=True), Tag("<parts>")],
    Discriminator(
        _kind_of_content,
        custom_error_type="invalid_value",
        custom_error_message="must be a string or a list of parts",
    ),
    WrapValidator(_as_it_came),
    Field(description="A text, or a list of parts as in OpenAI's API; comes back as sent."),
]


class ItemCreate(RequestBody):
    """A message to append."""

    role: Annotated[Role, Field(description="Who says it.")]
    content: ContentIn
    call_id: (
        Annotated[
            str,
            Field(
                min_length=1,
                max_length=MAX_CALL_ID,
                description="The client's own reference; a tool call and its output share one.",
            ),
        ]
        | None
    ) = None
    metadata: Metadata | None = None

    def draft(self) -> ItemDraft:
        """Return the message as the services take it."""
        return ItemDraft(
            role=self.role,
            content=self.content,  # type: ignore[arg-type] # as it came, see _as_it_came
            call_id=self.call_id,
            metadata=self.metadata or {},
        )


class ItemsCreate(RequestBody):
    """Several messages to append, all or nothing, in this order."""

    items: Annotated[
        list[ItemCreate],
        Field(
            min_length=1,
            max_length=MAX_ITEMS_PER_WRITE,
            fail_fast=True,
            description="The messages, in the order they are to stand.",
        ),
        no_longer_than(MAX_ITEMS_PER_WRITE),
    ]


class ItemEdit(RequestBody):
    """The text a message is to have."""

    content: ContentIn

    @property
    def text(self) -> Content:
        """The content as it came, see ``_as_it_came``."""
        return self.content  # type: ignore[return-value]


def _one_or_many(body: Any) -> str:
    return "<many>" if isinstance(body, dict) and "items" in body else "<one>"


ItemsBody = Annotated[
    Annotated[ItemCreate, Tag("<one>")] | Annotated[ItemsCreate, Tag("<many>")],
    Discriminator(_one_or_many),
    Body(),
]


ContentOut = Annotated[
    str | list[dict[str, Any]], Field(description="What is said, in the form it was sent in.")
]


def _is_empty(value: object) -> bool:
    return not value


class ItemOut(ResponseBody):
    """A message."""

    id: ItemId
    object: Literal["conversation.item"] = "conversation.item"
    role: Annotated[Role, Field(description="Who says it.")]
    content: ContentOut
    call_id: Annotated[str | None, Field(description="The client's own reference, or null.")]
    status: Literal["completed"] = "completed"
    version: Annotated[
        int,
        Field(description="Counts the texts it has had.", json_schema_extra={"minimum": 1}),
    ]
    model: Annotated[
        str | None, Field(description="The model that wrote the current text; null: a person.")
    ]
    created_at: CreatedAt
    edited_at: Annotated[datetime | None, shaped("Z$", "When it got the current text, or null.")]
    metadata: Annotated[
        dict[str, str] | None,
        Field(description="There only where the client gave some.", exclude_if=_is_empty),
    ] = None
    author: Annotated[
        str | None,
        Field(
            description="There only where a viewer wrote it through a share link: who that was.",
            exclude_if=_is_empty,
        ),
    ] = None
