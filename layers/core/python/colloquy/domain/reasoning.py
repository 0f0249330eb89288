"""Separate a model's reasoning from the text of its response.

Servers that do not do this themselves return the reasoning inside the text, each model family in
markup of its own: tags (DeepSeek, Qwen, Kimi, Magistral, Seed), channels (gpt-oss, Gemma) or a
``details`` element (Open WebUI).
"""

import re
from typing import Final, NamedTuple

_NAMES: Final = "think|thinking|thought|reasoning|antthinking"
# Each kind of block: how it opens, and how it closes. A kind's names share one closing pattern, so
# that a search for a missing end is made once per kind, however many blocks a text opens.
_KINDS: Final = tuple(
    (re.compile(opening, re.IGNORECASE), re.compile(closing, re.IGNORECASE))
    for opening, closing in (
        (rf"<(?:seed:)?(?:{_NAMES})\b[^<>]*+>", rf"</(?:seed:)?(?:{_NAMES})\s*>"),
        (r"◁think▷", r"◁/think▷"),
        (r"\[think\]", r"\[/think\]"),
        (r"<details\s+type=[\"']?reasoning\b[^<>]*+>", r"</details\s*>"),
        (r"<\|begin_of_thought\|>", r"<\|end_of_thought\|>"),
        (r"<\|start_thinking\|>", r"<\|end_thinking\|>"),
        (r"<\|channel>(?:thought|analysis)\b", r"<channel\|>"),
        (r"<unused94>(?:thought\b)?", r"<unused95>"),
    )
)
_OPENING: Final = re.compile(
    "|".join(f"({opening.pattern})" for opening, _ in _KINDS), re.IGNORECASE
)
_SPACE: Final = re.compile(r"\s*")
_FENCE: Final = r"(?:`{3,}|~{3,})"
# Where a block may open after the text has begun: a line of its own outside of code.
_LINE_START: Final = re.compile(
    rf"^[ \t]*+(?:(?P<fence>{_FENCE})|(?={_OPENING.pattern}))", re.IGNORECASE | re.MULTILINE
)
# Templates that open the block in the prompt leave only its end in the response. In backquotes it
# is a text about the tag.
_ORPHANED_END: Final = re.compile(
    r"(?<!`)(?:</(?:seed:)?think(?:ing)?\s*>|◁/think▷|\[/THINK\])(?!`)"
)

# gpt-oss: `<|channel|>analysis<|message|>…<|end|><|start|>assistant<|channel|>final<|message|>…`.
_CHANNEL: Final = re.compile(
    r"<\|channel\|>\s*+(?P<name>\w*+)[^<]*+(?:<\|constrain\|>[^<]*+)?<\|message\|>"
)
_CHANNEL_END: Final = re.compile(r"<\|(?:end|return|call|start|channel)\|>")
_CHANNEL_START: Final = re.compile(r"\s*+(?:<\|start\|>\s*assistant)?\s*+<\|channel\|>")
# Where the prompt has ended with the token, the response begins with the channel's name.
_CHANNEL_NAME: Final = re.compile(r"\s*+(?:analysis|commentary|final)<\|message\|>")
# The same where the server has dropped the special tokens and kept the names around them.
_BARE_CHANNELS: Final = re.compile(
    r"\s*analysis(?P<reasoning>.*?)assistantfinal(?P<text>.*)", re.DOTALL
)
# Tokens that wrap the text after the reasoning.
_WRAPPERS: Final = re.compile(
    r"<\|(?:begin_of_solution|end_of_solution|start_response|end_response)\|>", re.IGNORECASE
)


class Response(NamedTuple):
    """A response in two: ``reasoning`` is empty where there was none."""

    reasoning: str
    text: str


def split_reasoning(response: str) -> Response:
    """Separate the reasoning in ``response`` from its text.

    A block counts at the beginning of the response and at the beginning of a line, but not inside
    of fenced code. One that is never closed counts only at the beginning: all of the rest is
    reasoning then. Text without reasoning comes back unchanged.
    """
    if _CHANNEL_START.match(response):
        return _split_channels(response)
    if _CHANNEL_NAME.match(response):
        return _split_channels(f"<|channel|>{response}")
    if bare := _BARE_CHANNELS.match(response):
        return Response(bare["reasoning"].strip(), bare["text"].strip())
    reasoning, rest = _leading_blocks(response)
    found, text = _blocks_on_lines(rest)
    reasoning += found
    if not reasoning:
        return Response("", response)
    return Response("\n\n".join(filter(None, reasoning)), _WRAPPERS.sub("", text).strip())


def _leading_blocks(response: str) -> tuple[list[str], str]:
    """Take the blocks from the beginning of a response; return them and the rest."""
    reasoning: list[str] = []
    at = _visible(response, 0)
    while opening := _OPENING.match(response, at):
        end = _closing(opening).search(response, opening.end())
        reasoning.append(response[opening.end() : end.start() if end else None].strip())
        at = _visible(response, end.end()) if end else len(response)
    orphaned = None if reasoning else _ORPHANED_END.search(response)
    if orphaned and not _LINE_START.search(response, 0, orphaned.start()):
        return [response[: orphaned.start()].strip()], response[orphaned.end() :]
    return reasoning, response[at:]


def _visible(text: str, at: int) -> int:
    """Return the position of the first character from ``at`` on that is no white space."""
    space = _SPACE.match(text, at)
    return space.end() if space else at


def _blocks_on_lines(text: str) -> tuple[list[str], str]:
    """Take the closed blocks that begin a line outside of fenced code."""
    reasoning: list[str] = []
    kept: list[str] = []
    unclosed: set[int] = set()
    fence = ""
    at = start = 0
    while line := _LINE_START.search(text, at):
        at = max(line.end(), at + 1)
        if mark := line["fence"]:
            if not fence:
                fence = mark
            elif mark.startswith(fence):
                fence = ""
            continue
        opening = _OPENING.match(text, line.end())
        if fence or opening is None or opening.lastindex in unclosed:
            continue
        end = _closing(opening).search(text, opening.end())
        if end is None:
            unclosed.add(opening.lastindex or 0)
            continue
        kept.append(text[start : line.start()])
        reasoning.append(text[opening.end() : end.start()].strip())
        at = start = end.end()
    kept.append(text[start:])
    return reasoning, "".join(kept)


def _closing(opening: re.Match[str]) -> re.Pattern[str]:
    return _KINDS[(opening.lastindex or 1) - 1][1]


def _split_channels(response: str) -> Response:
    reasoning: list[str] = []
    text: list[str] = []
    at = 0
    while channel := _CHANNEL.search(response, at):
        end = _CHANNEL_END.search(response, channel.end())
        at = end.start() if end else len(response)
        content = response[channel.end() : at].strip()
        (text if channel["name"] == "final" else reasoning).append(content)
    return Response("\n\n".join(reasoning), "\n\n".join(text))
