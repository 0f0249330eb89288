"""The wire models of the dialect's models."""

from collections.abc import Sequence
from typing import Annotated, Final, Literal

from pydantic import Field

from colloquy.http.models import Answer
from colloquy.http.openai.errors import ModelNotFoundError

_CREATED: Final = 1_700_000_000
"""When a model was created is nowhere stated; clients sort by it, so all have the same."""


class OpenAIModel(Answer):
    """A model that answers here."""

    id: Annotated[str, Field(description="The name a request gives as ``model``.")]
    object: Literal["model"] = "model"
    created: Annotated[int, Field(description="The same for all models.")] = _CREATED
    owned_by: Literal["colloquy"] = "colloquy"

    @classmethod
    def named(cls, name: str, names: Sequence[str]) -> "OpenAIModel":
        """Return the model of a name.

        Raises:
            ModelNotFoundError: there is none.
        """
        if name not in names:
            raise ModelNotFoundError(name)
        return cls(id=name)


class OpenAIModels(Answer):
    """The models that answer here."""

    object: Literal["list"] = "list"
    data: Annotated[list[OpenAIModel], Field(description="The default model is the first.")]

    @classmethod
    def of(cls, names: Sequence[str]) -> "OpenAIModels":
        """Return the models of these names."""
        return cls(data=[OpenAIModel(id=name) for name in names])
