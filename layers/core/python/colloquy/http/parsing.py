"""Parse a body's JSON at a bounded cost, whatever is in it."""

import json
import re
from typing import Any, Final

from pydantic_core import from_json

from colloquy.domain.errors import InvalidRequestError
from colloquy.http.body import invalid_json
from colloquy.http.foreign import reject_foreign_export

MAX_VALUES: Final = 500_000
"""Values in one body. Two texts of a message have fewer, however small each of them is, so that
an import takes every part an export gives (``domain.export``)."""
MAX_LEVELS: Final = 200
"""Objects and lists inside one another: the parser's own limit."""

_LONGEST_NAME: Final = 100
# A string, or a mark outside of one. Possessive, and with an end at the text's: linear in every
# text. Values are one more than the commas and opening brackets outside of strings, and an empty
# list or object counts as two.
_TOKEN: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)


def object_from(text: str) -> dict[str, Any]:
    """Return the JSON object in ``text``.

    Strict where Python's own parser is lax: no NaN, no unpaired surrogates (which no UTF-8 can
    hold), and no number that would become infinite, as 1e400 does, and could not be given back.

    Raises:
        InvalidRequestError: it is not JSON, not an object, or holds such a number or too much.
    """
    _reject_too_many(text)
    try:
        value = from_json(text, allow_inf_nan=False, cache_strings="keys")
    except ValueError as error:
        raise _explained(str(error)) from error
    if not isinstance(value, dict):
        # Their files are lists; the import takes an object.
        reject_foreign_export(value[0] if isinstance(value, list) and value else None)
        raise InvalidRequestError('The body must be a JSON object, like {"title": "…"}.')
    _reject_infinite(value)
    return value


def _reject_too_many(text: str) -> None:
    """Reject a text with too many values before each of them becomes an object of Python's.

    Raises:
        InvalidRequestError: it has; ``param`` names the field in which they are too many.
    """
    if text.count(",") + text.count("[") + text.count("{") < MAX_VALUES:
        return  # the usual case, for strings are counted with them
    values, depth = 1, 0
    last = field = None
    for token in _TOKEN.finditer(text):
        mark = text[token.start()]
        if mark == '"':
            if depth == 1:
                last = token
            continue
        if mark in "[{":
            field = last if depth == 1 else field
            depth += 1
        elif mark in "]}":
            depth -= 1
            continue
        values += 1
        if values > MAX_VALUES:
            raise _too_many(field[0][1:-1][:_LONGEST_NAME] if field and depth > 1 else None)


def _too_many(param: str | None) -> InvalidRequestError:
    name = "The body" if param is None else f"'{param}'"
    return InvalidRequestError(
        f"{name} holds too much: the fields and elements of a body may be {MAX_VALUES:,} together.",
        param=param,
        code="above_max",
    )


def _explained(problem: str) -> InvalidRequestError:
    """Return the error for what the parser found, in words for who wrote the body."""
    if problem.startswith("recursion limit"):
        return InvalidRequestError(
            f"The body is nested too deeply: {MAX_LEVELS} objects and lists may be inside one "
            "another.",
            code="invalid_json",
        )
    # The parser knows an escape that must be followed by another, and one that must follow another.
    if problem.startswith(("unexpected end of hex escape", "lone leading surrogate")):
        place = problem.partition(" at ")[2]
        return invalid_json(
            f"a \\u escape at {place} is half an emoji (a lone surrogate). Emoji take two \\u "
            "escapes, and the text was cut between them"
        )
    return invalid_json(problem)


def _reject_infinite(value: dict[str, Any]) -> None:
    try:
        # Writing it is the fastest walk over it, and where a body is text far faster than a regular
        # expression that looks for such numbers.
        json.dumps(value, allow_nan=False)
    except ValueError as error:
        raise InvalidRequestError(
            "A number in the body is out of range: it must lie between -1.79e308 and 1.79e308."
        ) from error
