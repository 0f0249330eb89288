"""What the models of the wire have in common: strict bodies, bounded fields, lists."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Generic, Literal, Self, TypeVar

from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import InitErrorDetails, PydanticCustomError, PydanticKnownError

from colloquy.domain.conversation import (
    MAX_METADATA_KEY,
    MAX_METADATA_PAIRS,
    MAX_METADATA_VALUE,
    MAX_PADDED_TITLE,
)
from colloquy.domain.page import DEFAULT_LIMIT, MAX_LIMIT, Archived, Order
from colloquy.domain.title import is_visible

T = TypeVar("T")
Out = TypeVar("Out", bound="ResponseBody")


MAX_FIELDS: Final = 100
"""Fields of an object that are looked at one by one: far more than any of ours has."""


class RequestBody(BaseModel):
    """A body a client sends: an unknown field is an error, and nothing is coerced."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @model_validator(mode="before")
    @classmethod
    def _has_few_fields(cls, body: Any) -> Any:
        """Reject an object of very many fields by one of them: each unknown one is an error."""
        if isinstance(body, dict) and len(body) > MAX_FIELDS:
            known = {name for field in cls.model_fields.items() for name in _names_of(*field)}
            unknown = next(name for name in body if name not in known)
            details = InitErrorDetails(type="extra_forbidden", loc=(unknown,), input=None)
            raise ValidationError.from_exception_data(cls.__name__, [details])
        return body


def _names_of(name: str, field: FieldInfo) -> Iterable[str]:
    """Return the names a field may be sent under."""
    alias = field.validation_alias
    return map(str, alias.choices) if isinstance(alias, AliasChoices) else (name,)


class PatchBody(RequestBody):
    """A body that changes what it names: a field left out stays as it is."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            names = ", ".join(type(self).model_fields)
            raise PydanticCustomError("missing_required", f"must change at least one of {names}")
        return self


def change(*kept: str) -> Callable[[dict[str, Any]], None]:
    """Return what tells the document of a change: something, and no null for what is ``kept``."""

    def describe(schema: dict[str, Any]) -> None:
        schema["minProperties"] = 1
        for field in kept:
            said = schema["properties"][field]
            said |= next(choice for choice in said.pop("anyOf") if choice != {"type": "null"})

    return describe


def refuse_null(value: T) -> T:
    """Pass what a client sent for a field that can be changed, but not taken away."""
    if value is None:
        raise PydanticCustomError("invalid_value", "cannot be null; leave it out to keep it")
    return value


class Answer(BaseModel):
    """A body we answer with: it has these fields, all of them and no others."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        from_attributes=True,
        json_schema_serialization_defaults_required=True,
    )


class ResponseBody(Answer):
    """A thing that has an id, read off an entity's attributes."""

    id: str


FirstId = Annotated[str | None, Field(description="The first entry's id; null on an empty page.")]
LastId = Annotated[str | None, Field(description="The last entry's id; null on an empty page.")]
HasMore = Annotated[bool, Field(description="Whether another page follows.")]
NextAfter = Annotated[
    str | None, Field(description="What `after` is for the next page; null on the last.")
]


class ListOut(Answer, Generic[Out]):
    """A page of a list."""

    object: Literal["list"] = "list"
    data: Annotated[list[Out], Field(description="The entries, in the order asked for.")]
    first_id: FirstId
    last_id: LastId
    has_more: HasMore
    next_after: NextAfter


def list_of(
    model: type[Out], entities: Sequence[Any], *, next_after: str | None = None
) -> ListOut[Out]:
    """Return the list of these entities as they go over the wire; a cursor means that more come."""
    data = [model.model_validate(entity) for entity in entities]
    return ListOut[model](  # type: ignore[valid-type]
        data=data,
        first_id=data[0].id if data else None,
        last_id=data[-1].id if data else None,
        has_more=next_after is not None,
        next_after=next_after,
    )


def at_most(longest: int) -> Callable[[str], str]:
    """Return a check of a title: 1 to ``longest`` characters after trimming, kept verbatim.

    With what is trimmed it may have ``MAX_PADDED_TITLE``.
    """

    def check(title: str) -> str:
        trimmed = len(title.strip())
        if trimmed == 0:
            raise PydanticCustomError("below_min", "must have a character that is not a space")
        if not is_visible(title):
            raise PydanticCustomError("below_min", "must have a character that can be seen")
        if trimmed > longest:
            raise PydanticCustomError(
                "above_max", f"may have at most {longest} characters, but has {trimmed}"
            )
        if len(title) > MAX_PADDED_TITLE:
            raise PydanticCustomError(
                "above_max",
                f"may have at most {longest} characters, or {MAX_PADDED_TITLE:,} with the spaces "
                f"around them, but has {len(title):,} with them",
            )
        return title

    return check


def title_of(longest: int, description: str) -> Any:
    """Return the description of a title that ``at_most(longest)`` checks, for the document."""
    return Field(
        description=description,
        json_schema_extra={
            "maxLength": MAX_PADDED_TITLE,
            "pattern": rf"^\s*\S([\s\S]{{0,{longest - 2}}}\S)?\s*$",
        },
    )


def no_longer_than(most: int) -> Any:
    """Return a check of how many entries a list or an object has, before any of them is checked.

    It stands behind the field's own bound, which the document has.
    """

    def check(entries: Any) -> Any:
        if isinstance(entries, list | dict) and len(entries) > most:
            raise PydanticKnownError(
                "too_long",
                {"field_type": "List", "max_length": most, "actual_length": len(entries)},
            )
        return entries

    return BeforeValidator(check)


def _whole(number: Any) -> Any:
    """Pass 60.0 as 60: JSON has one kind of number, and some clients write all of them so."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


def _in_digits(number: Any) -> Any:
    """Pass a number of a query as people write it: pydantic takes 1_0, 1.0 and +5 as well."""
    if isinstance(number, str) and not _DIGITS.fullmatch(number):
        raise PydanticCustomError("invalid_value", "must be a whole number in digits, like 20")
    return number


# With a sign a number is too small, and is told so.
_DIGITS: Final = re.compile(r"-?[0-9]{1,18}")


def shaped(pattern: str, description: str, **more: Any) -> Any:
    """Return a field's description with a pattern that the document tells and nothing checks."""
    return Field(description=description, json_schema_extra={"pattern": pattern, **more})


def counted(description: str) -> Any:
    """Return the description of a number of things."""
    return Field(description=description, json_schema_extra={"minimum": 0})


UNIQUE: Final = "[0-9a-v]{26}"
"""The unique part of an id, as a pattern (``domain.ids``)."""

ConversationId = Annotated[str, shaped(f"^conv_{UNIQUE}$", "The conversation's id.")]
ItemId = Annotated[str, shaped(f"^item_{UNIQUE}$", "The message's id.")]
ShareId = Annotated[
    str,
    shaped(f"^(msg_)?share_{UNIQUE}$", "The link's id, a secret; `msg_share_…` shows one message."),
]
CreatedAt = Annotated[datetime, shaped("Z$", "When it was created, in UTC.")]
UpdatedAt = Annotated[datetime, shaped("Z$", "When it last changed, messages included, in UTC.")]
ExpiresAt = Annotated[datetime, shaped("Z$", "Until when the link works, in UTC.")]

Metadata = Annotated[
    dict[
        Annotated[str, Field(min_length=1, max_length=MAX_METADATA_KEY)],
        Annotated[str, Field(max_length=MAX_METADATA_VALUE)],
    ],
    Field(
        max_length=MAX_METADATA_PAIRS,
        description="The client's own pairs of key and value, kept verbatim.",
    ),
    no_longer_than(MAX_METADATA_PAIRS),
]

Whole = BeforeValidator(_whole)
"""A whole number of a body; its bounds stand before this one, or the document would lack them."""

Limit = Annotated[
    int,
    # In this order the document has the bounds, and the digits are looked at before them.
    Field(ge=1, le=MAX_LIMIT),
    BeforeValidator(_in_digits),
    Query(description=f"Entries per page, {DEFAULT_LIMIT} by default."),
]
After = Annotated[
    str | None,
    Query(description="The id behind which the page begins: the `next_after` of the page before."),
]
OrderBy = Annotated[Order, Query(description="By creation: newest or oldest first.")]
ArchivedFilter = Annotated[Archived, Query(description="Which: without, only, or with archived.")]
