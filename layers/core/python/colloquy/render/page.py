"""The page of a share link, as a person sees it.

Templates are ``Markup``: whatever is put into one is escaped, unless it is ``Markup`` itself.
"""

import time
from datetime import datetime
from typing import Final

from markupsafe import Markup

from colloquy.domain.item import Content, text_of
from colloquy.domain.share import Share, ShownItem, View
from colloquy.render.budget import Budget
from colloquy.render.contents import content_to_html
from colloquy.render.fitting import fit
from colloquy.render.style import STYLE
from colloquy.render.visible import one_line, visible

_WORK_SECONDS: Final = 4.0
"""When a page ends though more messages were asked for; the request has 28, at half a CPU."""
_MAX_BYTES: Final = 2_000_000
"""HTML of a page's messages, but that one is always shown (``page.MAX_ANSWER_BYTES``)."""
_DESCRIPTION: Final = 200
_HEAD_TITLE: Final = 120

_PAGE: Final = Markup(
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    '<meta name="robots" content="noindex">\n<meta name="referrer" content="no-referrer">\n'
    '<meta name="color-scheme" content="light dark">\n<title>{title}</title>\n{head}'
    "<style>{style}</style>\n</head>\n<body{kind}>\n{body}</body>\n</html>\n"
)
_PREVIEWS: Final = Markup(
    '<meta property="og:type" content="article">\n<meta property="og:title" content="{title}">\n'
    '<meta property="og:description" content="{description}">\n'
    '<meta name="description" content="{description}">\n'
    '<meta name="twitter:card" content="summary">\n'
)
_BODY: Final = Markup(
    '<a class="skip" href="#messages">Skip to the messages</a>\n<header>\n'
    '<p class="small over">{kind}</p>\n<h1 dir="auto">{title}</h1>\n'
    '<p class="small">{facts}</p>\n</header>\n{before}'
    '<main id="messages" tabindex="-1">\n{messages}</main>\n{after}'
    '<footer>\n<p class="small">{footer}</p>\n</footer>\n'
)
MESSAGE: Final = Markup(
    '<article class="{role}" id="{id}" aria-labelledby="{id}-who">\n'
    '<h2 class="who" id="{id}-who"><span>{who}</span> {time}</h2>\n'
    '<div class="text" dir="auto">{text}</div>\n</article>\n'
)
_TIME: Final = Markup('<time datetime="{iso}">{words}</time>')
_NOTICE: Final = Markup(
    '<header>\n<p class="small over">Shared conversation</p>\n<h1>{title}</h1>\n</header>\n'
    "<main>\n<p>{words}</p>\n</main>\n"
)
_NAV: Final = Markup('<nav class="pages" aria-label="{label}">{links}</nav>\n')
_WHO: Final = {"user": "User", "assistant": "Assistant"}


def page(view: View, query: str, *, backwards: bool = False, number: int | None = None) -> str:
    """Return the page, of as many of the view's messages as one page holds.

    ``query`` is put before the cursor in the addresses of its neighbours; a page that was asked
    for ``backwards``, from its end, keeps the last messages where they do not all fit. Pages are
    numbered as one turns them; how many there are nobody knows without reading them all.
    """
    deadline = time.monotonic() + _WORK_SECONDS
    view, texts = fit(
        view,
        lambda item: content_to_html(item.content, Budget(deadline, item.id)),
        max_bytes=_MAX_BYTES,
        deadline=deadline,
        backwards=backwards,
    )
    share = view.share
    title = visible(share.title) if share.title else _untitled(share)
    # A day is named once, as in a diary.
    days = [None, *(item.created_at.date() for item in view.items)]
    messages = Markup().join(
        _message(item, text, moment_of(item.created_at, named=item.created_at.date() == day))
        for item, text, day in zip(view.items, texts, days, strict=False)
    )
    body = _BODY.format(
        kind="Shared message" if share.item_id else "Shared conversation",
        title=title,
        facts=_facts(share) + _numbered(view, number),
        messages=messages or note("There are no messages in it."),
        before=_pages("Earlier pages", _earlier(view, query, number)),
        after=_pages("Other pages", _earlier(view, query, number) + _later(view, query, number)),
        footer=_footer(share),
    )
    description = next((text for item in view.items if (text := _words(item.content))), "")
    previews = _PREVIEWS.format(
        title=one_line(title, _HEAD_TITLE), description=description or _untitled(share)
    )
    return framed(one_line(title, _HEAD_TITLE), body, previews)


def notice(title: str, words: str) -> str:
    """Return the page that says why there is nothing to see."""
    return framed(title, _NOTICE.format(title=title, words=words), kind=' class="notice"')


def framed(title: str, body: str, head: str = "", kind: str = "") -> str:
    """Return a document with our style; ``head`` and ``kind`` are markup of the head and body."""
    return str(
        _PAGE.format(
            title=title,
            body=body,
            head=head,
            style=Markup(STYLE),  # noqa: S704 - ours, and digested as it is
            kind=Markup(kind),  # noqa: S704 - ours
        )
    )


def _message(item: ShownItem, text: Markup, moment: Markup) -> Markup:
    return MESSAGE.format(
        role=item.role,
        id=item.id,
        who="Guest" if item.guest else _WHO[item.role],
        time=moment,
        text=text or note("Nothing in this message can be shown."),
    )


def _facts(share: Share) -> Markup:
    return Markup("As it was on {}").format(moment_of(share.created_at)) + (
        "" if share.read_only else " · whoever is signed in may write through this link"
    )


def _footer(share: Share) -> Markup:
    words = Markup(
        "Whoever has this link can read this page until {}. It shows what was written by the "
        "time the link was made; what its owner deletes disappears from it."
    )
    if not share.read_only:
        words += Markup(
            " Whoever is signed in may also write through this link: what they write is shown "
            "here as a guest's."
        )
    return words.format(moment_of(share.expires_at))


def _numbered(view: View, number: int | None) -> str:
    if view.next_after is None and view.previous_before is None:
        return ""
    if number is None:
        return " · a page of a longer conversation"
    return f" · page {number} of several" if view.next_after else f" · page {number}, the last"


def _pages(label: str, links: Markup) -> Markup:
    return _NAV.format(label=label, links=links) if links else Markup()


def _earlier(view: View, query: str, number: int | None) -> Markup:
    if view.previous_before is None:
        return Markup()
    turned = f"page={number - 1}&" if number and number > 2 else ""
    link = Markup('<a rel="prev" href="?{}before={}">← Earlier messages</a>')
    return link.format(query + turned, view.previous_before)


def _later(view: View, query: str, number: int | None) -> Markup:
    if view.next_after is None:
        return Markup()
    turned = f"page={number + 1}&" if number else ""
    link = Markup('<a rel="next" href="?{}after={}">Later messages →</a>')
    return link.format(query + turned, view.next_after)


def moment_of(moment: datetime, *, named: bool = False) -> Markup:
    """Return a moment to be read; where its day has been ``named``, the time alone."""
    words = f"{moment:%H:%M} UTC"
    if not named:
        words = f"{moment.day} {moment:%B %Y}, {words}"
    return _TIME.format(iso=f"{moment:%Y-%m-%dT%H:%M:%SZ}", words=words)


def note(words: str) -> Markup:
    """Return what stands where there is nothing to see."""
    return Markup('<p class="none">{}</p>').format(words)


def _untitled(share: Share) -> str:
    return "A shared message" if share.item_id else "A shared conversation"


def _words(content: Content) -> str:
    return one_line(text_of(content), _DESCRIPTION)
