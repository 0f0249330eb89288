"""template.yaml as CloudFormation reads it: every resource, with references put in by name."""

from functools import cache
from typing import Any

from local.template.intrinsics import Resolver, read_yaml
from local.template.reader import LOCAL_PARAMETERS
from tests.support.functions import ROOT


@cache
def document() -> dict[str, Any]:
    """Return the template as it stands, short forms written long."""
    return read_yaml((ROOT / "template.yaml").read_text(encoding="utf-8"))


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    """Return the properties of the resources of a type, by logical id."""
    return {
        name: resource["Properties"]
        for name, resource in document()["Resources"].items()
        if resource["Type"] == kind
    }


def resolved(value: Any) -> Any:
    """Return a value with its parameters' defaults; a resource becomes its logical id."""
    return Resolver(document(), LOCAL_PARAMETERS, _reference, _attribute)(value)


def _reference(name: str) -> str:
    assert name in document()["Resources"], f"there is no {name} in the template"
    return name


def _attribute(name: str, attribute: str) -> str:
    return f"{_reference(name)}.{attribute}"
