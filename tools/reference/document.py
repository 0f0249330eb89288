"""One OpenAPI document of all functions: Powertools' own, merged, and finished where it ends.

Powertools knows paths, parameters, bodies and the answer that goes well. It does not know which
refusals there are (it declares a 422 nobody gets), which headers an answer has, who may call, nor
any example: operations.py and errors.py say that, and schemas.py tidies.
"""

import importlib
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Route
from aws_lambda_powertools.event_handler.openapi.merge import OpenAPIMerge
from aws_lambda_powertools.event_handler.openapi.models import HTTPBearer, License, Server, Tag

from local.template import reader
from tools.reference import errors, overview, schemas
from tools.reference.links import links_of
from tools.reference.operations import operation_of

Json = dict[str, Any]


def document(root: Path) -> Json:
    """Return the OpenAPI document of the functions and the template in ``root``."""
    declared = reader.load(root / "template.yaml")
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    public = {(r.method, r.path) for r in declared.routes if r.authorizer is None}
    apis = [_api_of(declared.functions[name].code.name) for name in _http_functions(declared)]
    merged = _merged(project, apis)
    finished = {
        (route.method, route.openapi_path): operation_of(
            merged["paths"][route.openapi_path][route.method.lower()],
            route,
            merged["components"]["schemas"],
            public=(route.method, route.openapi_path) in public,
        )
        for api in apis
        for route in _routes_of(api)
    }
    links = links_of(finished)
    paths: dict[str, Json] = {}
    # In the order of the template, which is that of a reader.
    for each in declared.routes:
        # OpenAPI has no word for a variable that takes slashes.
        path = each.path.replace("+}", "}")
        if (each.method, path) in finished:
            operation = finished[each.method, path]
            paths.setdefault(path, {})[each.method.lower()] = operation | links(operation)
    whole = {
        **merged,
        "paths": paths,
        "components": {
            "schemas": {**merged["components"]["schemas"], **errors.SCHEMAS},
            "responses": errors.GATEWAY,
            "examples": errors.EXAMPLES,
            "securitySchemes": merged["components"]["securitySchemes"],
        },
    }
    return schemas.tidied(whole)


def _http_functions(declared: reader.Template) -> list[str]:
    return list(dict.fromkeys(route.function for route in declared.routes))


def _api_of(folder: str) -> Any:
    return importlib.import_module(f"functions.{folder}.app").api


def _routes_of(api: Any) -> Iterator[Route]:
    yield from (*api._static_routes, *api._dynamic_routes)  # it has no other list


def _merged(project: Json, apis: list[Any]) -> Json:
    merge = OpenAPIMerge(
        title="Colloquy",
        version=project["version"],
        openapi_version="3.1.0",
        summary=project["description"],
        description=overview.DESCRIPTION,
        tags=[Tag(name=name, description=said) for name, said in overview.TAGS.items()],
        servers=[Server(url="/", description="Where this document was read.")],
        license_info=License(name=project["license"], identifier=project["license"]),
        security_schemes={
            "bearer": HTTPBearer(bearerFormat="JWT", description=overview.BEARER),
        },
        security=[{"bearer": []}],
        on_conflict="error",
    )
    known: Json = {}
    for api in apis:
        # Through JSON: merged as models, places of parameters would stay Python's.
        part = json.loads(api.get_openapi_json_schema())
        for name, schema in part.get("components", {}).get("schemas", {}).items():
            if known.setdefault(name, schema) != schema:
                raise ValueError(f"two functions have different models of the name {name}")
        merge.add_schema(part)
    # Through JSON once more, for what was given here as models.
    whole: Json = json.loads(json.dumps(merge.get_openapi_schema(), default=_plain))
    return whole


def _plain(model: Any) -> Json:
    plain: Json = model.model_dump(mode="json", by_alias=True, exclude_none=True)
    return plain
