"""The titles conversations get by themselves: from the first user message, or from a model."""

import re
from typing import Final

MAX_AUTO_TITLE: Final = 60

# The end of a sentence: a mark with white space behind it (not "3.5"), a mark of a script that
# writes none, or a line's end.
_SENTENCE_END: Final = re.compile(r"[.!?…]+(?=\s)|[。！？]|\n")  # noqa: RUF001
_UNPRINTED: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
_SPACES: Final = re.compile(r"\s+")
# Quotation marks of every script; the apostrophe inside a word is none.
_QUOTES: Final = re.compile(r"[\"`\u00ab\u00bb\u201c-\u201f\u2039\u203a\u300c-\u300f]")
_LABEL: Final = re.compile(r"^(title|titel|titre|título|titolo)\s*[:\uff1a]\s*", re.IGNORECASE)
# A model that writes this much has not given a title, but talked.
_LONGEST_ANSWER: Final = 120


def title_from(text: str) -> str | None:
    """Return the first sentence of ``text``, one line of at most 60 characters cut at a word.

    None where there is nothing to read in it. Control characters and the marks that turn the
    direction of writing are left out, so that a title cannot disturb the list it stands in.
    """
    start = text.lstrip()[: MAX_AUTO_TITLE * 20]
    end = _SENTENCE_END.search(start)
    sentence = start[: end.end()] if end else start
    line = _SPACES.sub(" ", _UNPRINTED.sub(" ", sentence)).strip()
    if len(line) <= MAX_AUTO_TITLE:
        return line.removesuffix(".").rstrip() or None
    return _cut(line)


def _cut(line: str) -> str:
    """Return what 60 characters hold of a longer line, to the end of a word."""
    # One character is the ellipsis.
    cut = line[: MAX_AUTO_TITLE - 1]
    at_word = cut.rpartition(" ")[0] if line[MAX_AUTO_TITLE - 1] != " " else cut
    return f"{(at_word or cut).rstrip(' ,;:-')}…"


def title_from_model(text: str) -> str | None:
    """Return the title in a model's answer: one line of at most 60 characters without quotes.

    None where the answer is no title: nothing to read, or a speech.
    """
    lines = (_SPACES.sub(" ", _UNPRINTED.sub(" ", line)).strip() for line in text.split("\n"))
    first = next((line for line in lines if line), "")
    plain = _QUOTES.sub("", first).strip(" #*_'\u2018\u2019")
    title = _LABEL.sub("", plain).strip(" #*_.'\u2018\u2019")
    if not any(character.isalnum() for character in title) or len(title) > _LONGEST_ANSWER:
        return None
    return title if len(title) <= MAX_AUTO_TITLE else _cut(title)
