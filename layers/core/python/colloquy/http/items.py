"""The wire models of messages."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self

from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import (
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from colloquy.domain.conversation import MAX_ITEMS_PER_WRITE
from colloquy.domain.item import (
    MAX_CALL_ID,
    MAX_NAME,
    MAX_TOOL_CALLS,
    Content,
    ItemDraft,
    Role,
    Status,
)
from colloquy.http.content import ContentIn, ContentOrNothing, ContentOut, empty_content
from colloquy.http.models import (
    CreatedAt,
    ItemId,
    Metadata,
    RequestBody,
    ResponseBody,
    no_longer_than,
    shaped,
)
from colloquy.http.usage import UsageOfText


class ChatMessage(RequestBody):
    """The fields of a message that Chat Completions has too."""

    role: Annotated[Role, Field(description="Who says it.")]
    content: ContentOrNothing = None
    name: (
        Annotated[
            str,
            Field(
                min_length=1,
                max_length=MAX_NAME,
                description="The participant's name, as in OpenAI's API.",
            ),
        ]
        | None
    ) = None
    tool_calls: (
        Annotated[
            list[dict[str, Any]],
            Field(
                max_length=MAX_TOOL_CALLS,
                fail_fast=True,
                description="What an assistant calls, as in OpenAI's API; kept verbatim.",
            ),
            no_longer_than(MAX_TOOL_CALLS),
        ]
        | None
    ) = None
    tool_call_id: (
        Annotated[
            str,
            Field(
                min_length=1,
                max_length=MAX_CALL_ID,
                description="The call a tool answers, as in OpenAI's API.",
            ),
        ]
        | None
    ) = None

    @model_validator(mode="after")
    def _has_content(self) -> Self:
        if not self.may_be(self.content):
            raise empty_content(type(self).__name__, self.content, self.model_fields_set)
        return self

    def may_be(self, content: object) -> bool:
        """Return whether a message like this may have such a content."""
        calls_tools = self.role == "assistant" and self.tool_calls
        return bool(content or calls_tools or (self.role == "tool" and content == ""))


def _describe_content(schema: dict[str, Any]) -> None:
    """Tell the document which messages may be empty."""
    text, parts = {"type": "string", "minLength": 1}, {"type": "array", "minItems": 1}
    schema["anyOf"] = [
        {"required": ["content"], "properties": {"content": {"anyOf": [text, parts]}}},
        {
            "required": ["tool_calls"],
            "properties": {
                "role": {"const": "assistant"},
                "tool_calls": {"type": "array", "minItems": 1},
            },
        },
        {
            "required": ["content"],
            "properties": {"role": {"const": "tool"}, "content": {"type": "string"}},
        },
    ]


_NULL_IN_CHAT: Final = frozenset({"annotations", "audio", "function_call", "refusal"})
"""What OpenAI's SDK writes beside a message, null or empty where there is none."""


class ItemCreate(ChatMessage):
    """A message to append, in our words or as Chat Completions has it."""

    model_config = ConfigDict(json_schema_extra=_describe_content)

    type: Annotated[Literal["message"], Field(description="Says nothing new.")] | None = None
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

    @model_validator(mode="before")
    @classmethod
    def _without_null_fields(cls, body: Any) -> Any:
        if isinstance(body, dict) and not _NULL_IN_CHAT.isdisjoint(body):
            return {
                name: value
                for name, value in body.items()
                if name not in _NULL_IN_CHAT or value not in (None, [])
            }
        return body

    def draft(self) -> ItemDraft:
        """Return the message as the services take it."""
        return ItemDraft(
            role=self.role,
            content=self.content,  # type: ignore[arg-type] # as it came, see _as_it_came
            call_id=self.call_id,
            metadata=self.metadata or {},
            name=self.name,
            tool_calls=self.tool_calls or (),
            tool_call_id=self.tool_call_id,
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

StatusOut = Annotated[
    Status, Field(description="`incomplete` where a model met the limit of its answer.")
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
    status: StatusOut = "completed"
    version: Annotated[
        int,
        Field(description="Counts the texts it has had.", json_schema_extra={"minimum": 1}),
    ]
    model: Annotated[
        str | None, Field(description="The model that wrote the current text; null: a person.")
    ]
    created_at: CreatedAt
    edited_at: Annotated[datetime | None, shaped("Z$", "When it got the current text, or null.")]
    usage: UsageOfText = None
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
    name: Annotated[
        str | None, Field(description="There only where the client gave one.", exclude_if=_is_empty)
    ] = None
    tool_calls: Annotated[
        Sequence[dict[str, Any]],
        Field(description="There only where the client gave some.", exclude_if=_is_empty),
    ] = ()
    tool_call_id: Annotated[
        str | None, Field(description="There only where the client gave one.", exclude_if=_is_empty)
    ] = None
