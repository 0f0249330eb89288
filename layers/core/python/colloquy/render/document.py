"""A share link as one Markdown document: who speaks, and the texts as quotes."""

import math
from typing import Final

from colloquy.domain.share import View
from colloquy.render.fitting import fit
from colloquy.render.quoting import quoted
from colloquy.render.visible import one_line

_MAX_BYTES: Final = 4_500_000
"""Text of a document's messages, but that one is always shown (``page.MAX_ANSWER_BYTES``)."""
_WHO: Final = {"user": "User", "assistant": "Assistant"}


def document(view: View, query: str, *, backwards: bool = False) -> str:
    """Return the document, of as many of the view's messages as one answer holds.

    ``query`` is put before the cursor in the address of the next page; one that was asked for
    ``backwards``, from its end, keeps the last messages where they do not all fit.
    """
    view, texts = fit(
        view,
        lambda item: quoted(item.content),
        max_bytes=_MAX_BYTES,
        deadline=math.inf,
        backwards=backwards,
    )
    share = view.share
    kind = "A shared message" if share.item_id else "A shared conversation"
    title = one_line(share.title, len(share.title)) if share.title else kind
    times = f"{share.created_at:%Y-%m-%d %H:%M} UTC", f"{share.expires_at:%Y-%m-%d %H:%M} UTC"
    parts = [f"# {title}", "{}, as it was on {}. The link works until {}.".format(kind, *times)]
    for item, text in zip(view.items, texts, strict=True):
        who = "Guest" if item.guest else _WHO[item.role]
        parts += [
            "---",
            f"**{who}** · {item.created_at:%Y-%m-%d %H:%M} UTC",
            *([text] if text else []),
        ]
    around = []
    if view.previous_before is not None:
        around.append(f"[Earlier messages](?{query}before={view.previous_before})")
    if view.next_after is not None:
        around.append(f"[Later messages](?{query}after={view.next_after})")
    if around:
        parts += ["---", " · ".join(around)]
    return "\n\n".join(parts) + "\n"
