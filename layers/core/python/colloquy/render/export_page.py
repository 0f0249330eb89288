"""An export as a page: a file on a disk, so it brings along the policy no server sends with it."""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from colloquy.domain.conversation import Conversation
from colloquy.domain.item import Item
from colloquy.render.budget import Budget
from colloquy.render.contents import content_to_html
from colloquy.render.page import MESSAGE, framed, moment_of, note
from colloquy.render.parts import facts, speaker
from colloquy.render.style import POLICY
from colloquy.render.visible import one_line, visible

_UNTITLED: Final = "A conversation"
_HEAD_TITLE: Final = 120
_LONGEST_FACT: Final = 100

# A page's own policy knows no frame-ancestors (CSP level 3, section 3.3).
_POLICY: Final = Markup('<meta http-equiv="Content-Security-Policy" content="{}">\n').format(
    POLICY.partition("; frame-ancestors")[0]
)
_BODY: Final = Markup(
    '<header>\n<p class="small over">{kind}</p>\n<h1 dir="auto">{title}</h1>\n'
    '<p class="small">{facts}</p>\n</header>\n<main id="messages">\n{messages}</main>\n'
    '<footer>\n<p class="small">{footer}</p>\n</footer>\n'
)
_NEXT: Final = Markup(
    'The conversation goes on. The next part is <a rel="next" href="{address}">{address}</a>; '
    "ask for it with your token."
)


def message(item: Item, deadline: float) -> str:
    """Return a message as HTML; what comes after ``deadline`` stays as it was typed."""
    shown = content_to_html(item.content, Budget(deadline, item.id))
    said = [Markup(" <small>· {}</small>").format(one_line(f, _LONGEST_FACT)) for f in facts(item)]
    return str(
        MESSAGE.format(
            role=item.role,
            id=item.id,
            who=speaker(item),
            time=moment_of(item.created_at) + Markup().join(said),
            text=shown or note("There is nothing to read in this message."),
        )
    )


def page(
    conversation: Conversation, messages: Sequence[str], *, is_first: bool, next_address: str | None
) -> str:
    """Return the page that holds these messages; ``next_address`` is where they go on."""
    title = visible(conversation.title) if conversation.title else _UNTITLED
    # They come from ``message``.
    rendered = Markup("".join(messages))  # noqa: S704
    body = _BODY.format(
        kind="Exported conversation" if is_first else "Exported conversation, continued",
        title=title,
        facts=Markup("Begun on {} · {} messages").format(
            moment_of(conversation.created_at), f"{conversation.item_count:,}"
        ),
        messages=rendered or note("There are no messages in it."),
        footer=_NEXT.format(address=next_address)
        if next_address
        else "This is the end of the conversation.",
    )
    return framed(one_line(title, _HEAD_TITLE), body, head=_POLICY)
