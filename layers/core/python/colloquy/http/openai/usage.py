"""Tokens as OpenAI's API reports them, under two sets of names."""

from typing import Any

from colloquy.domain.usage import Usage

Json = dict[str, Any]

_UNKNOWN = Usage(input_tokens=0, output_tokens=0)


def chat_usage(usage: Usage | None) -> Json:
    """Return the usage of a chat completion; zeros where the model server counted nothing."""
    counted = usage or _UNKNOWN
    return {
        "prompt_tokens": counted.input_tokens,
        "completion_tokens": counted.output_tokens,
        "total_tokens": counted.total_tokens,
        "prompt_tokens_details": {"cached_tokens": counted.cached_tokens, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": counted.reasoning_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def response_usage(usage: Usage | None) -> Json:
    """Return the usage of a response; zeros where the model server counted nothing."""
    counted = usage or _UNKNOWN
    return {
        "input_tokens": counted.input_tokens,
        "input_tokens_details": {
            "cached_tokens": counted.cached_tokens,
            "cache_write_tokens": counted.cache_write_tokens,
        },
        "output_tokens": counted.output_tokens,
        "output_tokens_details": {"reasoning_tokens": counted.reasoning_tokens},
        "total_tokens": counted.total_tokens,
    }
