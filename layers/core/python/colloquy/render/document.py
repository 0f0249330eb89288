"""A share link as one Markdown document: the texts as they were typed, and who speaks."""

from colloquy.domain.item import Content
from colloquy.domain.share import View
from colloquy.render.visible import one_line, visible

_WHO = {"user": "User", "assistant": "Assistant"}


def document(view: View, query: str) -> str:
    """Return the document; ``query`` is put before the cursor in the address of the next page."""
    share = view.share
    kind = "A shared message" if share.item_id else "A shared conversation"
    title = one_line(share.title, len(share.title)) if share.title else kind
    times = f"{share.created_at:%Y-%m-%d %H:%M} UTC", f"{share.expires_at:%Y-%m-%d %H:%M} UTC"
    parts = [f"# {title}", "{}, as it was on {}. The link works until {}.".format(kind, *times)]
    for item in view.items:
        who = "Guest" if item.guest else _WHO[item.role]
        parts += [
            "---",
            f"**{who}** · {item.created_at:%Y-%m-%d %H:%M} UTC",
            _text(item.content).strip(),
        ]
    if view.next_after is not None:
        parts += ["---", f"[Later messages](?{query}after={view.next_after})"]
    return "\n\n".join(parts) + "\n"


def _text(content: Content) -> str:
    if isinstance(content, str):
        return visible(content)
    return "\n\n".join(
        f"![image](<{visible(part['image_url'])}>)"
        if part["type"] == "input_image"
        else visible(part["text"])
        for part in content
    )
