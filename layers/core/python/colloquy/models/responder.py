"""The port to a language model: what is asked, what comes back, and how it fails."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from colloquy.domain.errors import ModelError
from colloquy.models.names import Model

MAX_ANSWER_BYTES: Final = 256 * 1024
"""An answer in UTF-8 JSON: with its message's metadata it stays under a message's 350 KB."""
_LONGEST_NAME: Final = 256


@dataclass(frozen=True, slots=True)
class Image:
    """An image in a turn: a ``data:`` address, or one on the web."""

    url: str


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side said, in texts and images."""

    role: Literal["user", "assistant"]
    parts: Sequence[str | Image]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What a model is asked.

    ``turns`` alternate, and begin and end with the user. ``deadline`` is the moment, on
    ``time.monotonic``'s clock, at which the answer must be there. Without a ``temperature`` the
    model's own default holds.
    """

    model: Model
    system: str
    turns: Sequence[Turn]
    max_tokens: int
    deadline: float
    temperature: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model wrote, and the name of the model that did, as its provider gives it."""

    text: str
    model: str


class Responder(Protocol):
    """Something that answers prompts."""

    def answer(self, prompt: Prompt) -> Answer:
        """Return the model's answer: a text with something to read in it.

        Raises:
            ModelTimeoutError: there was none by the deadline.
            ModelUnavailableError: the model cannot be reached, or takes no more requests now.
            ModelError: it failed, or its answer cannot be used.
        """
        ...


def answer_from(text: object, model: object, prompt: Prompt) -> Answer:
    """Return the answer a provider's reply holds; ``model`` is what it says has written it.

    Raises:
        ModelError: there is nothing to read in it, or too much to keep.
    """
    if not isinstance(text, str) or not text.strip():
        raise ModelError("The model's answer was empty. Nothing was changed; try again.")
    if len(json.dumps(text, ensure_ascii=False).encode()) > MAX_ANSWER_BYTES:
        raise ModelError(
            "The model's answer is longer than a message may be. Nothing was changed; ask for "
            "fewer 'max_tokens'."
        )
    named = isinstance(model, str) and 0 < len(model) <= _LONGEST_NAME
    return Answer(text, str(model) if named else prompt.model.id)
