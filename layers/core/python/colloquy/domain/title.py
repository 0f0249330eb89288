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
# A line of nothing but tags, as prompts use them to enclose what they quote.
_TAGS: Final = re.compile(r"(?:\s*+</?[a-z][^<>]*+>)++\s*+", re.IGNORECASE)
# One full stop at the end; an ellipsis stays whole.
_FULL_STOP: Final = re.compile(r"(?<!\.)\.$")
_ELLIPSIS: Final = ("..", "\u2026")
# Categories of characters that have no ink of their own: controls, formats, spaces, bare marks.
_INKLESS: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Zs", "Me", "Mn"})


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
    line = next((line for line in map(one_line, _sentences(start)) if is_readable(line)), None)
    if line is None:
        return None
    return _FULL_STOP.sub("", line).rstrip() if len(line) <= MAX_AUTO_TITLE else cut(line)


def _sentences(text: str) -> Iterator[str]:
    start = 0
    for end in _SENTENCE_END.finditer(text):
        sentence = text[start : end.end()]
        if not _goes_on(sentence, text[end.end() : end.end() + 2].strip()):
            yield sentence
            start = end.end()
    yield text[start:]


def _goes_on(sentence: str, following: str) -> bool:
    """Report whether what looks like a sentence continues with ``following``.

    It is "1." before a point of a list, ends in "Dr.", or in an ellipsis before a small letter.
    """
    if sentence.endswith(_ELLIPSIS) and following[:1].islower() and is_readable(sentence):
        return True
    words = sentence.rsplit(maxsplit=1)
    abbreviated = sentence.endswith(".") and _ABBREVIATION.fullmatch(words[-1])
    return bool(abbreviated or _NUMBER.fullmatch(sentence))


def one_line(text: str) -> str:
    """Return ``text`` as one line without what cannot be seen."""
    visible = _INVISIBLE.sub("", _UNPRINTED.sub(" ", text))
    return _SPACES.sub(" ", _STRAY_JOINER.sub("", visible)).strip()


def is_readable(line: str) -> bool:
    """Report whether there is a letter, a digit or an emoji outside of tags."""
    return not _TAGS.fullmatch(line) and any(
        char.isalnum() or unicodedata.category(char) == "So" for char in line
    )


def is_visible(text: str) -> bool:
    """Report whether a reader sees anything of ``text``."""
    return any(unicodedata.category(char) not in _INKLESS for char in _INVISIBLE.sub("", text))


def cut(line: str) -> str:
    """Return what 60 characters hold of a longer line, to the end of a word.

    A word that is longer is cut before a character as a reader sees it: never inside of a flag, an
    emoji of several, or between a letter and its accent.
    """
    from grapheme import safe_split_index  # noqa: PLC0415 - tables that few requests need

    # One character is the ellipsis.
    fits = line[: MAX_AUTO_TITLE - 1]
    at_word = fits.rpartition(" ")[0] if line[MAX_AUTO_TITLE - 1] != " " else fits
    if not at_word:
        at_word = line[: safe_split_index(line, MAX_AUTO_TITLE - 1)] or fits
    return f"{at_word.rstrip(_LOOSE_ENDS)}…"
