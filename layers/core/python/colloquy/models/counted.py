"""A responder whose failures are counted: on a dashboard they stand apart from all other errors."""

from colloquy.domain.errors import ModelError
from colloquy.models.responder import Answer, Prompt, Responder
from colloquy.observability import measure


class CountedResponder:
    """Asks another responder, and measures each answer that did not come."""

    def __init__(self, responder: Responder) -> None:
        self._responder = responder

    def answer(self, prompt: Prompt) -> Answer:
        """Return the other's answer (``Responder.answer``)."""
        try:
            return self._responder.answer(prompt)
        except ModelError as error:
            measure("ModelCallsFailed", 1, error_code=error.code)
            raise
