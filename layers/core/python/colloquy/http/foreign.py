"""Recognize what other chat applications export, to name it to who sends it here."""

from collections.abc import Mapping
from typing import Any, Final

from colloquy.domain.errors import InvalidRequestError

_MARKS: Final[Mapping[str, frozenset[str]]] = {
    "ChatGPT": frozenset({"mapping", "current_node"}),
    "Claude": frozenset({"uuid", "chat_messages"}),
}
"""Fields that a conversation has in each export, and in no other."""


def reject_foreign_export(value: Any) -> None:
    """Pass what is no conversation of another application's export.

    Raises:
        InvalidRequestError: it is one; the message names the application.
    """
    for application, fields in _MARKS.items():
        if isinstance(value, dict) and fields <= value.keys():
            raise InvalidRequestError(
                f"This is an export of {application}. Only what GET "
                "/v1/conversations/{id}/export gives as JSON can be imported here. Its messages "
                "can be sent to POST /v1/conversations as 'items'."
            )
