"""Give a conversation a better title than its first sentence, once it has been answered."""

import time
from collections.abc import Callable
from typing import Final

from colloquy.domain.conversation import Conversation
from colloquy.domain.errors import (
    ModelDeniedError,
    ModelError,
    ModelUnavailableError,
    NotFoundError,
)
from colloquy.domain.item import Item, text_of
from colloquy.domain.model_title import title_from_model
from colloquy.domain.title import MAX_TRIES
from colloquy.models.prompt import Prompt, Turn
from colloquy.services.models import Models
from colloquy.services.ports import Clock, ItemRows, TitleRows

_ANSWER_SECONDS: Final = 15.0
_LONGEST_PAUSE: Final = 5
_MAX_TOKENS: Final = 1_000
"""A title takes ten; a model that reasons first takes hundreds before it."""
_CHARACTERS: Final = 1_500
"""Of the message: what a title needs, and what the smallest model takes."""

_TASK: Final = (
    "You name conversations. Read the message that one begins with and answer with its title and "
    "nothing else: at most six words, in the language of the message, on one line, without "
    "quotation marks. Do not answer the message. Do not explain your choice or think at length."
)


class Titles:
    """Improves automatic titles; ``models`` is None where there is none."""

    def __init__(
        self,
        conversations: TitleRows,
        items: ItemRows,
        models: Models | None,
        clock: Clock,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._conversations = conversations
        self._items = items
        self._models = models
        self._clock = clock
        self._pause = pause

    def improve(self, partition: str, conversation_id: str) -> bool:
        """Ask the model for a title and report whether the conversation now has it.

        ``partition`` is the one an answer of the conversation is in. The model reads the message
        that the automatic title was taken from and no other, so that its title has the same source
        (docs/adr/0089). Each try is counted before the model is asked, so that no failure makes
        them more than ``MAX_TRIES``; one that the model's provider denies is taken back. A title
        that the user has set, before or in between, stays.

        Raises:
            ModelError: the model failed, or gave no title; it may be called again.
        """
        conversation = self._conversations.above(partition, conversation_id)
        if self._models is None or conversation is None or not _is_to_be_improved(conversation):
            return False
        source = self._source(conversation)
        if source is None or not self._conversations.count_try(conversation, self._clock()):
            return False
        text = text_of(source.content).strip()[:_CHARACTERS]
        model = self._models.table.named(None)
        prompt = Prompt(
            model=model,
            turns=[Turn("system", [_TASK]), Turn("user", [f"Message: {text}\n\nTitle:"])],
            max_tokens=min(_MAX_TOKENS, model.context // 8),
            deadline=time.monotonic() + _ANSWER_SECONDS,
        )
        try:
            answer = self._models.ask(prompt)
        except ModelDeniedError:
            # Until the operator grants access, every conversation would use up its tries.
            self._conversations.take_back_try(conversation)
            raise
        except ModelUnavailableError as error:
            # Lambda comes again at once, and a busy or loading model would use up every try.
            self._pause(min(error.retry_after, _LONGEST_PAUSE))
            raise
        title = title_from_model(answer.text, text)
        if title is None:
            raise ModelError("The model's answer is no title.")
        return self._conversations.improve(conversation, source, title, self._clock())

    def _source(self, conversation: Conversation) -> Item | None:
        if conversation.title_item is None:
            return None
        try:
            return self._items.get(conversation.owner_id, conversation.id, conversation.title_item)
        except NotFoundError:
            return None


def _is_to_be_improved(conversation: Conversation) -> bool:
    return conversation.title_source == "auto" and conversation.title_tries < MAX_TRIES
