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
    if kind == "literal_error":
        sentence = f"Invalid value: '{_shown(sent)}'. Supported values are: {context['expected']}."
        return InvalidRequestError(sentence, param=name)
    shape = "object" if kind == "too_long" and isinstance(sent, dict) else kind
    if shape not in _BOUNDS:
        return None
    sentence, code = _BOUNDS[shape]
    size = len(sent) if isinstance(sent, str | list | dict) else 0
    message = sentence.format(name=name, size=size, sent=_shown(sent), **context)
    return InvalidRequestError(message, param=name, code=code)


_BOUNDS: Final[Mapping[str, tuple[str, str]]] = {
    "object": (
        (
            "Invalid '{name}': too many properties. Expected an object with at most {max_length} "
            "properties, but got an object with {size} properties instead."
        ),
        "object_above_max_properties",
    ),
    "too_long": (
        (
            "Invalid '{name}': array too long. Expected an array with maximum length {max_length}, "
            "but got an array with length {size} instead."
        ),
        "array_above_max_length",
    ),
    "too_short": (
        (
            "Invalid '{name}': empty array. Expected an array with minimum length {min_length}, "
            "but got an empty array instead."
        ),
        "empty_array",
    ),
    "string_too_long": (
        (
            "Invalid '{name}': string too long. Expected a string with maximum length "
            "{max_length}, but got a string with length {size} instead."
        ),
        "string_above_max_length",
    ),
    "less_than_equal": (
        (
            "Invalid '{name}': integer above maximum value. Expected a value <= {le}, but got "
            "{sent} instead."
        ),
        "integer_above_max_value",
    ),
    "greater_than_equal": (
        (
            "Invalid '{name}': integer below minimum value. Expected a value >= {ge}, but got "
            "{sent} instead."
        ),
        "integer_below_min_value",
    ),
}
"""The sentence and the code of a bound, by pydantic's type of the error."""


def _shown(sent: object) -> str:
    """Return what was sent, shortened; of a number, Python writes out 4,300 digits at most."""
    try:
        return str(sent)[:100]
    except ValueError:
        return "a number of thousands of digits"
