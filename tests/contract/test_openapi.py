"""The committed OpenAPI document is that of the code, complete, and right in its examples."""

from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.support.functions import ROOT, declared
from tests.support.reference import (
    DOCUMENT,
    Json,
    Operation,
    faults,
    operations,
    reference,
    resolved,
)
from tools.reference.__main__ import text_of
from tools.reference.routes import routes_of

OPERATIONS = pytest.mark.parametrize("operation", operations(), ids=lambda each: each.id)


def test_the_committed_document_is_that_of_the_code() -> None:
    assert DOCUMENT.read_text("utf-8") == text_of(ROOT), "run `make openapi`"


def test_it_is_a_valid_document() -> None:
    assert reference()["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(reference()).validate()


def test_its_paths_are_the_routes_of_the_template_and_no_others() -> None:
    documented: dict[str, list[str]] = {}
    for each in operations():
        documented.setdefault(each.path, []).append(each.method)
    written = {path: sorted(methods) for path, methods in documented.items()}
    routes = routes_of(ROOT / "template.yaml")
    # A HEAD is its GET without the body, and goes without saying; OpenAPI has no word for a
    # variable that takes slashes.
    assert written == {
        path.replace("+}", "}"): [method for method in methods if method != "HEAD"]
        for path, methods in routes.items()
    }


def test_exactly_the_routes_without_an_authorizer_need_no_token() -> None:
    public = {
        (r.method, r.path) for r in declared().routes if r.authorizer is None and r.method != "HEAD"
    }
    documented = {(each.method, each.path) for each in operations() if "security" in each.said}
    assert documented == public - {("ANY", "$default")}
    assert all(each.said.get("security", []) == [] for each in operations())
    assert reference()["security"] == [{"bearer": []}]


def test_every_operation_has_an_id_of_its_own() -> None:
    ids = [each.id for each in operations()]
    assert len(ids) == len(set(ids))


@OPERATIONS
def test_an_operation_says_what_it_does(operation: Operation) -> None:
    known = {tag["name"] for tag in reference()["tags"]}
    assert operation.said["summary"]
    assert operation.said["description"].endswith(".")
    assert set(operation.said["tags"]) <= known
    assert len(operation.said["tags"]) == 1


@OPERATIONS
def test_its_parameters_are_described_and_their_examples_fit(operation: Operation) -> None:
    for parameter in operation.said.get("parameters", []):
        assert parameter["description"].endswith(".")
        assert faults(parameter["example"], parameter["schema"]) == []
        if parameter["in"] == "path":
            assert parameter["schema"]["pattern"]


@OPERATIONS
def test_its_bodies_have_examples_that_fit(operation: Operation) -> None:
    bodies = [operation.said["requestBody"]] if "requestBody" in operation.said else []
    bodies += [resolved(answer) for answer in operation.said["responses"].values()]
    for content in (content for body in bodies for content in body.get("content", {}).values()):
        assert content["examples"]
        for example in content["examples"].values():
            assert faults(resolved(example)["value"], content["schema"]) == []


@OPERATIONS
def test_its_headers_have_examples_that_fit(operation: Operation) -> None:
    for answer in operation.said["responses"].values():
        for header in resolved(answer).get("headers", {}).values():
            assert header["description"].endswith(".")
            assert faults(header["example"], header["schema"]) == []


@OPERATIONS
def test_every_answer_that_goes_well_takes_no_field_more(operation: Operation) -> None:
    for status, answer in operation.said["responses"].items():
        media = answer.get("content", {}).get("application/json")
        # Items of OpenAI's types are kept and given back verbatim.
        if status[0] == "2" and media and operation.id not in {"read_document", "read_openai_item"}:
            for each in media["schema"].get("anyOf", [media["schema"]]):
                assert resolved(each)["additionalProperties"] is False


def test_every_field_is_described() -> None:
    schemas: Json = reference()["components"]["schemas"]
    silent = [
        f"{name}.{field}"
        for name, schema in schemas.items()
        for field, said in _fields(schema)
        if "const" not in said and not _described(said)
    ]
    assert silent == []
    assert all(schema.get("description") for schema in schemas.values())


def _fields(schema: Json) -> Iterator[tuple[str, Json]]:
    for field, said in schema.get("properties", {}).items():
        yield field, said
        yield from _fields(said)


def _described(said: Any) -> bool:
    return bool(said.get("description") or said.get("properties")) or any(
        _described(choice) for choice in said.get("anyOf", ())
    )
