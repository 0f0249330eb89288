"""An export as one Markdown document: who speaks, and the texts as quotes."""

from collections.abc import Sequence
from typing import Final

from colloquy.domain.conversation import Conversation
from colloquy.domain.item import Item
from colloquy.render.parts import facts, speaker
from colloquy.render.quoting import quoted
from colloquy.render.visible import one_line

_LONGEST_FACT: Final = 100
_LONGEST_TITLE: Final = 2_000


def message(item: Item, deadline: float) -> str:
    """Return a message as Markdown; ``deadline`` is for pages, which take longer."""
    del deadline
    said = [f"{item.created_at:%Y-%m-%d %H:%M} UTC", *facts(item)]
    parts = [
        "---",
        " · ".join([f"**{speaker(item)}**", *(one_line(each, _LONGEST_FACT) for each in said)]),
    ]
    if text := quoted(item.content):
        parts.append(text)
    return "\n\n".join(parts)


def document(
    conversation: Conversation, messages: Sequence[str], *, is_first: bool, next_address: str | None
) -> str:
    """Return the document that holds these messages; ``next_address`` is where they go on."""
    title = conversation.title or "A conversation"
    begun = f"Begun on {conversation.created_at:%Y-%m-%d %H:%M} UTC"
    parts = [
        f"# {one_line(title, _LONGEST_TITLE)}{'' if is_first else ', continued'}",
        f"{begun} · {conversation.item_count:,} messages",
        *messages,
    ]
    if next_address is not None:
        parts += ["---", f"The conversation goes on. The next part: <{next_address}>"]
    return "\n\n".join(parts) + "\n"
