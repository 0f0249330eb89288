"""From what pydantic found wrong to the sentence that tells a person what is allowed."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from colloquy.domain.errors import InvalidRequestError

# Where pydantic's location of a value starts: the place it came in, which is not part of its name.
_PLACES: Final = frozenset({"body", "query", "path", "header"})

# The one field whose keys are the client's choice.
_FREE_KEYS: Final = "metadata"

_LONGEST_NAME: Final = 100

_CODES: Final[Mapping[str, str]] = {
    "missing": "missing_required",
    "extra_forbidden": "unknown_parameter",
    "less_than_equal": "above_max",
    "string_too_long": "above_max",
    "too_long": "above_max",
    "greater_than_equal": "below_min",
    "string_too_short": "below_min",
    "too_short": "below_min",
}

_SENTENCES: Final[Mapping[str, str]] = {
    "missing": "{name} is required.",
    "extra_forbidden": "{name} is not a field of this request. Look for a typo, or leave it out.",
    "less_than_equal": "{name} must be at most {le}.",
    "greater_than_equal": "{name} must be at least {ge}.",
    "string_too_long": "{name} may have at most {max_length} characters.",
    "string_too_short": "{name} must not be empty.",
    "too_long": "{name} may have at most {max_length} entries.",
    "too_short": "{name} must not be empty.",
    "literal_error": "{name} must be one of {expected}.",
    "string_type": "{name} must be a string.",
    "bool_type": "{name} must be true or false.",
    "int_parsing": "{name} must be a whole number.",
    "int_type": "{name} must be a whole number.",
    "dict_type": "{name} must be an object of string keys and values.",
    "list_type": "{name} must be a list.",
    "model_type": "{name} must be an object.",
    "model_attributes_type": "{name} must be an object.",
    "two_names": "Send only one of {field} and {other}.",
    "string_pattern_mismatch": "{name} has characters that are not allowed in it.",
}


def invalid_request(errors: Sequence[Mapping[str, Any]]) -> InvalidRequestError:
    """Return the error for the first thing pydantic found wrong.

    One at a time: the first is what a person mends first, and a union reports several that are
    one. An unknown field comes last, for a misspelt name is both missing and unknown.
    """
    first = first_of(errors)
    kind = str(first["type"])
    param = name_of(first)
    # A misspelt field shows twice: as missing and, by its wrong name, as unknown.
    unknown = [error for error in errors if error["type"] == "extra_forbidden"]
    if kind == "missing" and unknown:
        first, kind, param = unknown[0], "extra_forbidden", name_of(unknown[0])
    context: Mapping[str, Any] = first.get("ctx") or {}
    name = "The body" if param is None else f"'{param}'"
    if _is_about_a_key(first["loc"]):
        name = f"A key of {name}"
    # What our own checks found brings its code as its kind, and its sentence without the name.
    sentence = _SENTENCES.get(kind, "{name} {msg}.")
    message = sentence.format(name=name, msg=first["msg"], **context)
    return InvalidRequestError(message, param=param, code=_CODES.get(kind, _own_code(kind)))


def first_of(errors: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the error to report; that a field is unknown comes last."""
    return min(errors, key=lambda error: error["type"] == "extra_forbidden")


def _own_code(kind: str) -> str:
    return kind if kind in _CODES.values() else "invalid_value"


def name_of(error: Mapping[str, Any]) -> str | None:
    """Return ``items[3].role`` of ("body", "items", 3, "role"); None for the body itself.

    A union's branch stands in the location too, spelled ``<branch>``, and is left out. So may a
    client spell a name, but only in two places, where no branch can stand: directly behind
    ``metadata``, and as the last part, the name of an unknown field.
    """
    location: Sequence[str | int] = error["loc"]
    parts = location[1:] if location and location[0] in _PLACES else location
    if _is_about_a_key(location):
        parts = parts[:-2]
    last = len(parts) - 1
    name: str | None = None
    for place, part in enumerate(parts):
        chosen_by_client = (place > 0 and parts[place - 1] == _FREE_KEYS) or (
            place == last and error["type"] == "extra_forbidden"
        )
        if isinstance(part, int):
            name = f"{name or ''}[{part}]"
        elif chosen_by_client or not part.startswith("<"):
            name = part if name is None else f"{name}.{part}"
    # The name of an unknown field is the client's, and as long as it likes.
    return name if name is None else name[:_LONGEST_NAME]


def _is_about_a_key(location: Sequence[str | int]) -> bool:
    """Say whether a key of ``metadata`` is wrong, and not its value.

    Pydantic then ends in ("metadata", "the key", "[key]"), and for the value of a key that is
    called so in ("metadata", "[key]").
    """
    return len(location) > 2 and location[-3] == _FREE_KEYS and location[-1] == "[key]"
