"""Text whose tricks can be seen: characters that reorder or hide others show as their names."""

import re
from typing import Final

# Overrides, embeddings and isolates of writing direction, which make a text read otherwise than
# it is (CVE-2021-42574), and controls no text needs. Marks that languages use stay as they are.
_TRICKS: Final = re.compile(
    r"[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\U000e0000-\U000e001f]"
)


def visible(text: str) -> str:
    """Return ``text`` with ``⟦U+202E⟧`` and the like in the place of what could deceive."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    return _TRICKS.sub(lambda found: f"\u27e6U+{ord(found[0]):04X}\u27e7", plain)


def one_line(text: str, longest: int) -> str:
    """Return the start of ``text`` in one line, cut at a word where it is too long."""
    line = " ".join(visible(text[: longest * 8]).split())
    if len(line) <= longest:
        return line
    cut = line[: longest - 1]
    return f"{(cut.rpartition(' ')[0] or cut).rstrip(' ,;:-')}…"
