"""The wire models of what a model's answer took."""

from typing import Annotated, Any, Final

from pydantic import Field

from colloquy.domain.usage import Usage
from colloquy.http.models import Answer, RequestBody, Whole, counted

_MOST_TOKENS: Final = 10**12


def _is_none(value: object) -> bool:
    return value is None


def _count(description: str) -> Any:
    return Field(ge=0, le=_MOST_TOKENS, description=description)


class UsageOut(Answer):
    """What an answer took, in tokens, as the model's provider counted them."""

    input_tokens: Annotated[int, counted("Tokens the model read.")]
    output_tokens: Annotated[int, counted("Tokens it wrote, those of its reasoning included.")]
    total_tokens: Annotated[int, counted("Both together.")]
    cached_tokens: Annotated[int, counted("Of those read: the provider had them in its cache.")]
    cache_write_tokens: Annotated[int, counted("Of those read: it put them into its cache.")]
    reasoning_tokens: Annotated[int, counted("Of those written: its reasoning.")]


UsageOfText = Annotated[
    UsageOut | None,
    Field(
        description="Only where a model wrote the text and its provider counts tokens.",
        exclude_if=_is_none,
    ),
]


class UsageIn(RequestBody):
    """What an answer took, as an export has it; the total is computed again."""

    input_tokens: Annotated[int, _count("Tokens the model read."), Whole]
    output_tokens: Annotated[int, _count("Tokens it wrote."), Whole]
    total_tokens: Annotated[int, _count("Both together."), Whole] = 0
    cached_tokens: Annotated[int, _count("Of those read: from the cache."), Whole] = 0
    cache_write_tokens: Annotated[int, _count("Of those read: into the cache."), Whole] = 0
    reasoning_tokens: Annotated[int, _count("Of those written: its reasoning."), Whole] = 0

    def usage(self) -> Usage:
        """Return the usage as the services take it."""
        return Usage(**self.model_dump(exclude={"total_tokens"}))
