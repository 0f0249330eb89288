"""The table of models, and what a deployment may write into it."""

import pytest

from colloquy.domain.errors import InvalidRequestError
from colloquy.models.names import ModelTable
from colloquy.models.openai import OpenAIResponder

TWO = '{"a": {"id": "x", "context": 1000}, "b": {"id": "y", "context": 2000}}'


def test_the_first_of_the_table_answers_for_who_names_none() -> None:
    assert ModelTable.from_json(TWO).named(None).id == "x"
    assert ModelTable.from_json(TWO).named("b").id == "y"


def test_an_unknown_name_is_told_the_known_ones() -> None:
    with pytest.raises(InvalidRequestError, match="a, b") as caught:
        ModelTable.from_json(TWO).named("c")
    assert caught.value.param == "model"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"a": {}}',
        '{"a": {"id": ""}}',
        '{"a": {"id": "x", "context": 10}}',
        '{"a": {"id": "x", "context": 1000, "contxt": 1}}',
    ],
)
def test_a_table_that_makes_no_sense_stops_the_function_from_starting(text: str) -> None:
    with pytest.raises(ValueError, match="validation error"):
        ModelTable.from_json(text)


@pytest.mark.parametrize("address", ["", "localhost:1", "file:///etc/passwd", "http://"])
def test_an_address_that_is_none_stops_the_function_from_starting(address: str) -> None:
    with pytest.raises(ValueError, match="base URL"):
        OpenAIResponder(address, lambda: None)
