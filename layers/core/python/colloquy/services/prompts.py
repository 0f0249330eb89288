"""From messages to what a model is asked: the newest that fit, as alternating turns.

System and developer messages go to the system prompt, behind the project's instructions. A tool's
output is told as the user's, for a model only takes one right after its own call, which this
store keeps in forms it does not look into.

Tokens are estimated at one for three bytes of UTF-8, and a few for each message: more than
English has (about four bytes each), about what other scripts have. Over-estimating costs the
oldest message or two; under-estimating would cost the answer.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal

from colloquy.domain.errors import InvalidRequestError
from colloquy.domain.item import Item
from colloquy.models.names import Model
from colloquy.models.responder import Image, Turn

_BYTES_PER_TOKEN: Final = 3
_MESSAGE_TOKENS: Final = 8
_IMAGE_TOKENS: Final = 1_600
"""What the larger providers count for an image of the largest size they do not shrink."""

_NO_ANSWER_YET: Final = "Go on."
_BEGINNING: Final = "(The assistant begins.)"

Part = str | Image


def prompt_of(
    newest_first: Iterable[Item], instructions: Sequence[str | None], model: Model, room: int
) -> tuple[str, list[Turn]]:
    """Return system prompt and turns made of the newest messages that fit ``room`` tokens.

    Reads no further than it takes.

    Raises:
        InvalidRequestError: there is no message, or the newest alone does not fit.
    """
    system = [text for text in instructions if text and text.strip()]
    left = room - sum(map(_tokens_of_text, system))
    taken: list[tuple[Item, list[Part]]] = []
    for item in newest_first:
        parts = _parts_of(item, model)
        left -= _MESSAGE_TOKENS + sum(map(_tokens_of, parts))
        if left < 0:
            break
        taken.append((item, parts))
    if not taken:
        raise _nothing_to_answer() if left >= 0 else _too_long(model)
    taken.reverse()
    system += [text for item, parts in taken if _is_system(item) for text in _texts(parts)]
    turns = _alternating((item, parts) for item, parts in taken if not _is_system(item))
    return "\n\n".join(system), turns


def _alternating(messages: Iterable[tuple[Item, list[Part]]]) -> list[Turn]:
    """Return turns that begin and end with the user, as providers ask for."""
    turns: list[Turn] = []
    for item, parts in messages:
        role: Literal["user", "assistant"] = "assistant" if item.role == "assistant" else "user"
        if turns and turns[-1].role == role:
            turns[-1] = Turn(role, [*turns[-1].parts, *parts])
        else:
            turns.append(Turn(role, parts))
    if turns and turns[0].role == "assistant":
        turns.insert(0, Turn("user", [_BEGINNING]))
    if not turns or turns[-1].role == "assistant":
        turns.append(Turn("user", [_NO_ANSWER_YET]))
    return turns


def _is_system(item: Item) -> bool:
    return item.role in {"system", "developer"}


def _parts_of(item: Item, model: Model) -> list[Part]:
    if isinstance(item.content, str):
        parts: list[Part] = [item.content]
    else:
        parts = [_part(each, model) for each in item.content]
    if item.role == "tool":
        label = f"Output of the tool call {item.call_id}:" if item.call_id else "Output of a tool:"
        parts.insert(0, label)
    # Providers refuse texts without anything in them.
    return [part for part in parts if not isinstance(part, str) or part.strip()] or ["(nothing)"]


def _part(part: Any, model: Model) -> Part:
    text, url = part.get("text"), part.get("image_url")
    if isinstance(text, str):
        return text
    if part["type"] == "image_url" and isinstance(url, dict):
        # As in OpenAI's chat completions: {"type": "image_url", "image_url": {"url": "…"}}.
        url = url.get("url")
    if model.images and part["type"] in {"input_image", "image_url"} and isinstance(url, str):
        return Image(url)
    return f"({part['type'][:40]})"


def _texts(parts: Iterable[Part]) -> list[str]:
    return [part for part in parts if isinstance(part, str)]


def _tokens_of(part: Part) -> int:
    return _tokens_of_text(part) if isinstance(part, str) else _IMAGE_TOKENS


def _tokens_of_text(text: str) -> int:
    return len(text.encode()) // _BYTES_PER_TOKEN + 1


def _nothing_to_answer() -> InvalidRequestError:
    return InvalidRequestError(
        "There is no message before this one that a model could answer. Edit it instead."
    )


def _too_long(model: Model) -> InvalidRequestError:
    return InvalidRequestError(
        f"The message before this one and the instructions are longer than the {model.context:,} "
        "tokens that may be given to this model. Shorten them, or choose another model.",
        code="above_max",
    )
