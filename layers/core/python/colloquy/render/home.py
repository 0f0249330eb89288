"""The page at the API's address."""

from typing import Final

from markupsafe import Markup

from colloquy.render.page import framed

_BODY: Final = Markup(
    '<header>\n<p class="small over">It is up</p>\n<h1>Colloquy</h1>\n</header>\n'
    '<div class="text">\n<p>{about}</p>\n'
    '<p><a class="bare" href="{docs}">The reference</a>, also '
    '<a class="bare" href="{openapi}">as an OpenAPI document</a>.</p>\n'
    "<p>With a token, the first call creates a conversation:</p>\n"
    "<pre><code>{first_call}</code></pre>\n</div>\n"
)


def page(about: str, docs: str, openapi: str, first_call: str) -> str:
    """Return the page: what this is, where the reference is, and a first call."""
    body = _BODY.format(about=about, docs=docs, openapi=openapi, first_call=first_call)
    return framed("Colloquy", body, kind=' class="notice"')
