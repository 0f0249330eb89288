"""The Bedrock adapter through boto3's own client, against a server that speaks Converse."""

import json
import time
import zlib
from collections.abc import Iterator
from functools import partial
from typing import Any

import boto3
import pytest
from botocore.config import Config

from colloquy import wiring
from colloquy.domain.errors import (
    InvalidRequestError,
    ModelDeniedError,
    ModelError,
    ModelTimeoutError,
    ModelUnavailableError,
)
from colloquy.domain.usage import Usage
from colloquy.models.bedrock import BedrockResponder
from colloquy.models.names import Model
from colloquy.models.prompt import (
    Image,
    OtherPart,
    Prompt,
    ResponseFormat,
    Sampling,
    Tool,
    ToolCall,
    ToolChoice,
    Turn,
)
from colloquy.models.responder import ask, collect
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


def prompt(*parts: str | Image | OtherPart, seconds: float = 5.0, **more: Any) -> Prompt:
    turns = [Turn("system", ["Be brief."]), Turn("user", list(parts) or ["One and one?"])]
    given: dict[str, Any] = {"turns": turns, "max_tokens": 7, **more}
    return Prompt(model=MODEL, deadline=time.monotonic() + seconds, **given)


def test_the_conversation_is_sent_as_converse_takes_it(
    responder: BedrockResponder, bedrock: ModelServer
) -> None:
    answer = ask(responder, prompt(sampling=Sampling(temperature=0.5)))
    assert (answer.text, answer.reasoning, answer.model) == ("Two.", "Hm.", MODEL.id)
    assert answer.usage == Usage(input_tokens=1, output_tokens=1)
    assert bedrock.paths == ["/model/global.anthropic.claude-sonnet-4-6/converse"]
    assert bedrock.asked == [
        {
            "messages": [{"role": "user", "content": [{"text": "One and one?"}]}],
            "system": [{"text": "Be brief."}],
            "inferenceConfig": {"maxTokens": 7, "temperature": 0.5},
        }
    ]


def test_what_is_not_given_is_not_sent(responder: BedrockResponder, bedrock: ModelServer) -> None:
    ask(responder, prompt(turns=[Turn("user", ["One and one?"])]))
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
    ask(responder, prompt(*parts))
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
        (403, "AccessDeniedException", ModelDeniedError),
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
        ask(responder, prompt())
    assert type(caught.value) is error
    assert len(bedrock.asked) == 1


@pytest.mark.parametrize("behave", [drips, Exchange.hang])
def test_the_deadline_holds_however_bedrock_is_late(
    responder: BedrockResponder, bedrock: ModelServer, behave: Any
) -> None:
    bedrock.behave = behave
    begun = time.monotonic()
    with pytest.raises(ModelTimeoutError):
        ask(responder, prompt(seconds=0.5))
    assert time.monotonic() - begun < 2
    with pytest.raises(ModelTimeoutError):
        ask(responder, prompt(seconds=-1))


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
            ask(responder, prompt())


WEATHER = Tool(
    name="get weather",
    description="Tell the weather.",
    parameters={"type": "object", "properties": {"city": {"type": "string"}}},
    strict=True,
)
CALL = ToolCall(id="call.1", name="get weather", arguments='{"city": "Bern"}')
SPEC = {
    "toolSpec": {
        "name": "get_weather",
        "description": "Tell the weather.",
        "inputSchema": {"json": WEATHER.parameters},
        "strict": True,
    }
}


def asked_with_tools(**more: Any) -> Prompt:
    turns = [
        Turn("user", ["Weather in Bern?"]),
        Turn("assistant", ["Let me see."], tool_calls=[CALL]),
        Turn("tool", ["Sunny"], tool_call_id="call.1"),
        Turn("user", ["And now?"]),
    ]
    return prompt(turns=turns, **more)


def test_tools_their_calls_and_outputs_are_translated(
    responder: BedrockResponder, bedrock: ModelServer
) -> None:
    ask(responder, asked_with_tools(tools=[WEATHER], tool_choice=ToolChoice("required")))
    (asked,) = bedrock.asked
    assert asked["toolConfig"] == {"tools": [SPEC], "toolChoice": {"any": {}}}
    used = {"toolUseId": "call_1", "name": "get_weather", "input": {"city": "Bern"}}
    result = {"toolUseId": "call_1", "content": [{"text": "Sunny"}]}
    assert asked["messages"] == [
        {"role": "user", "content": [{"text": "Weather in Bern?"}]},
        {"role": "assistant", "content": [{"text": "Let me see."}, {"toolUse": used}]},
        {"role": "user", "content": [{"toolResult": result}, {"text": "And now?"}]},
    ]


def test_past_calls_need_tools_that_converse_is_given(
    responder: BedrockResponder, bedrock: ModelServer
) -> None:
    """Converse rejects a request with calls in it and no tools."""
    ask(responder, asked_with_tools())
    named = {"toolSpec": {"name": "get_weather", "inputSchema": {"json": {"type": "object"}}}}
    assert bedrock.asked[0]["toolConfig"] == {"tools": [named]}


@pytest.mark.parametrize(
    ("choice", "config"),
    [
        (None, {"tools": [SPEC]}),
        (ToolChoice("auto"), {"tools": [SPEC]}),
        (ToolChoice("none"), None),
        (
            ToolChoice("required", ["get weather"]),
            {"tools": [SPEC], "toolChoice": {"tool": {"name": "get_weather"}}},
        ),
    ],
)
def test_each_tool_choice_is_translated(
    responder: BedrockResponder, bedrock: ModelServer, choice: ToolChoice | None, config: Any
) -> None:
    ask(responder, prompt(tools=[WEATHER], tool_choice=choice))
    assert bedrock.asked[0].get("toolConfig") == config


def test_a_call_is_given_back_with_its_arguments(
    responder: BedrockResponder, bedrock: ModelServer
) -> None:
    used = {"toolUseId": "t1", "name": "get_weather", "input": {"city": "Zürich"}}
    bedrock.behave = lambda exchange: exchange.send(
        200,
        {
            "output": {"message": {"role": "assistant", "content": [{"toolUse": used}]}},
            "stopReason": "tool_use",
            "usage": {"inputTokens": 5, "outputTokens": 3, "cacheReadInputTokens": 2},
        },
    )
    answer = ask(responder, prompt(tools=[WEATHER]))
    assert answer.finish_reason == "tool_calls"
    assert list(answer.tool_calls) == [
        ToolCall(id="t1", name="get_weather", arguments='{"city": "Zürich"}')
    ]
    assert answer.usage == Usage(input_tokens=7, output_tokens=3, cached_tokens=2)


def test_sampling_and_structured_output_are_translated(
    responder: BedrockResponder, bedrock: ModelServer
) -> None:
    sampling = Sampling(
        temperature=0, top_p=0.5, stop=["END"], reasoning_effort="low", frequency_penalty=0
    )
    form = ResponseFormat(kind="json_schema", name="my answer", schema={"type": "object"})
    ask(responder, prompt(sampling=sampling, response_format=form))
    (asked,) = bedrock.asked
    limits = {"maxTokens": 7, "temperature": 0, "topP": 0.5, "stopSequences": ["END"]}
    assert asked["inferenceConfig"] == limits
    schema = {"schema": '{"type": "object"}', "name": "my_answer"}
    assert asked["outputConfig"] == {
        "textFormat": {"type": "json_schema", "structure": {"jsonSchema": schema}},
        "effort": "low",
    }


@pytest.mark.parametrize(
    ("param", "more"),
    [
        ("seed", {"sampling": Sampling(seed=0)}),
        ("frequency_penalty", {"sampling": Sampling(frequency_penalty=1)}),
        ("presence_penalty", {"sampling": Sampling(presence_penalty=1)}),
        ("logit_bias", {"sampling": Sampling(logit_bias={"50256": -100})}),
        ("logprobs", {"sampling": Sampling(logprobs=True)}),
        ("top_logprobs", {"sampling": Sampling(top_logprobs=2)}),
        ("verbosity", {"sampling": Sampling(verbosity="low")}),
        ("reasoning_effort", {"sampling": Sampling(reasoning_effort="minimal")}),
        ("parallel_tool_calls", {"tools": [WEATHER], "parallel_tool_calls": False}),
        ("tools", {"tools": [Tool(name="grep", kind="custom")]}),
        ("response_format", {"response_format": ResponseFormat(kind="json_object")}),
        ("messages", {"turns": [Turn("user", [OtherPart({"type": "input_audio"})])]}),
    ],
)
def test_what_converse_cannot_do_is_rejected_by_name(
    responder: BedrockResponder, bedrock: ModelServer, param: str, more: dict[str, Any]
) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        ask(responder, prompt(**more))
    assert caught.value.param == param
    assert bedrock.asked == []


def event(kind: str, payload: dict[str, Any]) -> bytes:
    """Return a message of AWS's event stream encoding."""
    headers = b""
    for name, value in ((":message-type", "event"), (":event-type", kind)):
        headers += bytes([len(name)]) + name.encode() + b"\x07"
        headers += len(value).to_bytes(2, "big") + value.encode()
    body = json.dumps(payload).encode()
    prelude = (16 + len(headers) + len(body)).to_bytes(4, "big") + len(headers).to_bytes(4, "big")
    prelude += zlib.crc32(prelude).to_bytes(4, "big")
    message = prelude + headers + body
    return message + zlib.crc32(message).to_bytes(4, "big")


STREAM = (
    event("messageStart", {"role": "assistant"}),
    event(
        "contentBlockDelta",
        {"contentBlockIndex": 0, "delta": {"reasoningContent": {"text": "Hm."}}},
    ),
    event("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"text": "Let me "}}),
    event("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"text": "see."}}),
    event(
        "contentBlockStart",
        {"contentBlockIndex": 2, "start": {"toolUse": {"toolUseId": "t1", "name": "get_weather"}}},
    ),
    event("contentBlockDelta", {"contentBlockIndex": 2, "delta": {"toolUse": {"input": '{"ci'}}}),
    event(
        "contentBlockDelta", {"contentBlockIndex": 2, "delta": {"toolUse": {"input": 'ty": 1}'}}}
    ),
    event("contentBlockStop", {"contentBlockIndex": 2}),
    event("messageStop", {"stopReason": "tool_use"}),
    event("metadata", {"usage": {"inputTokens": 4, "outputTokens": 9, "totalTokens": 13}}),
)
EVENTS = "application/vnd.amazon.eventstream"


def test_a_stream_of_converse_is_the_same_answer(
    responder: BedrockResponder, bedrock: ModelServer
) -> None:
    bedrock.behave = lambda exchange: exchange.send(200, b"".join(STREAM), EVENTS)
    asked = prompt(tools=[WEATHER], stream=True)
    deltas = list(responder.stream(asked))
    assert [delta.text for delta in deltas if delta.text] == ["Let me ", "see."]
    answer = collect(deltas, asked)
    assert (answer.text, answer.reasoning, answer.finish_reason) == (
        "Let me see.",
        "Hm.",
        "tool_calls",
    )
    assert list(answer.tool_calls) == [
        ToolCall(id="t1", name="get_weather", arguments='{"city": 1}')
    ]
    assert answer.usage == Usage(input_tokens=4, output_tokens=9)
    assert bedrock.paths[0].endswith("/converse-stream")


def test_a_stream_that_breaks_off_is_an_error(
    responder: BedrockResponder, bedrock: ModelServer
) -> None:
    bedrock.behave = lambda exchange: exchange.send(200, b"".join(STREAM[:4]), EVENTS)
    with pytest.raises(ModelError, match="broke off"):
        ask(responder, prompt(stream=True))


@pytest.mark.parametrize("count", [0, 4])
def test_a_stream_that_stalls_is_late(
    responder: BedrockResponder, bedrock: ModelServer, count: int
) -> None:
    def stalls(exchange: Exchange) -> None:
        exchange.start(200, EVENTS)
        exchange.write(b"".join(STREAM[:count]))
        exchange.hang()

    bedrock.behave = stalls
    begun = time.monotonic()
    with pytest.raises(ModelTimeoutError):
        ask(responder, prompt(stream=True, first_delta_seconds=0.4, pause_seconds=0.4))
    assert time.monotonic() - begun < 2


def test_bedrock_is_what_the_templates_own_table_is_for(
    monkeypatch: pytest.MonkeyPatch, bedrock: ModelServer
) -> None:
    """The default parameters, as a deployment without any has them."""
    environment = declared().functions["ResponsesFunction"].environment
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
        turns=[Turn("user", ["One and one?"])],
        max_tokens=7,
        deadline=time.monotonic() + 5,
    )
    assert models.ask(asked).text == "Two."
    assert json.loads(environment["MODEL_TABLE"])["claude-3-5-sonnet"]["id"] == model.id
