"""Prompts for tests of the model port, and a responder that answers from a script."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from colloquy.models.names import Model
from colloquy.models.prompt import Prompt, Turn
from colloquy.models.responder import Delta, Deltas

MODEL = Model(id="fake-1", context=1000)


def prompt(*texts: str, seconds: float = 5.0, **more: Any) -> Prompt:
    """Return a prompt of one user's turn, with other fields as given."""
    given: dict[str, Any] = {
        "model": MODEL,
        "turns": [Turn("user", list(texts) or ["One and one?"])],
        "max_tokens": 7,
        **more,
    }
    return Prompt(deadline=time.monotonic() + seconds, **given)


@dataclass
class ScriptedResponder:
    """Answers each prompt with the next of its scripts: deltas, or an error to raise."""

    scripts: list[Sequence[Delta] | Exception]
    asked: list[Prompt] = field(default_factory=list)
    before: Callable[[], None] = lambda: None
    """Called before each answer, to change something while the model is asked."""

    def stream(self, prompt: Prompt) -> Deltas:
        """Yield the deltas of the next script."""
        self.asked.append(prompt)
        self.before()
        script = self.scripts.pop(0)
        if isinstance(script, Exception):
            raise script
        yield from script
