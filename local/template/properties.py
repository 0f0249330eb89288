"""Turns single properties of a template, already resolved, into the values of resources.py."""

import json
from collections.abc import Mapping
from typing import Any

from local.template.event_patterns import check
from local.template.intrinsics import TemplateError
from local.template.resources import Authorizer, Cors, Route, Schedule
from local.template.schedule_expressions import interval
from local.template.supported import check_known


def with_globals(properties: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    """Merge as SAM does: maps merge, lists append to the global one, the rest overrides."""
    merged = dict(defaults)
    for key, value in properties.items():
        default = merged.get(key)
        if isinstance(default, dict) and isinstance(value, dict):
            merged[key] = with_globals(value, default)
        elif isinstance(default, list) and isinstance(value, list):
            merged[key] = default + value
        else:
            merged[key] = value
    return merged


def route(
    function: str,
    settings: dict[str, Any],
    authorizers: Mapping[str, Authorizer],
    default: str | None,
) -> Route:
    """Return the route an HttpApi event declares."""
    path, method = str(settings["Path"]), str(settings["Method"]).upper()
    where = f"{function} {method} {path}"
    check_known(where, settings, {"ApiId", "Auth", "Method", "Path"})
    auth = settings.get("Auth", {})
    check_known(where, auth, {"Authorizer"})
    authorizer = auth.get("Authorizer", default)
    if authorizer == "NONE":
        authorizer = None
    if authorizer is not None and authorizer not in authorizers:
        raise TemplateError(f"{where}: there is no authorizer {authorizer}")
    return Route("ANY" if method == "*" else method, path, function, authorizer)


def schedule(function: str, name: str, settings: dict[str, Any]) -> Schedule:
    """Return the schedule that a ScheduleV2 event declares."""
    check_known(f"{function}.{name}", settings, {"Name", "ScheduleExpression"})
    expression = str(settings["ScheduleExpression"])
    # An expression that is not supported must be an error now, not when it is due.
    interval(expression)
    return Schedule(name, function, expression)


def cors(settings: dict[str, Any]) -> Cors:
    """Return what a CorsConfiguration declares."""
    names = ("AllowOrigins", "AllowMethods", "AllowHeaders", "ExposeHeaders")
    check_known("CorsConfiguration", settings, {*names, "AllowCredentials", "MaxAge"})
    origins, methods, headers, expose = (tuple(settings.get(name, ())) for name in names)
    age = settings.get("MaxAge")
    return Cors(
        origins=origins,
        methods=methods,
        headers=headers,
        expose=expose,
        max_age=int(age) if age is not None else None,
        credentials=is_true(settings.get("AllowCredentials", False)),
    )


def is_true(value: Any) -> bool:
    """Read a boolean, which a template may also write as text."""
    return str(value).lower() == "true"


def as_text(value: Any) -> str:
    """Return a value as an environment variable has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def pattern(text: str) -> dict[str, Any]:
    """Return the filter pattern that stands as text in a template."""
    try:
        pattern = json.loads(text)
    except ValueError as exc:
        raise TemplateError(f"a filter is not JSON: {text}") from exc
    check(pattern)
    return dict(pattern)
