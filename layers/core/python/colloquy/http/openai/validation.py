"""From what pydantic found wrong to the error OpenAI's API gives for it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from colloquy.domain.errors import InvalidRequestError
from colloquy.http.openai.items import missing
from colloquy.http.validation import first_of, name_of

_JSON_TYPES: Final[Mapping[type, str]] = {
    bool: "a boolean",
    int: "an integer",
    float: "a decimal",
    str: "a string",
    list: "an array",
    dict: "an object",
    type(None): "null",
}
_EXPECTED: Final[Mapping[str, str]] = {
    "string_type": "a string",
    "bool_type": "a boolean",
    "bool_parsing": "a boolean",
    "int_type": "an integer",
    "int_parsing": "an integer",
    "int_from_float": "an integer",
    "float_type": "a number",
    "float_parsing": "a number",
    "dict_type": "an object",
    "list_type": "an array",
    "model_type": "an object",
    "model_attributes_type": "an object",
}


def invalid_request(errors: Sequence[Mapping[str, Any]]) -> InvalidRequestError:
    """Return the error for the first thing pydantic found wrong with a request."""
    error = first_of(errors)
    kind, name = str(error["type"]), name_of(error)
    sent, context = error.get("input"), error.get("ctx") or {}
    if kind == "missing":
        return missing(name or "body")
    if name is None:
        return InvalidRequestError(f"Invalid body: {error['msg']}.", code="invalid_type")
    if kind in _EXPECTED:
        return InvalidRequestError(
            f"Invalid type for '{name}': expected {_EXPECTED[kind]}, "
            f"but got {_JSON_TYPES.get(type(sent), 'another type')} instead.",
            param=name,
            code="invalid_type",
        )
    return _bounded(kind, name, sent, context) or InvalidRequestError(
        f"Invalid '{name}': {error['msg']}.", param=name
    )


def _bounded(
    kind: str, name: str, sent: Any, context: Mapping[str, Any]
) -> InvalidRequestError | None:
    size = len(sent) if isinstance(sent, str | list | dict) else 0
    above, below = context.get("max_length"), context.get("min_length")
    match kind, sent:
        case "too_long", dict():
            sentence = (
                f"Invalid '{name}': too many properties. Expected an object with at most {above} "
                f"properties, but got an object with {size} properties instead."
            )
            return InvalidRequestError(sentence, param=name, code="object_above_max_properties")
        case "too_long", _:
            sentence = (
                f"Invalid '{name}': array too long. Expected an array with maximum length {above}, "
                f"but got an array with length {size} instead."
            )
            return InvalidRequestError(sentence, param=name, code="array_above_max_length")
        case "too_short", _:
            sentence = (
                f"Invalid '{name}': empty array. Expected an array with minimum length {below}, "
                f"but got an empty array instead."
            )
            return InvalidRequestError(sentence, param=name, code="empty_array")
        case "string_too_long", _:
            sentence = (
                f"Invalid '{name}': string too long. Expected a string with maximum length "
                f"{above}, but got a string with length {size} instead."
            )
            return InvalidRequestError(sentence, param=name, code="string_above_max_length")
        case "less_than_equal", _:
            sentence = (
                f"Invalid '{name}': integer above maximum value. Expected a value <= "
                f"{context['le']}, but got {sent} instead."
            )
            return InvalidRequestError(sentence, param=name, code="integer_above_max_value")
        case "greater_than_equal", _:
            sentence = (
                f"Invalid '{name}': integer below minimum value. Expected a value >= "
                f"{context['ge']}, but got {sent} instead."
            )
            return InvalidRequestError(sentence, param=name, code="integer_below_min_value")
        case "literal_error", _:
            sentence = (
                f"Invalid value: '{str(sent)[:100]}'. Supported values are: {context['expected']}."
            )
            return InvalidRequestError(sentence, param=name)
    return None
