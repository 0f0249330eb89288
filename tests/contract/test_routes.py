"""What template.yaml says is what the functions serve, and the other way round."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.functions import ROOT, declared, module_of
from tools.reference.routes import ROUTES, routes_of

HTTP_FUNCTIONS = sorted({route.function for route in declared().routes})


@pytest.mark.parametrize("function", HTTP_FUNCTIONS)
def test_a_function_serves_the_routes_that_lead_to_it_and_no_others(function: str) -> None:
    api: Any = module_of(function).api
    served = {
        (route.method, route.openapi_path) for route in [*api._static_routes, *api._dynamic_routes]
    }
    led = {
        (route.method, route.path.replace("+}", "}"))
        for route in declared().routes
        if route.function == function and route.path != "$default" and route.method != "HEAD"
    }
    assert served == led


def test_every_public_page_answers_head_too() -> None:
    public = [
        route
        for route in declared().routes
        if route.authorizer is None and route.path != "$default"
    ]
    ways = {(route.function, route.path, route.method) for route in public}
    assert {way for way in ways if way[2] == "HEAD"} == {
        (function, path, "HEAD") for function, path, method in ways if method == "GET"
    }
    assert ways


@pytest.mark.parametrize("function", HTTP_FUNCTIONS)
def test_path_parameters_are_called_the_same_in_template_and_handler(function: str) -> None:
    api: Any = module_of(function).api
    for route in [*api._static_routes, *api._dynamic_routes]:
        in_path = set(re.findall(r"{(\w+)}", route.openapi_path))
        assert in_path == {param.name for param in route.dependant.path_params}


def test_the_fallback_knows_the_routes_of_the_template() -> None:
    written: dict[str, list[str]] = json.loads((ROOT / ROUTES).read_text())
    assert written == routes_of(ROOT / "template.yaml"), "run `make routes`"


def test_every_function_of_the_template_has_its_folder_and_the_other_way_round() -> None:
    folders = {path.parent for path in (ROOT / "functions").glob("*/app.py")}
    assert {Path(function.code) for function in declared().functions.values()} == folders
