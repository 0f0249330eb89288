"""Metadata of the dialect: bounded as the guide's, with the errors OpenAI words for it."""

from collections.abc import Mapping
from typing import Any

from colloquy.domain.conversation import MAX_METADATA_KEY, MAX_METADATA_PAIRS, MAX_METADATA_VALUE
from colloquy.domain.errors import InvalidRequestError
from colloquy.http.openai.items import invalid_type


def metadata_from(sent: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the pairs a client sent; null is none.

    Raises:
        InvalidRequestError: there are too many, or a key or a value is too long or no string.
    """
    pairs = sent or {}
    if len(pairs) > MAX_METADATA_PAIRS:
        raise InvalidRequestError(
            f"Invalid 'metadata': too many properties. Expected an object with at most "
            f"{MAX_METADATA_PAIRS} properties, but got an object with {len(pairs)} properties "
            "instead.",
            param="metadata",
            code="object_above_max_properties",
        )
    for key, value in pairs.items():
        _check(key, value)
    return dict(pairs)


def _check(key: str, value: Any) -> None:
    if len(key) > MAX_METADATA_KEY:
        raise InvalidRequestError(
            f"Invalid property name in 'metadata': '{key[:MAX_METADATA_KEY]}...' is too long. "
            f"Expected a string with maximum length {MAX_METADATA_KEY}, but got a string with "
            f"length {len(key)} instead.",
            param=f"metadata.{key[:MAX_METADATA_KEY]}",
            code="property_name_above_max_length",
        )
    name = f"metadata.{key}"
    if not isinstance(value, str):
        raise invalid_type(name, "a string")
    if len(value) > MAX_METADATA_VALUE:
        raise InvalidRequestError(
            f"Invalid '{name}': string too long. Expected a string with maximum length "
            f"{MAX_METADATA_VALUE}, but got a string with length {len(value)} instead.",
            param=name,
            code="string_above_max_length",
        )
