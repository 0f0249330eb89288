"""The title a conversation gets from its first user message."""

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
    # One character is the ellipsis.
    cut = line[: MAX_AUTO_TITLE - 1]
    at_word = cut.rpartition(" ")[0] if line[MAX_AUTO_TITLE - 1] != " " else cut
    return f"{(at_word or cut).rstrip(' ,;:-')}…"
