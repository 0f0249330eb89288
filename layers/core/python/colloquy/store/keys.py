"""Where each row lives: the key table, and the only place that spells a key.

===================  =====================  =============================  =====================
row                  PK                     SK                             index
===================  =====================  =============================  =====================
conversation header  U#<owner>              C#<conversation>               GSI1, where it is filed
project              U#<owner>              P#<project>
message              U#<owner>#C#<conv>     I#0#<item>
… that links never show  U#<owner>#C#<conv> H#0#<item>
older version        U#<owner>#C#<conv>     V#<item>#<nnnnnn>
versions of a gone one  U#<owner>#C#<conv>  E#<item>
viewer's message     U#<owner>#C#<conv>     G#<digest of share>#<item>
call reference       U#<owner>#C#<conv>     R#<digest of call_id>#<item>
alias of an item     U#<owner>#C#<conv>     A#<digest of client_id>
erasure under way    U#<owner>#C#<conv>     E
share link           S#<share>              S                              GSI2, when it is due; ttl
… of the owner       U#<owner>              S#<conv>#<share>               ttl
… its views          V#<digest of share>    V                              ttl
note of a copy       U#<owner>              F#<conv>                       GSI2, when it is due
receipt of a POST    U#<owner>#K#<key>      K                              ttl
===================  =====================  =============================  =====================

GSI1: PK ``U#<owner>#P#<project>``, SK ``C#<conversation>``, keys only.
GSI2: PK ``X#<shard>``, SK the moment the cleanup is to look at the row, keys only.

The owner is part of every key, so that no request can even name another owner's row. ``#`` in an
owner is escaped: an owner called ``alice#C#conv_1`` must not meet alice's messages. The ``0`` of
a message's key is its segment: there is one today, a branch would be another. An item's id alone
tells whether it is in the range ``I#`` or ``H#`` (docs/adr/0085).
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final, TypedDict

from colloquy.domain import ids

CONVERSATION: Final = "C#"
PROJECT: Final = "P#"
SHOWN: Final = "I#0#"
HIDDEN: Final = "H#0#"
REFERENCE: Final = "R#"
GUEST: Final = "G#"
ALIAS: Final = "A#"
VERSION: Final = "V#"
LOST_VERSIONS: Final = "E#"
RECEIPT: Final = "K"
ERASURE: Final = "E"
SHARE: Final = "S#"
LINK: Final = "S"
VIEWS: Final = "V"
FORK: Final = "F#"

PROJECT_INDEX: Final = "GSI1"
DUE_INDEX: Final = "GSI2"
DUE_SHARDS: Final = 4
"""Partitions of GSI2: each takes 1,000 writes a second (DynamoDB's limit for one)."""


class StringAttribute(TypedDict):
    """A string as DynamoDB's protocol writes it."""

    S: str


@dataclass(frozen=True, slots=True)
class Key:
    """The primary key of one row."""

    partition: str
    sort: str

    def as_dict(self) -> dict[str, StringAttribute]:
        """Return the key as DynamoDB's protocol writes it."""
        return {"PK": {"S": self.partition}, "SK": {"S": self.sort}}

    def in_index(self, index_partition: str) -> dict[str, StringAttribute]:
        """Return where a row of GSI1 stands that has this key and the same sort key there."""
        return {**self.as_dict(), "GSI1PK": {"S": index_partition}, "GSI1SK": {"S": self.sort}}


def owner_partition(owner_id: str) -> str:
    """Return the partition of an owner's headers and projects."""
    return f"U#{owner_id.replace('%', '%25').replace('#', '%23')}"


def conversation(owner_id: str, conversation_id: str) -> Key:
    """Return where a conversation's header lives."""
    return Key(owner_partition(owner_id), f"{CONVERSATION}{conversation_id}")


def project(owner_id: str, project_id: str) -> Key:
    """Return where a project lives."""
    return Key(owner_partition(owner_id), f"{PROJECT}{project_id}")


def project_partition(owner_id: str, project_id: str) -> str:
    """Return the partition of GSI1 that holds the conversations filed in a project."""
    return f"{owner_partition(owner_id)}#P#{project_id}"


def content_partition(owner_id: str, conversation_id: str) -> str:
    """Return the partition of everything under a conversation."""
    return f"{owner_partition(owner_id)}#C#{conversation_id}"


def content_of(partition: str) -> tuple[str, str] | None:
    """Return owner and conversation of a content partition; None for any other partition."""
    match partition.split("#"):
        case ["U", owner, "C", conversation_id]:
            return owner.replace("%23", "#").replace("%25", "%"), conversation_id
    return None


def header_above(partition: str, conversation_id: str) -> Key:
    """Return where the header lives of the conversation whose content is in ``partition``."""
    return Key(partition.removesuffix(f"#C#{conversation_id}"), f"{CONVERSATION}{conversation_id}")


def item(owner_id: str, conversation_id: str, item_id: str) -> Key:
    """Return where a message lives."""
    return Key(content_partition(owner_id, conversation_id), f"{items(item_id)}{item_id}")


def items(item_id: str) -> str:
    """Return what the sort keys of the range begin with that an item is in."""
    return HIDDEN if ids.is_hidden(item_id) else SHOWN


def versions(item_id: str) -> str:
    """Return what the sort keys of a message's older versions begin with."""
    return f"{VERSION}{item_id}#"


def version(owner_id: str, conversation_id: str, item_id: str, number: int) -> Key:
    """Return where an older version of a message lives."""
    partition = content_partition(owner_id, conversation_id)
    return Key(partition, f"{versions(item_id)}{number:06}")


def lost_versions(owner_id: str, conversation_id: str, item_id: str) -> Key:
    """Return where the note lives that a deleted message's versions are still to be erased."""
    return Key(content_partition(owner_id, conversation_id), f"{LOST_VERSIONS}{item_id}")


def references(call_id: str) -> str:
    """Return what the sort keys of a call_id's references begin with.

    A digest, because a call_id may hold ``#`` and more bytes than a sort key's 1,024.
    """
    return f"{REFERENCE}{sha256(call_id.encode()).hexdigest()}#"


def reference(owner_id: str, conversation_id: str, call_id: str, item_id: str) -> Key:
    """Return where the reference from a call_id to a message lives."""
    partition = content_partition(owner_id, conversation_id)
    return Key(partition, f"{references(call_id)}{item_id}")


def written_through(digest: str) -> str:
    """Return what the sort keys of the references begin with to what a link's viewers wrote."""
    return f"{GUEST}{digest}#"


def guest_reference(owner_id: str, conversation_id: str, digest: str, item_id: str) -> Key:
    """Return where the reference lives from a link to a message written through it."""
    partition = content_partition(owner_id, conversation_id)
    return Key(partition, f"{written_through(digest)}{item_id}")


def alias(owner_id: str, conversation_id: str, client_id: str) -> Key:
    """Return the key of the alias that finds an item by the id its client brought with it.

    A digest, as in ``references``.
    """
    partition = content_partition(owner_id, conversation_id)
    return Key(partition, f"{ALIAS}{sha256(client_id.encode()).hexdigest()}")


def receipt(owner_id: str, key: str) -> Key:
    """Return where the receipt of a POST with an Idempotency-Key lives."""
    return Key(f"{owner_partition(owner_id)}#K#{key}", RECEIPT)


def erasure(owner_id: str, conversation_id: str) -> Key:
    """Return where the note of an erasure lives that takes more than one invocation."""
    return Key(content_partition(owner_id, conversation_id), ERASURE)


def link(share_id: str) -> Key:
    """Return where a share link lives."""
    return Key(f"{SHARE}{share_id}", LINK)


def owned_links(conversation_id: str) -> str:
    """Return what the sort keys of a conversation's links begin with, on their owner's side."""
    return f"{SHARE}{conversation_id}#"


def owned_link(owner_id: str, conversation_id: str, share_id: str) -> Key:
    """Return where a link lives on its owner's side."""
    return Key(owner_partition(owner_id), f"{owned_links(conversation_id)}{share_id}")


def link_of(owned: Key) -> Key:
    """Return where the link lives that a row on its owner's side stands for."""
    return link(share_of(owned))


def share_of(owned: Key) -> str:
    """Return the id of the link that a row on its owner's side stands for."""
    return last_id(owned.sort)


def last_id(sort: str) -> str:
    """Return the id a sort key ends with: that of what the row is, or refers to."""
    return sort.rpartition("#")[2]


def views(digest: str) -> Key:
    """Return where the views of the link with this digest are counted."""
    return Key(f"V#{digest}", VIEWS)


def fork(owner_id: str, conversation_id: str) -> Key:
    """Return where the note lives that a conversation is being copied, by a fork or an import."""
    return Key(owner_partition(owner_id), f"{FORK}{conversation_id}")


def due_partition(some_id: str) -> str:
    """Return the partition of GSI2 for a row with this id."""
    return due_partitions()[sha256(some_id.encode()).digest()[0] % DUE_SHARDS]


def due_partitions() -> list[str]:
    """Return all partitions of GSI2."""
    return [f"X#{shard}" for shard in range(DUE_SHARDS)]
