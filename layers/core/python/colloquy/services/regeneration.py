"""Have a model write an assistant's message anew, from the messages before it."""

import time

from colloquy.domain import ids
from colloquy.domain.errors import InvalidRequestError
from colloquy.domain.item import Item
from colloquy.domain.receipt import AlreadyDoneError, Once, Written
from colloquy.domain.version import Text
from colloquy.services.arguments import known_id
from colloquy.services.edits import replayed, write_version
from colloquy.services.models import (
    ANSWER_SECONDS,
    Models,
    ResponseParameters,
    configured,
    instructions_of,
    prompt_from,
    text_of,
    turns_from,
)
from colloquy.services.ports import Clock, EditRows, ProjectRows


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
        parameters: ResponseParameters,
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
        models = configured(self._models)
        model = models.chosen(parameters)
        instructions = instructions_of(self._projects, owner_id, conversation.project_id)
        turns = turns_from(
            model, parameters, lambda page: self._edits.before(owner_id, item, page), instructions
        )
        answer = models.ask(prompt_from(model, parameters, turns, deadline))

        def text(_: Item) -> Text:
            return text_of(answer)

        return write_version(self._edits, self._clock, where, text, once=once)
