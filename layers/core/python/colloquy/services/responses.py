"""Have a model respond in a conversation: say something and be answered, in one write.

``Responses.respond`` is ``begin``, a model's answer, and ``finish``. Who streams calls these two
and passes the deltas on in between: ``begin`` reads everything and writes nothing, ``finish``
writes everything. ``complete`` asks a model without any conversation.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Final

from colloquy.domain import ids
from colloquy.domain.conversation import MAX_MESSAGES, Conversation
from colloquy.domain.errors import ConversationFullError
from colloquy.domain.item import Item, ItemDraft
from colloquy.domain.receipt import AlreadyDoneError, Facts, Once, Written
from colloquy.domain.version import at_version
from colloquy.models.prompt import Prompt, Turn
from colloquy.models.responder import MAX_ANSWER_BYTES, Answer
from colloquy.services.arguments import known_id
from colloquy.services.items import append_drafts, items_from, refuse_too_large
from colloquy.services.models import (
    ANSWER_SECONDS,
    Models,
    ResponseParameters,
    configured,
    instructions_of,
    page_size,
    prompt_from,
    text_of,
    turns_from,
)
from colloquy.services.ports import Clock, ItemRows, ProjectRows, VersionRows

_WRITE_SECONDS: Final = 2.0
"""How long tries to write are begun once the model has answered; the last may take 8 more."""

Outputs = Callable[[Answer], Sequence[ItemDraft]]
"""Makes the items that keep an answer."""


@dataclass(frozen=True, slots=True)
class PendingResponse:
    """A response of which everything is known but the model's answer; nothing has been written."""

    owner_id: str
    conversation: Conversation
    drafts: Sequence[ItemDraft]
    prompt: Prompt
    once: Once | None


class Responses:
    """What a caller can have a model say; ``models`` is None where there is none."""

    def __init__(
        self,
        items: ItemRows,
        versions: VersionRows,
        projects: ProjectRows,
        models: Models | None,
        clock: Clock,
    ) -> None:
        self._items = items
        self._versions = versions
        self._projects = projects
        self._models = models
        self._clock = clock

    def respond(
        self,
        owner_id: str,
        conversation_id: str,
        drafts: Sequence[ItemDraft],
        parameters: ResponseParameters,
        once: Once | None = None,
        *,
        within: str | None = None,
        outputs: Outputs | None = None,
    ) -> Written[list[Item]]:
        """Write new messages and a model's answer to them at the end of a conversation.

        The model is asked with the newest messages that fit its context, ``drafts`` last. They and
        the answer are written together once it is there, and only then. ``within`` names the list
        the drafts came in, for errors. ``outputs`` makes the items of an answer; without it, one
        assistant's message.

        Returns the items written, the drafts' first; with ``once`` those of the first request.

        Raises:
            Everything ``begin``, ``Models.ask`` and ``finish`` raise.
        """
        pending = self.begin(owner_id, conversation_id, drafts, parameters, once, within=within)
        if isinstance(pending, Written):
            return pending
        answer = configured(self._models).ask(pending.prompt)
        return self.finish(pending, (outputs or message_of)(answer))

    def begin(
        self,
        owner_id: str,
        conversation_id: str,
        drafts: Sequence[ItemDraft],
        parameters: ResponseParameters,
        once: Once | None = None,
        *,
        within: str | None = None,
    ) -> PendingResponse | Written[list[Item]]:
        """Read what the model is to be asked, or return what an earlier request has written.

        One round trip, and one more where the conversation is in a project.

        Raises:
            NotFoundError: the conversation is not the caller's.
            InvalidRequestError: there is no such model, it does not take these parameters, or
                there is no message that fits it.
            TooLargeError: a draft, or all together with an answer, are over the limit.
            ConversationFullError: the conversation would hold more than 10,000 messages.
            IdempotencyMismatchError: the key was used for another request.
            ModelUnavailableError: no model is set up.
        """
        deadline = time.monotonic() + ANSWER_SECONDS
        known_id(ids.CONVERSATION, conversation_id, "conversation")
        refuse_too_large(drafts, within=within, reserved=MAX_ANSWER_BYTES)
        model = self._models.chosen(parameters) if self._models else None
        page = page_size(model.context) if model else 1
        conversation, newest_first, earlier = self._items.latest(
            owner_id, conversation_id, page, once
        )
        if earlier is not None:
            facts = AlreadyDoneError(earlier).facts_for(once)
            return self._replayed(owner_id, conversation_id, drafts, facts)
        model = model or configured(self._models).chosen(parameters)
        if conversation.item_count + len(drafts) + 1 > MAX_MESSAGES:
            raise ConversationFullError(MAX_MESSAGES)
        instructions = instructions_of(self._projects, owner_id, conversation.project_id)
        turns = turns_from(
            model, parameters, lambda _: chain(reversed(drafts), newest_first), instructions
        )
        prompt = prompt_from(model, parameters, turns, deadline)
        return PendingResponse(owner_id, conversation, drafts, prompt, once)

    def finish(self, pending: PendingResponse, outputs: Sequence[ItemDraft]) -> Written[list[Item]]:
        """Write the drafts and the items of the answer to them, all or nothing, in this order.

        A conversation without a title gets one from the drafts.

        Raises:
            NotFoundError: the conversation has been deleted since.
            ConversationFullError: others have filled it since.
            ConflictError: others kept writing before us.
        """
        drafts = [*pending.drafts, *outputs]
        conversation = pending.conversation
        try:
            items = append_drafts(
                self._items,
                self._clock,
                (pending.owner_id, conversation.id),
                drafts,
                pending.once,
                time.monotonic() + _WRITE_SECONDS,
            )
        except AlreadyDoneError as done:
            facts = done.facts_for(pending.once)
            return self._replayed(pending.owner_id, conversation.id, pending.drafts, facts)
        return Written(items)

    def complete(self, parameters: ResponseParameters, turns: Sequence[Turn]) -> Answer:
        """Return a model's answer to these turns; nothing is read and nothing is written.

        Raises:
            InvalidRequestError: there is no such model, or it does not take these parameters.
            ModelError: the model failed, was late or is not there.
        """
        deadline = time.monotonic() + ANSWER_SECONDS
        models = configured(self._models)
        model = models.chosen(parameters)
        return models.ask(prompt_from(model, parameters, turns, deadline))

    def _replayed(
        self, owner_id: str, conversation_id: str, drafts: Sequence[ItemDraft], facts: Facts
    ) -> Written[list[Item]]:
        """Return what an earlier request has written.

        The drafts came again; the answer is read, as it was before any edit.
        """
        minted, at = facts["items"].split(), datetime.fromisoformat(facts["at"])
        written = items_from(drafts, conversation_id, minted[: len(drafts)], at)
        for item_id in minted[len(drafts) :]:
            _, item, _ = self._versions.read(owner_id, conversation_id, item_id)
            first = self._versions.version(owner_id, item, 1)
            written.append(at_version(item, first) if first else item)
        return Written(written, replayed=True)


def message_of(answer: Answer) -> list[ItemDraft]:
    """Return an answer as one message of the assistant."""
    text = text_of(answer)
    return [
        ItemDraft(
            role="assistant",
            content=text.content,
            model=text.model,
            usage=text.usage,
            status=text.status,
        )
    ]
