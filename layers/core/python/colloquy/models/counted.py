"""A responder whose calls are measured: what they took in tokens, and how many failed."""

from contextlib import closing

from colloquy.domain.errors import ModelError
from colloquy.models.prompt import Prompt
from colloquy.models.responder import Deltas, Responder
from colloquy.observability import measure, measure_tokens


class CountedResponder:
    """Asks another responder, and measures each answer and each failure."""

    def __init__(self, responder: Responder) -> None:
        self._responder = responder

    def stream(self, prompt: Prompt) -> Deltas:
        """Yield the other's answer (``Responder.stream``)."""
        usage = None
        try:
            with closing(self._responder.stream(prompt)) as deltas:
                for delta in deltas:
                    usage = delta.usage or usage
                    yield delta
        except ModelError as error:
            measure("ModelCallsFailed", 1, error_code=error.code)
            raise
        finally:
            if usage is not None:
                measure_tokens(prompt.model.id, usage.input_tokens, usage.output_tokens)
