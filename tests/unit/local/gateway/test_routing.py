"""The most specific route wins."""

import pytest

from local.gateway.routing import Router
from local.template.resources import Route

ROUTES = [
    Route("ANY", "$default", "Default", None),
    Route("ANY", "/{proxy+}", "Greedy", None),
    Route("GET", "/pets/{proxy+}", "Pets", None),
    Route("GET", "/pets/dog/{id}", "Dog", None),
    Route("GET", "/pets/dog/1", "First", None),
    Route("ANY", "/pets/dog/{id}", "AnyDog", None),
    Route("GET", "/{kind}/cat", "Cat", None),
]


@pytest.mark.parametrize(
    ("method", "path", "function", "parameters"),
    [
        ("GET", "/pets/dog/1", "First", {}),
        ("GET", "/pets/dog/2", "Dog", {"id": "2"}),
        ("PUT", "/pets/dog/1", "AnyDog", {"id": "1"}),
        ("GET", "/pets/bird/1", "Pets", {"proxy": "bird/1"}),
        ("GET", "/pets/cat", "Cat", {"kind": "pets"}),
        ("POST", "/pets/bird", "Greedy", {"proxy": "pets/bird"}),
        ("GET", "/pets/dog/2/", "Pets", {"proxy": "dog/2/"}),
        ("GET", "/", "Default", {}),
    ],
)
def test_the_most_specific_route_wins(
    method: str, path: str, function: str, parameters: dict[str, str]
) -> None:
    match = Router(ROUTES).find(method, path)

    assert match is not None
    assert (match.route.function, match.parameters) == (function, parameters)


def test_without_a_default_there_may_be_no_route() -> None:
    assert Router([Route("GET", "/a", "A", None)]).find("POST", "/a") is None
