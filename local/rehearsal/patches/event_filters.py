"""Teaches ministack which lines of a log and which stream records this repository's filters mean.

Of patterns for lines it knows bare words and no JSON; and for records an ``exists: false`` below an
attribute that is absent never matches.
"""

from importlib import import_module
from typing import Any

from local.template.event_patterns import field_of, has_field, matches_any


def install() -> None:
    """Wrap how ministack matches lines, and replace how it matches records."""
    logs: Any = import_module("ministack.services.cloudwatch_logs")
    functions: Any = import_module("ministack.services.lambda_svc")
    bare_words = logs._subscription_pattern_matches

    def matched(pattern: str, line: str) -> bool:
        field = field_of(pattern)
        return has_field(field, line) if field else bare_words(pattern, line)

    def chosen(record: dict[str, Any], pattern: dict[str, Any]) -> bool:
        return matches_any([pattern], record)

    logs._subscription_pattern_matches = matched
    functions._match_esm_filter = chosen
