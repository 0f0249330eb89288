"""Ids of conversations, items and projects: a kind and a time-ordered unique part.

The unique part is 128 bits, 48 of milliseconds since 1970 and 80 random, in base32hex: 26
characters of ``0-9a-v`` whose alphabetical order is the order of time (the layout of a ULID, in
an alphabet the standard library has).

26 characters hold two bits more than 128. The lower one is set in the id of an item that share
links never show, so that an id alone tells in which of two ranges the item is kept
(docs/adr/0085); the other one is always 0.
"""

import base64
import re
import secrets
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

CONVERSATION: Final = "conv"
ITEM: Final = "item"
PROJECT: Final = "proj"

_UNIQUE: Final = re.compile(r"[0-9a-v]{26}")
_ALPHABET: Final = "0123456789abcdefghijklmnopqrstuv"
_RANDOM_BITS: Final = 80
# The step between two ids of one millisecond: random, so that an id does not give away its
# neighbour's, and small, so that 80 bits hold far more than one request's 20.
_STEP_BITS: Final = 64


def mint(kind: str, now: datetime, *, after: str | None = None, hidden: bool = False) -> str:
    """Return a new id of ``kind`` that sorts behind every id minted before ``now``.

    With ``after``, an id of the same kind, the new one also sorts behind that, even where its
    clock was ahead of ours. ``hidden`` marks the id of an item that links never show.
    """
    value = (_milliseconds(now) << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS - 1)
    if after is not None:
        value = max(value, order_of(after) + 1 + secrets.randbits(_STEP_BITS))
    return _id(kind, value, hidden=hidden)


def mint_many(kind: str, now: datetime, count: int, *, after: str | None = None) -> list[str]:
    """Return ``count`` new ids of ``kind`` in ascending order, all behind ``after``."""
    minted: list[str] = []
    for _ in range(count):
        after = mint(kind, now, after=after)
        minted.append(after)
    return minted


def moved(some_id: str, key: str, *, hidden: bool = False) -> str:
    """Return another id of the same kind and time, the same one whenever it is asked for.

    Ids that are moved by the same ``key`` keep their order. ``some_id`` must not be of the
    last millisecond ids can name. ``hidden`` as in ``mint``: the id's own mark is not kept.
    """
    # Less than half of a millisecond's part, and nobody's guess.
    step = int.from_bytes(sha256(key.encode()).digest()[: _RANDOM_BITS // 8], "big") >> 1
    return _id(some_id.partition("_")[0], order_of(some_id) + step, hidden=hidden)


def is_hidden(item_id: str) -> bool:
    """Return whether an id is marked as that of an item that links never show."""
    return bool(_ALPHABET.index(item_id[-1]) & 1)


def milliseconds_of(some_id: str) -> int:
    """Return when an id says it was minted, in milliseconds since 1970."""
    return order_of(some_id) >> _RANDOM_BITS


def order_of(some_id: str) -> int:
    """Return a number by which ids of one kind sort as they do themselves."""
    unique = some_id.partition("_")[2].upper()
    return int.from_bytes(base64.b32hexdecode(unique + "======"), "big")


def is_minted(kind: str, text: str) -> bool:
    """Say whether ``text`` is an id as it is minted: no other spelling of one names a row."""
    if not is_id(kind, text):
        return False
    return text == _id(kind, order_of(text), hidden=kind == ITEM and is_hidden(text))


def is_id(kind: str, text: str) -> bool:
    """Say whether ``text`` has the shape of an id of ``kind``; nothing else can name a row."""
    prefix, _, unique = text.partition("_")
    return prefix == kind and _UNIQUE.fullmatch(unique) is not None


def item_id_from(text: str) -> str:
    """Return the item id a client means: ``msg_…``, as OpenAI has it, is taken for ``item_…``."""
    return f"{ITEM}_{text.removeprefix('msg_')}" if text.startswith("msg_") else text


def _id(kind: str, value: int, *, hidden: bool = False) -> str:
    encoded = base64.b32hexencode(value.to_bytes(16, "big")).decode("ascii")
    unique = encoded.rstrip("=").lower()
    last = _ALPHABET[_ALPHABET.index(unique[-1]) + hidden]
    return f"{kind}_{unique[:-1]}{last}"


def _milliseconds(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp() * 1000)
