"""Which form of a link a reader gets."""

import pytest

from colloquy.domain.errors import InvalidRequestError
from colloquy.http.negotiation import form_in, preferred


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", "html"),
        ("*/*", "json"),
        ("", "json"),
        ("application/json", "json"),
        ("text/markdown", "md"),
        ("TEXT/HTML", "html"),
        ("text/html;q=0.1, application/json;q=0.9", "json"),
        ("application/json;q=0, text/html", "html"),
        ("text/html;q=0", "json"),
        ("text/html;level=1;q=0.4, text/markdown;q=0.5", "md"),
        (";;;,,q=,/", "json"),
    ],
)
def test_accept_decides(accept: str, form: str) -> None:
    assert preferred(accept, "") == form


def test_previews_get_the_page() -> None:
    assert preferred("*/*", "Slackbot-LinkExpanding 1.0") == "html"
    assert preferred("application/json", "Twitterbot/1.0") == "json"
    assert preferred("*/*", "curl/8.5.0") == "json"


def test_the_format_wins() -> None:
    assert form_in({"format": "md"}, {"accept": "text/html"}) == "md"
    with pytest.raises(InvalidRequestError) as refused:
        form_in({"format": "pdf"}, {})
    assert refused.value.param == "format"
