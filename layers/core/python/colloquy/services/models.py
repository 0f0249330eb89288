"""The models a deployment has, and the prompts that requests to them make."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from colloquy.domain.errors import InvalidRequestError, ModelUnavailableError, NotFoundError
from colloquy.domain.item import Content, Status
from colloquy.domain.version import Text
from colloquy.models.names import Model, ModelTable
from colloquy.models.prompt import (
    DEFAULT_SAMPLING,
    Prompt,
    ResponseFormat,
    Sampling,
    Tool,
    ToolChoice,
    Turn,
)
from colloquy.models.responder import Answer, Responder, ask
from colloquy.services.ports import ProjectRows
from colloquy.services.prompts import prompt_of
from colloquy.services.transcript import Message

ANSWER_SECONDS: Final = 18.0
"""From the request's start until the answer must be there. The function has 28: 10 are for the
write, which retries against other writers for up to 8 (store.table)."""

DEFAULT_MAX_TOKENS: Final = 1_024
"""An answer's length without ``max_tokens``: what today's models write in about 15 seconds."""
_TOKENS_PER_MESSAGE: Final = 150
_LONGEST_PAGE: Final = 500
"""Messages are read in pages of about what the model's context holds, and at most this many."""

_NO_MODEL: Final = (
    "No model is set up here. On one machine 'make run' brings one unless MODEL=off is set, or "
    "uses yours with MODEL_BASE_URL; on AWS set the stack's parameter ModelProvider."
)

ReadBack = Callable[[int], Iterable[Message]]
"""Reads messages, newest first, in pages of this many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseParameters:
    """How a client wants a model to respond; whatever is not set has a default.

    ``model`` is a name of the deployment's table. ``instructions`` follow the project's.
    """

    model: str | None = None
    instructions: str | None = None
    max_tokens: int | None = None
    sampling: Sampling = DEFAULT_SAMPLING
    tools: Sequence[Tool] = ()
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None


@dataclass(frozen=True, slots=True)
class Models:
    """The models there are, and what answers for them."""

    table: ModelTable
    responder: Responder

    def ask(self, prompt: Prompt) -> Answer:
        """Return a model's whole answer.

        Raises:
            InvalidRequestError: the model cannot do what the prompt asks for.
            ModelError: it failed, was late or cannot be reached.
        """
        return ask(self.responder, prompt)

    def chosen(self, parameters: ResponseParameters) -> Model:
        """Return the model of the name, if it takes what is asked of it.

        Raises:
            InvalidRequestError: there is none of that name, or it does not.
        """
        model = self.table.named(parameters.model)
        most, temperature = most_tokens(model), parameters.sampling.temperature
        if parameters.max_tokens is not None and parameters.max_tokens > most:
            raise InvalidRequestError(
                f"'max_tokens' must be at most {most} for this model.",
                param="max_tokens",
                code="above_max",
            )
        if temperature is not None and model.max_temperature == 0:
            raise InvalidRequestError(
                "This model takes no 'temperature'. Leave it out.", param="temperature"
            )
        if temperature is not None and temperature > model.max_temperature:
            raise InvalidRequestError(
                f"'temperature' must be at most {model.max_temperature:g} for this model.",
                param="temperature",
                code="above_max",
            )
        return model


def configured(models: Models | None) -> Models:
    """Return the models there are.

    Raises:
        ModelUnavailableError: there are none; it says how to set one up.
    """
    if models is None:
        raise ModelUnavailableError(_NO_MODEL, retry_after=60)
    return models


def instructions_of(projects: ProjectRows, owner_id: str, project_id: str | None) -> str | None:
    """Return the instructions of a conversation's project, or None."""
    if project_id is None:
        return None
    try:
        return projects.get(owner_id, project_id).instructions
    except NotFoundError:
        # It is being deleted; the conversation is about to leave it.
        return None


def text_of(answer: Answer) -> Text:
    """Return an answer as a message's text, its reasoning as a part of its content."""
    said = answer.text or answer.refusal
    content: Content = said
    if answer.reasoning:
        content = [
            {"type": "reasoning", "text": answer.reasoning},
            {"type": "output_text", "text": said},
        ]
    status: Status = "incomplete" if answer.finish_reason == "length" else "completed"
    return Text(content, answer.model, answer.usage, status)


def prompt_from(
    model: Model,
    parameters: ResponseParameters,
    turns: Sequence[Turn],
    deadline: float,
) -> Prompt:
    """Return the prompt with these turns and parameters."""
    return Prompt(
        model=model,
        turns=turns,
        max_tokens=parameters.max_tokens or min(DEFAULT_MAX_TOKENS, most_tokens(model)),
        deadline=deadline,
        sampling=parameters.sampling,
        tools=parameters.tools,
        tool_choice=parameters.tool_choice,
        parallel_tool_calls=parameters.parallel_tool_calls,
        response_format=parameters.response_format,
    )


def turns_from(
    model: Model,
    parameters: ResponseParameters,
    read: ReadBack,
    project_instructions: str | None,
) -> list[Turn]:
    """Return the turns of the newest messages that leave room for the answer.

    Raises:
        InvalidRequestError: there is no message, or the newest alone does not fit.
    """
    wanted = parameters.max_tokens or min(DEFAULT_MAX_TOKENS, most_tokens(model))
    left = model.context - wanted
    instructions = [project_instructions, parameters.instructions]
    return prompt_of(read(page_size(left)), instructions, model, left)


def page_size(tokens: int) -> int:
    """Return how many messages to read at a time for a prompt of so many tokens."""
    return min(tokens // _TOKENS_PER_MESSAGE + 1, _LONGEST_PAGE)


def most_tokens(model: Model) -> int:
    """Return the longest answer that may be asked for: half the context is for the messages."""
    return min(model.max_tokens, model.context // 2)
