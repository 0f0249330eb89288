"""Bare addresses in a text, which become links: ``www.example.com``, ``someone@example.com``."""

from collections.abc import Iterator
from typing import Any, Final

from markdown_it.rules_core import StateCore
from markdown_it.token import Token

_SCHEMES: Final = frozenset({"", "http:", "https:", "mailto:"})
_ASSUMED: Final = "http://"


def link_addresses(state: StateCore) -> None:
    """Turn the addresses in every text into links, in one pass over each paragraph.

    The parser's own rule copies a paragraph's tokens for each of its texts.
    """
    found_by: Any = state.md.linkify  # linkify_it has no types
    for token in state.tokens:
        if token.type == "inline" and token.children and found_by.pretest(token.content):
            token.children = list(_linked(token.children, state, found_by))


def _linked(tokens: list[Token], state: StateCore, found_by: Any) -> Iterator[Token]:
    links_open = 0
    previous = ""
    for token in tokens:
        links_open += token.nesting if token.tag == "a" else 0
        if token.type == "text" and not links_open:
            # What follows an escape, as in ``http\://``, is no address.
            escaped = previous == "text_special"
            yield from _split(token, state, found_by, start=1 if escaped else 0)
        else:
            yield token
        previous = token.type


def _split(token: Token, state: StateCore, found_by: Any, start: int) -> Iterator[Token]:
    text, end = token.content, 0
    for match in found_by.match(text) or ():
        if match.index < start or match.schema.lower() not in _SCHEMES:
            continue
        target = state.md.normalizeLink(match.url)
        if match.index > end:
            yield _text(text[end : match.index])
        yield Token("link_open", "a", 1, attrs={"href": target}, info="auto")
        yield _text(_shown(match, state))
        yield Token("link_close", "a", -1)
        end = match.last_index
    if end == 0:
        yield token
    elif end < len(text):
        yield _text(text[end:])


def _shown(match: Any, state: StateCore) -> str:
    """Return what a link reads like: the address as it was typed, its host in plain letters."""
    typed: str = match.text
    if match.schema == "mailto:":
        return typed
    if match.schema:
        return state.md.normalizeLinkText(typed)
    return state.md.normalizeLinkText(_ASSUMED + typed).removeprefix(_ASSUMED)


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)
