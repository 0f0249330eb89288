"""From messages to the turns of a prompt: the newest that fit the model's context.

System and developer messages go to the system turn, after the project's instructions.

Tokens are estimated at one for three bytes of UTF-8, and a few for each message: more than
English has (about four bytes each), about what other scripts have. Over-estimating costs the
oldest message or two; under-estimating would cost the answer.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from colloquy.domain.errors import InvalidRequestError
from colloquy.models.names import Model
from colloquy.models.prompt import Part, Turn
from colloquy.services.transcript import Entry, Message, entries_of, turns_of

_BYTES_PER_TOKEN: Final = 3
_MESSAGE_TOKENS: Final = 8
_IMAGE_TOKENS: Final = 1_600
"""What the larger providers count for an image of the largest size they do not shrink."""

_NO_ANSWER_YET: Final = "Go on."
_BEGINNING: Final = "(The assistant begins.)"


def prompt_of(
    newest_first: Iterable[Message],
    instructions: Sequence[str | None],
    model: Model,
    max_tokens: int,
) -> list[Turn]:
    """Return the turns of the newest messages that fit ``max_tokens``, oldest first.

    The first is the system's, if there is anything for it. The others begin with the user and end
    with the user or a tool, as providers ask for. Reads no further than it takes.

    Raises:
        InvalidRequestError: there is no message, or the newest alone does not fit.
    """
    system: list[Part] = [text for text in instructions if text and text.strip()]
    left = max_tokens - sum(map(_tokens_of, system))
    taken: list[list[Entry]] = []
    for message in newest_first:
        entries = entries_of(message, model)
        left -= sum(map(_tokens_of_entry, entries))
        if left < 0:
            break
        taken.append(entries)
    if not any(taken):
        raise _nothing_to_answer() if left >= 0 else _too_long(model)
    told = [entry for entries in reversed(taken) for entry in entries]
    system += [part for entry in told if entry.role == "system" for part in entry.parts]
    turns = turns_of(told)
    if turns and turns[0].role == "assistant":
        turns.insert(0, Turn("user", [_BEGINNING]))
    if not turns or turns[-1].role == "assistant":
        turns.append(Turn("user", [_NO_ANSWER_YET]))
    texts = [part for part in system if isinstance(part, str)]
    return [Turn("system", texts), *turns] if texts else turns


def _tokens_of_entry(entry: Entry) -> int:
    called = sum(_tokens_of(call.name + call.arguments) for call in entry.calls)
    return _MESSAGE_TOKENS + called + sum(map(_tokens_of, entry.parts))


def _tokens_of(part: Part) -> int:
    if not isinstance(part, str):
        return _IMAGE_TOKENS
    return len(part.encode()) // _BYTES_PER_TOKEN + 1


def _nothing_to_answer() -> InvalidRequestError:
    return InvalidRequestError("There is no message that a model could answer.")


def _too_long(model: Model) -> InvalidRequestError:
    return InvalidRequestError(
        f"The newest message and the instructions are longer than the {model.context:,} "
        "tokens that may be given to this model. Shorten them, or choose another model.",
        code="above_max",
    )
