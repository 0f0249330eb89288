"""The titles conversations get by themselves: from the first user message, or from a model."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

MAX_AUTO_TITLE: Final = 60
MAX_TRIES: Final = 3
"""How often a model is asked for a title from one message, whatever came of it."""

# How far into a message a title is looked for: behind rules, fences and the like.
_LOOKED_AT: Final = MAX_AUTO_TITLE * 40

# The end of a sentence: a mark with white space behind it (not "3.5"), a mark of a script that
# writes none, or a line's end.
_SENTENCE_END: Final = re.compile(r"[.!?…]+(?=\s)|[。！？]|\n")  # noqa: RUF001
# Words whose full stop ends no sentence: initials and "e.g.", and what stands before a name.
_ABBREVIATION: Final = re.compile(
    r"\W*(([^\W\d_]\.)*[^\W\d_]|dr|mr|mrs|ms|mx|prof|st|vs|cf|ca|bzw|fr|hr)\.", re.IGNORECASE
)
_NUMBER: Final = re.compile(r"\s*\d+\.")
# A line that only opens or closes a block of code.
_FENCE: Final = re.compile(r"^[ \t]*(`{3,}|~{3,})[ \t]*[\w+#.-]*\s*?$", re.MULTILINE)
_UNPRINTED: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
# Characters without width or ink, of which some count as letters.
_INVISIBLE: Final = re.compile(r"[\u200b\u2060\ufeff\u115f\u1160\u3164\uffa0\u2800]")
# What joins emoji, and letters outside of ASCII; anywhere else it is invisible too.
_STRAY_JOINER: Final = re.compile(
    r"(?<![^\x00-\x7f\s\u200c\u200d])[\u200c\u200d]+"
    r"|[\u200c\u200d]+(?![^\x00-\x7f\s\u200c\u200d])"
)
# What would hang in the air where a title is cut.
_LOOSE_ENDS: Final = " ,;:-\u200c\u200d"
_SPACES: Final = re.compile(r"\s+")
# Quotation marks of every script; the apostrophe inside a word is none.
_QUOTES: Final = re.compile(r"[\"`\u00ab\u00bb\u201c-\u201f\u2039\u203a\u300c-\u300f]")
_LABEL: Final = re.compile(r"^(title|titel|titre|título|titolo)\s*[:\uff1a]\s*", re.IGNORECASE)
# A model that writes this much has not given a title, but talked.
_LONGEST_ANSWER: Final = 120


@dataclass(frozen=True, slots=True)
class AutomaticTitle:
    """A title and the id of the user message that it was taken from, its source."""

    text: str
    item_id: str


def title_from(text: str) -> str | None:
    """Return the first sentence of ``text`` with something to read in it, as a title.

    One line of at most 60 characters, cut at a word; None where there is no such sentence.
    Control characters, invisible ones and the marks that turn the direction of writing are left
    out, so that a title cannot disturb the list it stands in.
    """
    start = _FENCE.sub("\n", text.lstrip()[:_LOOKED_AT])
    line = next((line for line in map(_line, _sentences(start)) if _is_readable(line)), None)
    if line is None:
        return None
    return line.removesuffix(".").rstrip() if len(line) <= MAX_AUTO_TITLE else _cut(line)


def _sentences(text: str) -> Iterator[str]:
    start = 0
    for end in _SENTENCE_END.finditer(text):
        sentence = text[start : end.end()]
        if not _goes_on(sentence):
            yield sentence
            start = end.end()
    yield text[start:]


def _goes_on(sentence: str) -> bool:
    """Say whether what looks like a sentence is "1." before a point of a list, or ends in "Dr."."""
    words = sentence.rsplit(maxsplit=1)
    abbreviated = sentence.endswith(".") and _ABBREVIATION.fullmatch(words[-1])
    return bool(abbreviated or _NUMBER.fullmatch(sentence))


def _line(text: str) -> str:
    """Return ``text`` as one line without what cannot be seen."""
    visible = _INVISIBLE.sub("", _UNPRINTED.sub(" ", text))
    return _SPACES.sub(" ", _STRAY_JOINER.sub("", visible)).strip()


def _is_readable(line: str) -> bool:
    """Say whether there is a letter, a digit or an emoji."""
    return any(char.isalnum() or unicodedata.category(char) == "So" for char in line)


def _cut(line: str) -> str:
    """Return what 60 characters hold of a longer line, to the end of a word."""
    # One character is the ellipsis.
    cut = line[: MAX_AUTO_TITLE - 1]
    at_word = cut.rpartition(" ")[0] if line[MAX_AUTO_TITLE - 1] != " " else cut
    return f"{(at_word or cut).rstrip(_LOOSE_ENDS)}…"


def title_from_model(text: str) -> str | None:
    """Return the title in a model's answer: one line of at most 60 characters without quotes.

    None where the answer is no title: nothing to read, or a speech.
    """
    first = next((line for line in map(_line, text.split("\n")) if line), "")
    plain = _QUOTES.sub("", first).strip(" #*_'\u2018\u2019")
    title = _LABEL.sub("", plain).strip(" #*_.'\u2018\u2019")
    if not any(character.isalnum() for character in title) or len(title) > _LONGEST_ANSWER:
        return None
    return title if len(title) <= MAX_AUTO_TITLE else _cut(title)
