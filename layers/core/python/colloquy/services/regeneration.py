"""Have a model write an assistant's message anew, from the messages before it."""

import time
from dataclasses import dataclass
from typing import Final

from colloquy.domain import ids
from colloquy.domain.errors import InvalidRequestError, ModelUnavailableError, NotFoundError
from colloquy.domain.item import Content, Item
from colloquy.domain.receipt import AlreadyDoneError, Once, Written
from colloquy.models.names import Model, ModelTable
from colloquy.models.responder import Prompt, Responder
from colloquy.services.arguments import known_id
from colloquy.services.edits import replayed, write_version
from colloquy.services.ports import Clock, EditRows, ProjectRows
from colloquy.services.prompts import prompt_of

ANSWER_SECONDS: Final = 20.0
"""From the request's start until the answer must be there. The function has 28: what is left is
for the write, which goes on against other writers for up to 8 (store.table)."""

_DEFAULT_TOKENS: Final = 1_024
"""An answer's length without ``max_tokens``: what today's models write in about 15 seconds."""
_TOKENS_PER_MESSAGE: Final = 150
_LONGEST_PAGE: Final = 100
"""Messages are read in pages of about what the model's context holds, and at most this many."""

_NO_MODEL: Final = (
    "No model is set up here. On one machine 'make run' brings one unless MODEL=off is set, or "
    "uses yours with MODEL_BASE_URL; on AWS set the stack's parameter ModelProvider."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegenerationRequest:
    """How a client wants a message to be written anew; None leaves it to us."""

    model: str | None = None
    instructions: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Models:
    """The models there are, and what answers for them."""

    table: ModelTable
    responder: Responder


class Regenerations:
    """What a caller can have a model do; ``models`` is None where there is none."""

    def __init__(
        self,
        edits: EditRows,
        projects: ProjectRows,
        models: Models | None,
        clock: Clock,
    ) -> None:
        self._edits = edits
        self._projects = projects
        self._models = models
        self._clock = clock

    def regenerate(
        self,
        owner_id: str,
        conversation_id: str,
        item_id: str,
        wanted: RegenerationRequest,
        once: Once | None = None,
    ) -> Written[Item]:
        """Give an assistant's message another text, written by a model; later messages stay.

        Nothing is written before the model has answered, and then only if the message is still
        there. Versions written meanwhile stay below this one.

        Raises:
            NotFoundError: the conversation or the message is not the caller's.
            InvalidRequestError: it is not the assistant's, there is no such model, or nothing
                before the message that fits it.
            IdempotencyMismatchError: the key was used for another request.
            ModelError: the model failed, was late or is not there; nothing has changed.
            ConflictError: others kept changing the message.
        """
        deadline = time.monotonic() + ANSWER_SECONDS
        known_id(ids.CONVERSATION, conversation_id, "conversation")
        item_id = known_id(ids.ITEM, ids.item_id_from(item_id), "message")
        where = (owner_id, conversation_id, item_id)
        conversation, item, earlier = self._edits.read(*where, once)
        if earlier is not None:
            facts = AlreadyDoneError(earlier).facts_for(once)
            return replayed(self._edits, owner_id, item, facts)
        if item.role != "assistant":
            raise InvalidRequestError(
                f"Only a message of the assistant can be regenerated; this one is of role "
                f"'{item.role}'. Edit it instead."
            )
        if self._models is None:
            raise ModelUnavailableError(_NO_MODEL, retry_after=60)
        model = _chosen(self._models.table, wanted)
        instructions = self._instructions(owner_id, conversation.project_id)
        given = [instructions, wanted.instructions]
        prompt = self._prompt(owner_id, item, given, model, wanted, deadline)
        answer = self._models.responder.answer(prompt)

        def text(_: Item) -> tuple[Content, str]:
            return answer.text, answer.model

        return write_version(self._edits, self._clock, where, text, once=once)

    def _instructions(self, owner_id: str, project_id: str | None) -> str | None:
        if project_id is None:
            return None
        try:
            return self._projects.get(owner_id, project_id).instructions
        except NotFoundError:
            # It is being deleted; the conversation is about to leave it.
            return None

    def _prompt(
        self,
        owner_id: str,
        item: Item,
        instructions: list[str | None],
        model: Model,
        wanted: RegenerationRequest,
        deadline: float,
    ) -> Prompt:
        max_tokens = wanted.max_tokens or min(_DEFAULT_TOKENS, _most_tokens(model))
        room = model.context - max_tokens
        page = min(room // _TOKENS_PER_MESSAGE + 1, _LONGEST_PAGE)
        newest_first = self._edits.before(owner_id, item, page)
        system, turns = prompt_of(newest_first, instructions, model, room)
        return Prompt(
            model=model,
            system=system,
            turns=turns,
            max_tokens=max_tokens,
            temperature=wanted.temperature,
            deadline=deadline,
        )


def _chosen(table: ModelTable, wanted: RegenerationRequest) -> Model:
    """Return the model of the name, if it takes what is asked of it.

    Raises:
        InvalidRequestError: there is none, or it does not.
    """
    model = table.named(wanted.model)
    most = _most_tokens(model)
    if wanted.max_tokens is not None and wanted.max_tokens > most:
        raise InvalidRequestError(
            f"'max_tokens' must be at most {most} for this model.",
            param="max_tokens",
            code="above_max",
        )
    if wanted.temperature is not None and model.max_temperature == 0:
        raise InvalidRequestError(
            "This model takes no 'temperature'. Leave it out.", param="temperature"
        )
    if wanted.temperature is not None and wanted.temperature > model.max_temperature:
        raise InvalidRequestError(
            f"'temperature' must be at most {model.max_temperature:g} for this model.",
            param="temperature",
            code="above_max",
        )
    return model


def _most_tokens(model: Model) -> int:
    """Return the longest answer that may be asked for: half the context is for the messages."""
    return min(model.max_tokens, model.context // 2)
