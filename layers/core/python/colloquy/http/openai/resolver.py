"""The resolver of the OpenAI dialect's functions: the same, with OpenAI's errors."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from colloquy.domain.errors import ColloquyError
from colloquy.http.openai.errors import openai_envelope, openai_status
from colloquy.http.openai.validation import invalid_request
from colloquy.http.resolver import Api

BASE: Final = "/openai/v1"
"""Where the dialect is served: the ``base_url`` of an SDK ends in it."""

EVENT_STREAM: Final = "text/event-stream; charset=utf-8"

_CONVERSATION: Final = re.compile(
    rf"{BASE}/conversations/(?P<conversation_id>[^/]+)(/items/(?P<item_id>[^/]+))?"
)


class OpenAIApi(Api):
    """Routes events to the dialect's handlers; whatever goes wrong, the body is OpenAI's."""

    @staticmethod
    def _compile_regex(rule: str, base_regex: str = r"^{}\Z") -> re.Pattern[str]:
        """Let the name of a model hold slashes, as the greedy variable of its route does."""
        pattern = Api._compile_regex(rule, base_regex).pattern
        return re.compile(pattern.replace("(?P<model>[^/]+)", "(?P<model>.+)"))

    def status_and_body(
        self, error: ColloquyError, event: Mapping[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        """Return the status and the body of an error as OpenAI words it."""
        return openai_status(error), openai_envelope(error, _named(event))

    def to_error(self, errors: Sequence[Mapping[str, Any]]) -> ColloquyError:
        """Return the error OpenAI gives for what pydantic found wrong with a request."""
        return invalid_request(errors)


def _named(event: Mapping[str, Any]) -> dict[str, str]:
    """Return the ids in a request's path, and its cursor."""
    found = _CONVERSATION.match(event.get("rawPath") or "")
    named = {name: value for name, value in (found.groupdict() if found else {}).items() if value}
    after = (event.get("queryStringParameters") or {}).get("after")
    return named | ({"after": after} if after else {})
