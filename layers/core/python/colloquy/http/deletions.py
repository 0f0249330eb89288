"""The wire models of deletions of many conversations."""

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from colloquy.domain.page import MAX_ANSWER_BYTES, answer_bytes
from colloquy.http.models import Answer, RequestBody, counted, no_longer_than
from colloquy.services.deletion import MAX_NAMED, Deleted

_MAX_REPEATED: Final = 10_000
"""Ids in one request, repeated ones included."""
_SHORTENED_ID: Final = 256
"""Characters kept of an id where the ids as they were sent are more than an answer holds."""


def _each_once(named: list[str]) -> list[str]:
    distinct = list(dict.fromkeys(named))
    if len(distinct) > MAX_NAMED:
        raise PydanticCustomError(
            "above_max", f"may name at most {MAX_NAMED} conversations, but names {len(distinct)}"
        )
    return distinct


class BulkDelete(RequestBody):
    """The conversations to delete."""

    conversation_ids: Annotated[
        list[str],
        Field(
            min_length=1,
            max_length=_MAX_REPEATED,
            fail_fast=True,
            description=f"Up to {MAX_NAMED} different ids; a repeated one counts once.",
        ),
        no_longer_than(_MAX_REPEATED),
        AfterValidator(_each_once),
    ]


class BulkDeleteOut(Answer):
    """What became of the conversations that were named."""

    deleted_count: Annotated[int, counted("How many were there and are gone.")]
    failed_count: Annotated[int, counted("How many could not be deleted.")]
    failed_ids: Annotated[
        list[str], Field(description="Those: absent, not the caller's, or still there.")
    ]

    @classmethod
    def of(cls, result: Deleted) -> "BulkDeleteOut":
        """Return the answer to a bulk deletion."""
        failed = result.failed
        if answer_bytes(failed) > MAX_ANSWER_BYTES:
            failed = [each[:_SHORTENED_ID] for each in failed]
        return cls(
            deleted_count=len(result.deleted),
            failed_count=len(result.failed),
            failed_ids=failed,
        )


class AllDeletedOut(Answer):
    """That no conversation of the caller's is left of those there were."""

    object: Literal["conversations.deleted"] = "conversations.deleted"
    deleted: Literal[True] = True
    deleted_count: Annotated[int, counted("How many there were.")]
