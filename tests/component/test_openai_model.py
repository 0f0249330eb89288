"""The adapter for OpenAI-compatible servers, against one on a real socket that behaves badly."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from colloquy.domain.errors import (
    InvalidRequestError,
    ModelError,
    ModelTimeoutError,
    ModelUnavailableError,
)
from colloquy.domain.usage import Usage
from colloquy.models.openai import OpenAIResponder
from colloquy.models.prompt import (
    Image,
    OtherPart,
    ResponseFormat,
    Sampling,
    Tool,
    ToolCall,
    ToolChoice,
    Turn,
)
from colloquy.models.responder import ask, collect
from tests.support.model import Exchange, ModelServer, completion, drips, says, serving
from tests.support.prompts import prompt


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with serving(says("Two.")) as server:
        yield server


@pytest.fixture
def responder(server: ModelServer) -> OpenAIResponder:
    return OpenAIResponder(server.url, lambda: None)


def test_every_parameter_is_sent_as_chat_completions_have_it(
    responder: OpenAIResponder, server: ModelServer
) -> None:
    sampling: dict[str, Any] = {
        "temperature": 0.0,
        "top_p": 0.5,
        "stop": ["END"],
        "seed": 0,
        "frequency_penalty": 0.1,
        "presence_penalty": 0.2,
        "logit_bias": {"50256": -100},
        "logprobs": True,
        "top_logprobs": 2,
        "reasoning_effort": "low",
        "verbosity": "high",
        "user": "u1",
    }
    schema = {"type": "object"}
    ask(
        responder,
        prompt(
            sampling=Sampling(**sampling),
            tools=[Tool(name="add", description="Add.", parameters=schema, strict=True)],
            tool_choice=ToolChoice("required", ["add"]),
            parallel_tool_calls=False,
            response_format=ResponseFormat(kind="json_schema", name="sum", schema=schema),
        ),
    )
    function = {"name": "add", "description": "Add.", "parameters": schema, "strict": True}
    assert server.asked == [
        {
            "model": "fake-1",
            "messages": [{"role": "user", "content": "One and one?"}],
            "max_tokens": 7,
            "stream": False,
            **sampling,
            "tools": [{"type": "function", "function": function}],
            "tool_choice": {"type": "function", "function": {"name": "add"}},
            "parallel_tool_calls": False,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "sum", "schema": schema},
            },
        }
    ]


def test_what_is_not_given_is_not_sent(responder: OpenAIResponder, server: ModelServer) -> None:
    ask(responder, prompt())
    assert server.asked[0].keys() == {"model", "messages", "max_tokens", "stream"}


def test_turns_of_every_kind_become_messages(
    responder: OpenAIResponder, server: ModelServer
) -> None:
    audio = {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}
    turns = [
        Turn("developer", ["Be brief."]),
        Turn("user", ["Look", Image("https://x/y.png", "low"), OtherPart(audio)], name="ann"),
        Turn("assistant", tool_calls=[ToolCall(id="c1", name="add", arguments="{}")]),
        Turn("tool", ["2"], tool_call_id="c1"),
    ]
    ask(responder, prompt(turns=turns))
    text = {"type": "text", "text": "Look"}
    image = {"type": "image_url", "image_url": {"url": "https://x/y.png", "detail": "low"}}
    call = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": "{}"}}
    assert server.asked[0]["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [text, image, audio], "name": "ann"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "content": "2", "tool_call_id": "c1"},
    ]


def refuses_parameter(name: str, message: str = "", **more: Any) -> Callable[[Exchange], None]:
    """Return the behaviour of a server that rejects a parameter, as OpenAI's does."""

    def behave(exchange: Exchange) -> None:
        if name in exchange.server.asked[-1]:
            error = {"message": message or f"Unsupported parameter: '{name}'", **more}
            exchange.send(400, {"error": error})
        else:
            exchange.send(200, completion("Two."))

    return behave


@pytest.mark.parametrize(
    "error",
    [
        {"param": "max_tokens", "code": "unsupported_parameter"},
        {
            "message": "Unsupported parameter: 'max_tokens' is not supported with this model. "
            "Use 'max_completion_tokens' instead.",
        },
    ],
)
def test_a_model_that_takes_no_max_tokens_is_asked_again_and_remembered(
    responder: OpenAIResponder, server: ModelServer, error: dict[str, Any]
) -> None:
    server.behave = refuses_parameter("max_tokens", **error)
    assert ask(responder, prompt()).text == "Two."
    assert ask(responder, prompt()).text == "Two."
    assert [asked.get("max_completion_tokens") for asked in server.asked] == [None, 7, 7]


def test_a_model_that_takes_no_temperature_is_asked_again_and_remembered(
    responder: OpenAIResponder, server: ModelServer
) -> None:
    server.behave = refuses_parameter("temperature", param="temperature", code="unsupported_value")
    warm = prompt(sampling=Sampling(temperature=0.2))
    assert ask(responder, warm).text == "Two."
    assert ask(responder, warm).text == "Two."
    assert ["temperature" in asked for asked in server.asked] == [True, False, False]


def test_what_one_model_rejects_another_still_gets(
    responder: OpenAIResponder, server: ModelServer
) -> None:
    server.behave = refuses_parameter("max_tokens", param="max_tokens")
    ask(responder, prompt())
    other = prompt().model.model_copy(update={"id": "fake-2"})
    server.behave = says("Two.")
    ask(responder, prompt(model=other))
    assert server.asked[-1]["max_tokens"] == 7


def test_several_rejections_in_a_row_are_learned(
    responder: OpenAIResponder, server: ModelServer
) -> None:
    def behave(exchange: Exchange) -> None:
        for name in ("max_tokens", "temperature", "top_p"):
            if name in exchange.server.asked[-1]:
                detail = [{"type": "extra_forbidden", "loc": ["body", name]}]
                exchange.send(422, {"detail": detail})
                return
        exchange.send(200, completion("Two."))

    server.behave = behave
    assert ask(responder, prompt(sampling=Sampling(temperature=1, top_p=1))).text == "Two."
    assert len(server.asked) == 4


def test_a_parameter_the_answer_depends_on_is_not_left_out(
    responder: OpenAIResponder, server: ModelServer
) -> None:
    server.behave = refuses_parameter("stop", param="stop", code="unsupported_parameter")
    with pytest.raises(InvalidRequestError) as caught:
        ask(responder, prompt(sampling=Sampling(stop=["END"])))
    assert caught.value.param == "stop"
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "no", "param": "messages"}},
        {"error": {"message": "Unsupported model 'fake-1'"}},
        {"error": {"param": ["max_tokens"], "message": 5}},
        {"error": "no"},
        {"detail": {"max_tokens": 1}},
        b"<html>",
        b"x" * 100_000,
    ],
)
def test_a_rejection_that_names_no_parameter_is_the_models_error(
    responder: OpenAIResponder, server: ModelServer, body: Any
) -> None:
    server.behave = lambda exchange: exchange.send(400, body)
    with pytest.raises(ModelError):
        ask(responder, prompt())
    assert len(server.asked) == 1


def test_a_server_that_rejects_whatever_it_gets_is_not_asked_for_ever(
    responder: OpenAIResponder, server: ModelServer
) -> None:
    def behave(exchange: Exchange) -> None:
        name = next(iter(exchange.server.asked[-1].keys() - {"model", "messages", "stream"}), "x")
        exchange.send(400, {"error": {"param": name}})

    server.behave = behave
    sampling = Sampling(temperature=1, top_p=1, seed=1, user="u", presence_penalty=1)
    with pytest.raises(ModelError):
        ask(responder, prompt(sampling=sampling))
    assert len(server.asked) <= 6


def test_a_context_that_is_too_long_for_the_model_is_the_clients_to_shorten(
    responder: OpenAIResponder, server: ModelServer
) -> None:
    server.behave = lambda exchange: exchange.send(
        400, {"error": {"code": "context_length_exceeded", "param": "messages"}}
    )
    with pytest.raises(InvalidRequestError) as caught:
        ask(responder, prompt())
    assert caught.value.code == "above_max"


def replies(message: dict[str, Any], **more: Any) -> Callable[[Exchange], None]:
    body = completion("") | more
    body["choices"][0]["message"] = {"role": "assistant", **message}
    return lambda exchange: exchange.send(200, body)


THINKING = [
    {"content": "Two.", "reasoning_content": "Hm."},
    {"content": "Two.", "reasoning": "Hm."},
    {"content": "Two.", "reasoning": "Hm.", "reasoning_content": "Hm."},
    {"content": "<think>Hm.</think>Two."},
    {
        "content": [
            {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
            {"type": "text", "text": "Two."},
        ]
    },
    {
        "content": [
            {"type": "thinking", "thinking": "Hm."},
            {"type": "output_text", "text": "Two."},
        ]
    },
    {"content": [{"type": "reasoning", "text": "Hm."}, {"type": "text", "text": "Two."}]},
]


@pytest.mark.parametrize("message", THINKING)
def test_reasoning_is_found_wherever_a_server_puts_it(
    responder: OpenAIResponder, server: ModelServer, message: dict[str, Any]
) -> None:
    server.behave = replies(message)
    answer = ask(responder, prompt())
    assert (answer.text, answer.reasoning) == ("Two.", "Hm.")


def test_usage_finish_reason_and_calls_are_read(
    responder: OpenAIResponder, server: ModelServer
) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": "{}"}}
    usage = {
        "prompt_tokens": 9,
        "completion_tokens": 4,
        "prompt_tokens_details": {"cached_tokens": 5},
        "completion_tokens_details": {"reasoning_tokens": 3},
    }
    server.behave = replies({"content": None, "tool_calls": [call]}, usage=usage)
    answer = ask(responder, prompt(tools=[Tool(name="add")]))
    assert list(answer.tool_calls) == [ToolCall(id="c1", name="add", arguments="{}")]
    assert answer.usage == Usage(
        input_tokens=9, output_tokens=4, cached_tokens=5, reasoning_tokens=3
    )


@pytest.mark.parametrize(
    "odd",
    [
        {"usage": "many"},
        {"usage": {"prompt_tokens": "9", "completion_tokens": -1}},
        {"usage": {"prompt_tokens": 10**30}},
        {"choices": [{"message": {"content": "Two.", "tool_calls": "x", "reasoning": {}}}]},
        {"choices": [{"message": {"content": "Two."}, "logprobs": {"content": [1]}}]},
        {"choices": [{"message": {"content": "Two.", "tool_calls": [1, {"function": 2}]}}]},
        {"choices": [{"message": {"content": "Two."}, "finish_reason": {"a": 1}}]},
    ],
)
def test_odd_fields_beside_the_text_do_no_harm(
    responder: OpenAIResponder, server: ModelServer, odd: dict[str, Any]
) -> None:
    server.behave = lambda exchange: exchange.send(200, completion("Two.") | odd)
    assert ask(responder, prompt()).text == "Two."


def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: " + json.dumps({"model": "m", "choices": [choice], **more}).encode() + b"\n\n"


CALL = {"index": 0, "id": "c1", "type": "function", "function": {"name": "add", "arguments": ""}}
STREAM = (
    b": keep-alive\n\n",
    chunk({"role": "assistant", "content": ""}),
    chunk({"reasoning_content": "Hm."}),
    chunk({"content": "Tw"}),
    chunk({"content": "o."}),
    chunk({"tool_calls": [CALL]}),
    chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"x"'}}]}),
    chunk({"tool_calls": [{"index": 0, "function": {"arguments": ": 1}"}}]}),
    chunk({}, "tool_calls"),
    chunk({}, None, choices=[], usage={"prompt_tokens": 3, "completion_tokens": 2}),
    b"data: [DONE]\n\n",
)


def streams(*parts: bytes, then: Callable[[Exchange], None] = Exchange.break_off) -> Any:
    """Return the behaviour of a server that sends these parts of a stream, one by one."""

    def behave(exchange: Exchange) -> None:
        exchange.start(200, "text/event-stream", Connection="close")
        for part in parts:
            exchange.write(part)
        then(exchange)

    return behave


def test_a_stream_is_read_as_it_comes(responder: OpenAIResponder, server: ModelServer) -> None:
    server.behave = streams(*STREAM, then=Exchange.hang)
    asked = prompt(tools=[Tool(name="add")], stream=True)
    begun = time.monotonic()
    deltas = list(responder.stream(asked))
    assert time.monotonic() - begun < 2
    assert server.asked[0]["stream"] is True
    assert server.asked[0]["stream_options"] == {"include_usage": True}
    assert [delta.text for delta in deltas if delta.text] == ["Tw", "o."]
    answer = collect(deltas, asked)
    assert (answer.text, answer.reasoning, answer.model) == ("Two.", "Hm.", "m")
    assert list(answer.tool_calls) == [ToolCall(id="c1", name="add", arguments='{"x": 1}')]
    assert answer.usage == Usage(input_tokens=3, output_tokens=2)


def test_the_first_delta_is_there_before_the_last_is_written(
    responder: OpenAIResponder, server: ModelServer
) -> None:
    server.behave = streams(*STREAM[:4], then=Exchange.hang)
    deltas = responder.stream(prompt(stream=True))
    assert next(delta.text for delta in deltas if delta.text) == "Tw"
    deltas.close()


def test_lines_may_be_cut_anywhere(responder: OpenAIResponder, server: ModelServer) -> None:
    whole = b"".join(STREAM).replace(b"\n", b"\r\n")
    server.behave = streams(*(whole[at : at + 7] for at in range(0, len(whole), 7)))
    assert ask(responder, prompt(stream=True)).text == "Two."


def test_a_server_that_does_not_stream_sends_all_in_one(responder: OpenAIResponder) -> None:
    (delta,) = responder.stream(prompt(stream=True))
    assert (delta.text, delta.finish_reason) == ("Two.", "stop")


def test_a_stream_that_stays_open_after_its_end_is_complete(
    responder: OpenAIResponder, server: ModelServer
) -> None:
    server.behave = streams(*STREAM[:9], then=Exchange.hang)
    begun = time.monotonic()
    assert ask(responder, prompt(stream=True, seconds=10)).text == "Two."
    assert time.monotonic() - begun < 4


def keeps_alive(exchange: Exchange) -> None:
    while not exchange.server.stopping.wait(0.05):
        exchange.write(b": keep-alive\n\n")


def floods(exchange: Exchange) -> None:
    while not exchange.server.stopping.is_set():
        exchange.write(b"x" * 65_536)


BAD: dict[str, tuple[Any, type[ModelError], str]] = {
    "no delta": (streams(then=Exchange.hang), ModelTimeoutError, "in time"),
    "comments only": (streams(then=keeps_alive), ModelTimeoutError, "in time"),
    "drips": (drips, ModelTimeoutError, "in time"),
    "stalls": (streams(*STREAM[:4], then=Exchange.hang), ModelTimeoutError, "in time"),
    "stalls with comments": (streams(*STREAM[:4], then=keeps_alive), ModelTimeoutError, "in time"),
    "breaks off": (streams(*STREAM[:4]), ModelError, "broke off"),
    "half a line": (streams(*STREAM[:4], b'data: {"cho'), ModelError, "failed"),
    "garbage": (streams(*STREAM[:4], b"data: <html>\n\n"), ModelError, "failed"),
    "an error": (streams(*STREAM[:4], b'data: {"error": {"code": 1}}\n\n'), ModelError, "failed"),
    "an endless line": (streams(*STREAM[:4], then=floods), ModelError, "too long"),
    "[DONE] at once": (streams(b"data: [DONE]\n\n"), ModelError, "empty"),
}


@pytest.mark.parametrize("how", BAD)
def test_a_stream_that_fails_is_a_clean_error(
    responder: OpenAIResponder, server: ModelServer, how: str
) -> None:
    server.behave, error, message = BAD[how]
    begun = time.monotonic()
    with pytest.raises(ModelError, match=message) as caught:
        ask(responder, prompt(stream=True, first_delta_seconds=0.5, pause_seconds=0.5))
    assert type(caught.value) is error
    assert time.monotonic() - begun < 3


def test_a_stream_that_never_ends_ends_with_its_deadline(
    responder: OpenAIResponder, server: ModelServer
) -> None:
    def goes_on(exchange: Exchange) -> None:
        exchange.start(200, "text/event-stream")
        while not exchange.server.stopping.wait(0.02):
            exchange.write(chunk({"content": "on and "}))

    server.behave = goes_on
    with pytest.raises(ModelTimeoutError):
        ask(responder, prompt(stream=True, seconds=0.5))


def test_whoever_stops_reading_ends_the_request(
    responder: OpenAIResponder, server: ModelServer
) -> None:
    hung_up: list[bool] = []

    def goes_on(exchange: Exchange) -> None:
        exchange.start(200, "text/event-stream")
        try:
            while not exchange.server.stopping.wait(0.01):
                exchange.write(chunk({"content": "on and " * 100}))
        except OSError:
            hung_up.append(True)
            raise

    server.behave = goes_on
    deltas = responder.stream(prompt(stream=True))
    next(deltas)
    deltas.close()
    until = time.monotonic() + 3
    while not hung_up and time.monotonic() < until:
        time.sleep(0.02)
    assert hung_up


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(ModelUnavailableError):
        ask(OpenAIResponder("http://127.0.0.1:9", lambda: None), prompt(stream=True))
