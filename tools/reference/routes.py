"""Writes the routes of template.yaml down for the function that answers what no route matches."""

import json
from pathlib import Path

from local.template import reader

ROUTES = Path("layers/core/python/colloquy/http/routes.json")


def routes_of(path: str | Path) -> dict[str, list[str]]:
    """Return the methods each path of the template takes, ``$default`` left out."""
    methods: dict[str, list[str]] = {}
    for route in reader.load(path).routes:
        if route.path != "$default":
            methods.setdefault(route.path, []).append(route.method)
    return {path: sorted(methods[path]) for path in sorted(methods)}


if __name__ == "__main__":
    ROUTES.write_text(json.dumps(routes_of("template.yaml"), indent=2) + "\n", encoding="utf-8")
