"""The Bedrock adapter through boto3's own client, against a server that speaks Converse."""

import json
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import boto3
import pytest
from botocore.config import Config

from colloquy import wiring
from colloquy.domain.errors import ModelError, ModelTimeoutError, ModelUnavailableError
from colloquy.models.bedrock import BedrockResponder
from colloquy.models.names import Model
from colloquy.models.responder import Image, Prompt, Turn
from tests.support.functions import declared
from tests.support.model import Exchange, ModelServer, drips, serving

MODEL = Model(id="global.anthropic.claude-sonnet-4-6", context=1000)


def converses(exchange: Exchange) -> None:
    blocks = [
        {"reasoningContent": {"reasoningText": {"text": "Hm."}}},
        {"text": "Two"},
        {"text": "."},
    ]
    message = {"role": "assistant", "content": blocks}
    usage = {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}
    exchange.send(
        200,
        {
            "output": {"message": message},
            "stopReason": "end_turn",
            "usage": usage,
            "metrics": {"latencyMs": 1},
        },
    )


@pytest.fixture
def bedrock() -> Iterator[ModelServer]:
    with serving(converses) as server:
        yield server


@pytest.fixture
def responder(bedrock: ModelServer) -> BedrockResponder:
    config: Any = Config(read_timeout=5, retries={"total_max_attempts": 1})
    client: Any = boto3.client("bedrock-runtime", endpoint_url=bedrock.url, config=config)
    return BedrockResponder(client)


def prompt(*parts: str | Image, seconds: float = 5.0, **more: Any) -> Prompt:
    given: dict[str, Any] = {"system": "Be brief.", "max_tokens": 7, **more}
    turns = [Turn("user", list(parts) or ["One and one?"])]
    return Prompt(model=MODEL, turns=turns, deadline=time.monotonic() + seconds, **given)


def test_the_conversation_is_sent_as_converse_takes_it(
    responder: BedrockResponder, bedrock: ModelServer
) -> None:
    answer = responder.answer(prompt(temperature=0.5))
    assert (answer.text, answer.model) == ("Two.", MODEL.id)
    assert bedrock.paths == ["/model/global.anthropic.claude-sonnet-4-6/converse"]
    assert bedrock.asked == [
        {
            "messages": [{"role": "user", "content": [{"text": "One and one?"}]}],
            "system": [{"text": "Be brief."}],
            "inferenceConfig": {"maxTokens": 7, "temperature": 0.5},
        }
    ]


def test_what_is_not_given_is_not_sent(responder: BedrockResponder, bedrock: ModelServer) -> None:
    responder.answer(prompt(system=""))
    assert "system" not in bedrock.asked[0]
    assert bedrock.asked[0]["inferenceConfig"] == {"maxTokens": 7}


def test_an_image_is_sent_by_its_bytes_and_never_fetched(
    responder: BedrockResponder, bedrock: ModelServer
) -> None:
    parts = [
        Image("data:image/png;base64,iVBORw0KGgo="),
        Image("data:image/png;base64,%%%"),
        Image(f"{bedrock.url}/secret"),
    ]
    responder.answer(prompt(*parts))
    assert bedrock.asked[0]["messages"][0]["content"] == [
        {"image": {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}},
        {"text": "(an image that cannot be read)"},
        {"text": "(an image elsewhere)"},
    ]
    assert len(bedrock.paths) == 1


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (429, "ThrottlingException", ModelUnavailableError),
        (503, "ServiceUnavailableException", ModelUnavailableError),
        (429, "ModelNotReadyException", ModelUnavailableError),
        (408, "ModelTimeoutException", ModelTimeoutError),
        (500, "InternalServerException", ModelError),
        (424, "ModelErrorException", ModelError),
        (400, "ValidationException", ModelError),
        (403, "AccessDeniedException", ModelError),
    ],
)
def test_each_error_of_bedrock_means_one_of_the_ports(
    responder: BedrockResponder,
    bedrock: ModelServer,
    status: int,
    code: str,
    error: type[ModelError],
) -> None:
    bedrock.behave = lambda exchange: exchange.send(
        status, {"message": "no"}, **{"x-amzn-ErrorType": code}
    )
    with pytest.raises(ModelError) as caught:
        responder.answer(prompt())
    assert type(caught.value) is error
    assert len(bedrock.asked) == 1


@pytest.mark.parametrize("behave", [drips, Exchange.hang])
def test_the_deadline_holds_however_bedrock_is_late(
    responder: BedrockResponder, bedrock: ModelServer, behave: Any
) -> None:
    bedrock.behave = behave
    begun = time.monotonic()
    with pytest.raises(ModelTimeoutError):
        responder.answer(prompt(seconds=0.5))
    assert time.monotonic() - begun < 2
    with pytest.raises(ModelTimeoutError):
        responder.answer(prompt(seconds=-1))


def test_a_reply_without_text_or_without_sense_is_an_error(
    responder: BedrockResponder, bedrock: ModelServer
) -> None:
    for body in (
        b"{}",
        b"<html>",
        b'{"output": {"message": {"role": "assistant", "content": []}}}',
    ):
        bedrock.behave = partial(Exchange.send, status=200, body=body)
        with pytest.raises(ModelError):
            responder.answer(prompt())


def test_bedrock_is_what_the_templates_own_table_is_for(
    monkeypatch: pytest.MonkeyPatch, bedrock: ModelServer
) -> None:
    """The default parameters, as a deployment without any has them."""
    environment = declared().functions["RegenerationsFunction"].environment
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", bedrock.url)
    wiring.models.cache_clear()
    models = wiring.models()
    wiring.models.cache_clear()
    assert models is not None
    model = models.table.named("claude-3-5-sonnet")
    assert model == models.table.named(None)
    asked = Prompt(
        model=model,
        system="",
        turns=[Turn("user", ["One and one?"])],
        max_tokens=7,
        deadline=time.monotonic() + 5,
    )
    assert models.responder.answer(asked).text == "Two."
    assert json.loads(environment["MODEL_TABLE"])["claude-3-5-sonnet"]["id"] == model.id
