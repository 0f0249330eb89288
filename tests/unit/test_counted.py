"""What calls of a model took is reported by model, and so is each that failed."""

import json

import pytest

from colloquy.domain.errors import ModelTimeoutError
from colloquy.domain.usage import Usage
from colloquy.models.counted import CountedResponder
from colloquy.models.responder import Delta, ask
from tests.support.prompts import ScriptedResponder, prompt

USAGE = Delta(usage=Usage(input_tokens=9, output_tokens=4))


@pytest.fixture(autouse=True)
def _named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "stack")


def test_tokens_are_reported_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    ask(CountedResponder(ScriptedResponder([[Delta(text="Two."), USAGE]])), prompt())
    (line,) = capsys.readouterr().out.splitlines()
    metric = json.loads(line)
    (described,) = metric["_aws"]["CloudWatchMetrics"]
    assert described["Dimensions"] == [["service"], ["service", "model"]]
    assert (metric["service"], metric["model"]) == ("stack", "fake-1")
    assert (metric["ModelInputTokens"], metric["ModelOutputTokens"]) == ([9.0], [4.0])


def test_an_answer_that_cannot_be_used_was_paid_for_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    responder = CountedResponder(ScriptedResponder([[USAGE, Delta(text="Two.")]]))
    deltas = responder.stream(prompt())
    next(deltas)
    deltas.close()
    assert '"ModelOutputTokens":[4.0]' in capsys.readouterr().out


def test_a_call_that_failed_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ModelTimeoutError):
        ask(CountedResponder(ScriptedResponder([ModelTimeoutError()])), prompt())
    metric = json.loads(capsys.readouterr().out)
    assert (metric["ModelCallsFailed"], metric["error_code"]) == ([1.0], "model_timeout")


def test_a_server_that_counts_nothing_is_not_reported(capsys: pytest.CaptureFixture[str]) -> None:
    ask(CountedResponder(ScriptedResponder([[Delta(text="Two.")]])), prompt())
    assert capsys.readouterr().out == ""
