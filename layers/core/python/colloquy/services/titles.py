"""Give a conversation a better title than its first sentence, once it has been answered."""

import time
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Final

from colloquy.domain.conversation import Conversation
from colloquy.domain.errors import ModelError, ModelUnavailableError
from colloquy.domain.item import Item, text_of
from colloquy.domain.page import PageRequest
from colloquy.domain.title import MAX_TRIES, title_from_model
from colloquy.models.prompt import Prompt, Turn
from colloquy.services.models import Models
from colloquy.services.ports import Clock, ItemRows, TitleRows

_ANSWER_SECONDS: Final = 15.0
_LONGEST_PAUSE: Final = 5
_MAX_TOKENS: Final = 40
_FIRST_MESSAGES: Final = 6
_CHARACTERS: Final = 1_500
"""Of each message: what a title needs, and what the smallest model takes."""

_TASK: Final = (
    "You name conversations. Read the beginning of one and answer with its title and nothing "
    "else: at most six words, in the language of the user's message, on one line, without "
    "quotation marks."
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
        """Ask the model for a title and say whether the conversation now has it.

        ``partition`` is the one an answer of the conversation is in. Each try is counted before
        the model is asked, so that no failure makes them more than ``MAX_TRIES``. A title the user
        has set, before or meanwhile, stays.

        Raises:
            ModelError: the model failed, or gave no title; it may be called again.
        """
        conversation = self._conversations.above(partition, conversation_id)
        if self._models is None or conversation is None or not _is_to_be_improved(conversation):
            return False
        first = PageRequest(_FIRST_MESSAGES, None, "asc")
        _, found = self._items.read_shown(conversation.owner_id, conversation_id, first)
        said = _beginning(islice(found, _FIRST_MESSAGES))
        if said is None or not self._conversations.count_title_try(conversation):
            return False
        prompt = Prompt(
            model=self._models.table.named(None),
            turns=[Turn("system", [_TASK]), Turn("user", [said])],
            max_tokens=_MAX_TOKENS,
            deadline=time.monotonic() + _ANSWER_SECONDS,
        )
        try:
            answer = self._models.ask(prompt)
        except ModelUnavailableError as error:
            # Lambda comes again at once, and a busy or loading model would use up every try.
            self._pause(min(error.retry_after, _LONGEST_PAUSE))
            raise
        title = title_from_model(answer.text)
        if title is None:
            raise ModelError("The model's answer is no title.")
        return self._conversations.improve_title(conversation, title, MAX_TRIES, self._clock())


def _is_to_be_improved(conversation: Conversation) -> bool:
    return conversation.title_source == "auto" and conversation.title_tries < MAX_TRIES


def _beginning(items: Iterable[Item]) -> str | None:
    """Return the first exchange as a text to be named, or None before there is one."""
    lines: list[str] = []
    for item in items:
        if item.role in {"user", "assistant"} and (text := text_of(item.content).strip()):
            lines.append(f"{item.role.title()}: {text[:_CHARACTERS]}")
            if item.role == "assistant":
                break
    if not lines:
        return None
    return "\n\n".join([*lines, "Title:"])
