"""A project: what conversations are filed under."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from colloquy.domain.page import answer_bytes

MAX_TITLE: Final = 120
MAX_DESCRIPTION: Final = 2_000
MAX_INSTRUCTIONS: Final = 32_768


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project; ``instructions`` are the system prompt of its conversations."""

    id: str
    owner_id: str
    title: str
    created_at: datetime
    updated_at: datetime
    description: str | None = None
    instructions: str | None = None
    revision: int = 1

    @property
    def etag(self) -> str:
        """The entity tag of this state, quotes included."""
        return f'"{self.revision}"'

    @property
    def answer_bytes(self) -> int:
        """What the project takes of an answer (``page.MAX_ANSWER_BYTES``)."""
        return answer_bytes(self.title, self.description, self.instructions)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectChanges:
    """What an update changes: ``title``, ``description``, ``instructions``, as far as sent."""

    fields: Mapping[str, str | None]
