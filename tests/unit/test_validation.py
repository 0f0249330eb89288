"""The sentences a client reads when a field is wrong."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from colloquy.http.conversations import ConversationCreate, ConversationPatch
from colloquy.http.items import ItemsBody
from colloquy.http.projects import ProjectCreate, ProjectPatch
from colloquy.http.validation import invalid_request


def refusal(model: Any, value: Any) -> tuple[str, str | None, str]:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(model).validate_python(value)
    errors = [{**error, "loc": ("body", *error["loc"])} for error in caught.value.errors()]
    error = invalid_request(errors)
    return error.code, error.param, error.message


@pytest.mark.parametrize(
    ("model", "value", "message"),
    [
        (ConversationCreate, {"titel": "x"}, "'titel' is not a field of this request."),
        (ConversationCreate, {"title": " "}, "'title' must have a character that is not a space."),
        (ConversationCreate, {"title": 5}, "'title' must be a string."),
        (
            ConversationCreate,
            {"metadata": {"k" * 65: "v"}},
            "A key of 'metadata' may have at most 64 characters.",
        ),
        (ConversationPatch, {}, "The body must change at least one of title, project_id,"),
        (ConversationPatch, {"title": None}, "'title' cannot be null; leave it out to keep it."),
        (
            ItemsBody,
            {"items": [{"role": "user", "content": "x"}, {"role": "bot", "content": "x"}]},
            "'items[1].role' must be one of 'user', 'assistant',",
        ),
        (ItemsBody, {"role": "user"}, "'content' is required."),
        (ItemsBody, {"role": "user", "content": 5}, "'content' must be a string or a list"),
        (ItemsBody, 5, "The body must be an object."),
    ],
)
def test_a_refusal_names_the_field_and_says_what_is_allowed(
    model: Any, value: Any, message: str
) -> None:
    assert refusal(model, value)[2].startswith(message)


def test_a_misspelt_field_is_named_rather_than_the_one_it_leaves_missing() -> None:
    code, param, _ = refusal(ProjectCreate, {"titel": "x"})
    assert (code, param) == ("unknown_parameter", "titel")


def test_a_client_cannot_make_an_endless_param() -> None:
    _, param, message = refusal(ConversationCreate, {"x" * 10_000: "y"})
    assert param is not None
    assert len(param) <= 100
    assert len(message) < 300


@pytest.mark.parametrize(
    ("model", "value", "param", "message"),
    [
        (ConversationCreate, {"metadata": {"[key]": 1}}, "metadata.[key]", "must be a string."),
        (ConversationCreate, {"metadata": {"<x>": 1}}, "metadata.<x>", "must be a string."),
        (ConversationCreate, {"metadata": {"<one>": 1}}, "metadata.<one>", "must be a string."),
        (ConversationCreate, {"metadata": {"metadata": 1}}, "metadata.metadata", "must be"),
        (ConversationCreate, {"<one>": 1}, "<one>", "is not a field of this request."),
        (ConversationCreate, {"[key]": 1}, "[key]", "is not a field of this request."),
        (ConversationCreate, {"": 1}, "", "is not a field of this request."),
        (ConversationCreate, {"metadata": {"": "x"}}, "metadata", "must not be empty."),
        (
            ItemsBody,
            {"role": "user", "content": "x", "<one>": 1},
            "<one>",
            "is not a field of this request.",
        ),
        (
            ItemsBody,
            {"role": "user", "content": "x", "metadata": {"<one>": 1}},
            "metadata.<one>",
            "must be a string.",
        ),
        (
            ItemsBody,
            {"items": [{"role": "user", "content": [{"type": "text"}]}]},
            "items[0].content[0].text",
            "is required.",
        ),
        (
            ItemsBody,
            {"items": [{"role": "user", "content": "x", "metadata": {"[key]": 1}}]},
            "items[0].metadata.[key]",
            "must be a string.",
        ),
    ],
)
def test_a_name_that_looks_like_a_marker_of_ours_is_still_the_clients(
    model: Any, value: Any, param: str, message: str
) -> None:
    _, named, sentence = refusal(model, value)
    assert named == param
    subject = f"A key of '{param}'" if value.get("metadata") == {"": "x"} else f"'{param}'"
    assert sentence.startswith(f"{subject} {message}")


@pytest.mark.parametrize("model", [ProjectCreate, ProjectPatch])
def test_of_two_names_of_a_field_only_one_may_be_sent(model: Any) -> None:
    code, param, message = refusal(model, {"title": "x", "name": "y"})
    assert (code, param) == ("invalid_value", "name")
    assert message == "Send only one of title and name."
    both = {"title": "x", "instructions": "a", "instruction": "b"}
    assert refusal(model, both)[1:] == (
        "instruction",
        "Send only one of instructions and instruction.",
    )
