"""The wire models of deletions of many conversations."""

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from colloquy.http.models import RequestBody
from colloquy.services.deletion import MAX_NAMED, Deleted

_LONGEST_ID: Final = 256
"""Ids are 31 characters; whatever else is sent comes back in the answer, which has a limit."""


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
        list[Annotated[str, Field(max_length=_LONGEST_ID)]],
        Field(min_length=1, description=f"1 to {MAX_NAMED} ids; a repeated one counts once."),
        AfterValidator(_each_once),
    ]


class BulkDeleteOut(BaseModel):
    """What became of them; ``failed_ids`` are absent, not the caller's, or still there."""

    deleted_count: int
    failed_count: int
    failed_ids: list[str]

    @classmethod
    def of(cls, result: Deleted) -> "BulkDeleteOut":
        """Return the answer to a bulk deletion."""
        return cls(
            deleted_count=len(result.deleted),
            failed_count=len(result.failed),
            failed_ids=result.failed,
        )


class AllDeletedOut(BaseModel):
    """That no conversation of the caller's is left of those there were."""

    object: Literal["conversations.deleted"] = "conversations.deleted"
    deleted: Literal[True] = True
    deleted_count: int
