"""Finds the route of a request as an HTTP API does.

The order is the Developer Guide's ("Routes for HTTP APIs"): the most specific path wins, literal
segments before ``{variables}`` before a greedy ``{proxy+}`` before ``$default``; among equal paths
the route of the very method wins over ANY. Paths are matched decoded, and a trailing slash makes
another path.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from local.template.resources import Route


@dataclass(frozen=True)
class Match:
    """A route, and what its path variables stand for."""

    route: Route
    parameters: dict[str, str]


class Router:
    """The routes of one API."""

    def __init__(self, routes: Iterable[Route]) -> None:
        """Sort the routes once, the most specific first."""
        self._routes = sorted(routes, key=_rank)

    def find(self, method: str, path: str) -> Match | None:
        """Return the route for a decoded path, or None when not even ``$default`` is there."""
        for route in self._routes:
            if route.method not in (method, "ANY"):
                continue
            parameters = _parameters(route.path, path)
            if parameters is not None:
                return Match(route, parameters)
        return None


def _rank(route: Route) -> tuple[int, list[int], int]:
    segments = [_segment_rank(segment) for segment in route.path.split("/")]
    # A full match comes before any greedy one, and $default last.
    kind = 2 if route.path == "$default" else int(2 in segments)
    return (kind, segments, 1 if route.method == "ANY" else 0)


def _segment_rank(segment: str) -> int:
    if segment.endswith("+}"):
        return 2
    return 1 if segment.startswith("{") else 0


def _parameters(template: str, path: str) -> dict[str, str] | None:
    if template == "$default":
        return {}
    pattern, names = _pattern(template)
    match = pattern.fullmatch(path)
    return dict(zip(names, match.groups(), strict=True)) if match else None


@cache
def _pattern(template: str) -> tuple[re.Pattern[str], list[str]]:
    names: list[str] = []
    segments = []
    for segment in template.split("/"):
        if not segment.startswith("{"):
            segments.append(re.escape(segment))
            continue
        greedy = segment.endswith("+}")
        names.append(segment[1:-2] if greedy else segment[1:-1])
        segments.append("(.+)" if greedy else "([^/]+)")
    return re.compile("/".join(segments), re.DOTALL), names
