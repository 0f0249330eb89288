"""The models clients may name, as the deployment is configured: a table of JSON.

``{"claude-3-5-sonnet": {"id": "…", "context": 64000, …}, …}``: the name clients send, and what the
provider has for it. The first is what a client gets that names none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from colloquy.domain.errors import InvalidRequestError


class Model(BaseModel):
    """One model.

    ``id`` is the provider's name for it. ``context`` is how many tokens prompt and answer may take
    together (the model may take more; this is what one answer may cost), ``max_tokens`` the most a
    client may ask an answer to have. ``max_temperature`` 0 says that the model takes none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(min_length=1)]
    context: Annotated[int, Field(ge=256)]
    max_tokens: Annotated[int, Field(ge=1)] = 4096
    max_temperature: Annotated[float, Field(ge=0, le=2)] = 2
    images: bool = False


_TABLE: TypeAdapter[dict[str, Model]] = TypeAdapter(
    Annotated[dict[str, Model], Field(min_length=1)]
)


@dataclass(frozen=True, slots=True)
class ModelTable:
    """The models by the names clients send."""

    models: Mapping[str, Model]

    @classmethod
    def from_json(cls, text: str) -> "ModelTable":
        """Read the configured table.

        Raises:
            ValueError: it is not such a table; the function cannot start.
        """
        return cls(_TABLE.validate_json(text))

    def named(self, name: str | None) -> Model:
        """Return the model of a name, or the first without one.

        Raises:
            InvalidRequestError: there is none of that name; it lists those there are.
        """
        if name is None:
            return next(iter(self.models.values()))
        if name not in self.models:
            known = ", ".join(self.models)
            raise InvalidRequestError(
                f"There is no model of that name. Those there are: {known}.", param="model"
            )
        return self.models[name]
