"""What a response of a model took, in tokens."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens read and written for one response, as its provider counted them.

    ``cached_tokens`` and ``cache_write_tokens`` are part of ``input_tokens``, ``reasoning_tokens``
    of ``output_tokens``.
    """

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0

    @property
    def total_tokens(self) -> int:
        """Tokens of the prompt and the response together."""
        return self.input_tokens + self.output_tokens

    @property
    def counts(self) -> dict[str, int]:
        """All counts by name, the total included."""
        return {**asdict(self), "total_tokens": self.total_tokens}
