"""Find the title in what a model made of the request for one: around it may be anything."""

import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from colloquy.domain.reasoning import split_reasoning
from colloquy.domain.title import MAX_AUTO_TITLE, cut, one_line

_LOOKED_AT: Final = 20_000
"""Characters of a response that are searched, after its reasoning."""
_LONGEST_ANSWER: Final = 120
"""A longer line is no title, but talk."""
_FEWEST_LETTERS: Final = 3

# Control tokens that servers with a wrong chat template leave in: <|im_end|>, </s>, [/INST].
_TOKENS: Final = re.compile(
    r"<\|(?:im_start|start|start_header_id)\|>\s*\w+|<\|[^|<>]{0,40}\|?>|</?s>|<(?:bos|eos|pad|unk|(?:start|end)_of_turn)>|\[/?INST\]"
    "|<[\uff5c][^<>]{0,40}[\uff5c]>",
    re.IGNORECASE,
)
_FENCE: Final = re.compile(r"^[ \t]*(?:`{3,}|~{3,})[ \t]*[\w+#.-]*[ \t]*$", re.MULTILINE)
_JSON_TITLE: Final = re.compile(
    r'"(?:title|titel|titre|name|conversation_title|chat_title)"\s*:\s*"((?:[^"\\\n]|\\.)*+)',
    re.IGNORECASE,
)
_TAG: Final = re.compile(r"</?[a-z][a-z0-9]*(?:\s[^<>]*+)?/?>", re.IGNORECASE)
# Quotation marks of every script; the apostrophe inside a word is none.
_QUOTES: Final = re.compile('["`\u00ab\u00bb\u201c-\u201f\u2039\u203a\u300a-\u300f]')
_MARKS: Final = " #*_~|>-\u2013\u2014'\u2018\u2019"
_NAMES: Final = (
    "title|titel|titre|t\u00edtulo|titolo|tytu\u0142|ba\u015fl\u0131k"
    "|\u0437\u0430\u0433\u043e\u043b\u043e\u0432\u043e\u043a|\u043d\u0430\u0437\u0432\u0430\u043d\u0438\u0435"
    "|\u0639\u0646\u0648\u0627\u0646|\u6807\u9898|\u6a19\u984c|\u984c\u540d|\u30bf\u30a4\u30c8\u30eb|\uc81c\ubaa9"
)
# "Title:", "Chat title:", the same in other languages, and "Here is a title for your chat:".
_LABEL: Final = re.compile(
    rf"(?:[\w\u2019']+[ ,!.]+){{0,12}}[\u4e00-\u9fff]{{0,8}}(?:{_NAMES})\b"
    r"[^:\uff1a]{0,60}[:\uff1a]\s*",
    re.IGNORECASE,
)
_COURTESY: Final = re.compile(
    r"(?:sure(?: thing)?|certainly|of course|absolutely|ok(?:ay)?|great|alright|got it|no problem"
    r"|\u597d\u7684|\u5f53\u7136)\s*[!,.:\uff01\uff0c\u3002]\s*",
    re.IGNORECASE,
)
# A line that announces the title, or comments on it.
_TALK: Final = re.compile(
    r"(?:here(?:'s|\u2019s| is| are| you go)\b|i (?:would|suggest|think|hope)\b"
    r"|this (?:title|conversation)\b|let me know\b|\u4ee5\u4e0b|\u8fd9\u662f)",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[^\W_]+")
_COMMON: Final = frozenset(
    {"about", "and", "are", "but", "can", "does", "for", "from", "have", "how", "not", "should"}
    | {"that", "the", "this", "was", "what", "when", "where", "which", "why", "will", "with"}
    | {"would", "you", "your"}
)
_STEM: Final = 4
"""Letters by which two forms of a word count as the same."""
# Scripts that put no space between words, by the beginning of their letters' names.
_UNSPACED: Final = (
    "CJK", "HIRAGANA", "KATAKANA", "HANGUL", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN"
)  # fmt: skip


def title_from_model(response: str, source: str | None = None) -> str | None:
    """Return the title in a model's response: one line of at most 60 characters without quotes.

    None where there is none: reasoning and nothing else, talk, or a title worse than the first
    sentence of ``source``, the text that was to be named: it has too few letters, or shares no word
    with it, in scripts that have words.
    """
    text = _TOKENS.sub("\n", split_reasoning(response).text[:_LOOKED_AT])
    text = _FENCE.sub("\n", split_reasoning(text.strip()).text)
    if text.lstrip().startswith(("{", "[")):
        text = _from_json(text)
    title = next(_titles(text), None)
    if title is None or len(title) > _LONGEST_ANSWER:
        return None
    if source is not None and _is_worse(title, source):
        return None
    return title if len(title) <= MAX_AUTO_TITLE else cut(title)


def _from_json(text: str) -> str:
    """Return the title in JSON, whole or broken off, or nothing."""
    if found := _JSON_TITLE.search(text):
        try:
            return str(json.loads(f'"{found[1]}"'))
        except ValueError:
            return found[1]
    try:
        said = json.loads(text)
    except ValueError:
        return ""
    return said[0] if isinstance(said, list) and said and isinstance(said[0], str) else ""


def _titles(text: str) -> Iterator[str]:
    """Yield the lines that can be a title, without what is around it."""
    for line in map(one_line, text.split("\n")):
        plain = _QUOTES.sub("", _TAG.sub("", line[: 4 * _LONGEST_ANSWER])).strip(_MARKS)
        plain = _COURTESY.sub("", plain, count=1) if _COURTESY.match(plain) else plain
        label = _LABEL.match(plain)
        if label is None and (_TALK.match(plain) or plain.endswith((":", "\uff1a"))):
            continue
        title = plain[label.end() if label else 0 :].strip(f"{_MARKS}.")
        if any(character.isalnum() for character in title):
            yield title


def _is_worse(title: str, source: str) -> bool:
    letters = [character for character in title if character.isalpha()]
    if any(unicodedata.name(letter, "").startswith(_UNSPACED) for letter in letters):
        return False
    if len(letters) < _FEWEST_LETTERS:
        return True
    return not _stems(title) & _stems(source)


def _stems(text: str) -> set[str]:
    words = (word.casefold() for word in _WORD.findall(text))
    return {word[:_STEM] for word in words if len(word) > 1 and word not in _COMMON}
