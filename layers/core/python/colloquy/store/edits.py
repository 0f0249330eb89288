"""Messages that change after they were written: new versions, old ones, and deletion."""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from typing import Any, Final

from colloquy.domain.conversation import Conversation
from colloquy.domain.erasure import LostVersions
from colloquy.domain.errors import ChangedMeanwhileError, NotFoundError
from colloquy.domain.item import Item
from colloquy.domain.page import PageRequest
from colloquy.domain.receipt import Once, Receipt
from colloquy.domain.retitle import Retitle
from colloquy.domain.share import digest_of
from colloquy.domain.version import Version, current_version
from colloquy.store import keys
from colloquy.store.expressions import receipt_put, valid_receipt
from colloquy.store.header_changes import first_titling, has_version, header_changes
from colloquy.store.item_ranges import item_rows
from colloquy.store.refusals import Write
from colloquy.store.rows import (
    Row,
    content_to_row,
    conversation_from_row,
    encode,
    item_from_row,
    lost_versions_to_row,
    timestamp,
    usage_to_row,
    version_from_row,
    version_to_row,
)
from colloquy.store.table import Table

_KIND: Final = "message"


class EditStore:
    """Reads messages with what a change of them needs to know, and writes the change."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def read(
        self, owner_id: str, conversation_id: str, item_id: str, once: Once | None = None
    ) -> tuple[Conversation, Item, Receipt | None]:
        """Return a message, its conversation and the receipt that ``once`` has, in one call.

        Raises:
            NotFoundError: the conversation or the message is not there.
        """
        header = keys.conversation(owner_id, conversation_id)
        key = keys.item(owner_id, conversation_id, item_id)
        receipt_key = [keys.receipt(owner_id, once.key)] if once else []
        found = self._table.get_many([header, key, *receipt_key])
        if header not in found or key not in found:
            raise NotFoundError(_KIND if header in found else "conversation")
        receipt = valid_receipt(found.get(receipt_key[0])) if receipt_key else None
        return conversation_from_row(found[header]), item_from_row(found[key]), receipt

    def rewrite(
        self,
        owner_id: str,
        before: Item,
        after: Item,
        receipt: Receipt | None,
        retitle: Retitle | None = None,
    ) -> None:
        """Give a message the text of ``after``, and keep the one it had as a version.

        Costs what its two texts and the header cost, whatever the conversation holds.

        Raises:
            NotFoundError: the conversation or the message is not there.
            ChangedMeanwhileError: the message has another version than ``before``.
            AlreadyDoneError: the receipt's key has a receipt.
        """
        assert after.edited_at is not None  # noqa: S101 - every later version has a moment
        kept = {
            "Item": encode(version_to_row(owner_id, before, current_version(before))),
            "ConditionExpression": "attribute_not_exists(PK)",
        }
        writes = [
            _new_text(owner_id, before, after),
            Write({"Put": kept}, _rewritten_meanwhile),
            *header_changes(owner_id, before, after.edited_at, retitle),
        ]
        if receipt is not None:
            writes.insert(0, receipt_put(owner_id, receipt))
        self._table.transact(writes)

    def first_titling(self, owner_id: str, conversation_id: str, without: str) -> Item | None:
        """Return the first message that gives the conversation a title, ``without`` left out.

        Bounded: None where there is none among the first few hundred.
        """
        return first_titling(self._table, owner_id, conversation_id, without)

    def version(self, owner_id: str, item: Item, number: int) -> Version | None:
        """Return a version of a message that was just read, or None."""
        if number == item.version:
            return current_version(item)
        row = self._table.get(keys.version(owner_id, item.conversation_id, item.id, number))
        return version_from_row(row) if row else None

    def versions(self, owner_id: str, item: Item, page: PageRequest) -> Iterator[Version]:
        """Yield the versions of a message that was just read, newest first, behind a cursor.

        An edit that was faster than this query has kept the message's text as a version too;
        that is the current one, and comes once.
        """
        before = int(page.after) if page.after is not None else item.version + 1
        start = keys.version(owner_id, item.conversation_id, item.id, min(before, item.version))
        query: dict[str, Any] = {
            "KeyConditionExpression": "PK = :conversation AND begins_with(SK, :item)",
            "ExpressionAttributeValues": {
                ":conversation": {"S": start.partition},
                ":item": {"S": keys.versions(item.id)},
            },
            "ExclusiveStartKey": start.as_dict(),
            "ScanIndexForward": False,
            "ConsistentRead": True,
            "Limit": page.limit + 1,
        }
        current = [current_version(item)] if item.version < before else []
        return chain(current, map(version_from_row, self._table.query(**query)))

    def before(self, owner_id: str, item: Item, page: int) -> Iterator[Item]:
        """Yield the messages before one that was just read, newest first, ``page`` at a time."""
        partition = keys.content_partition(owner_id, item.conversation_id)
        found = item_rows(self._table, partition, "desc", after=item.id, limit=page)
        return map(item_from_row, found)

    def remove(
        self, owner_id: str, item: Item, now: datetime, retitle: Retitle | None = None
    ) -> None:
        """Delete a message: with that its versions are gone for every reader too.

        Its older versions are left to ``erase``, and a note in the same transaction says so: a
        message may have more of them than a transaction takes (docs/adr/0011).

        Raises:
            NotFoundError: the conversation or the message is not there.
            ChangedMeanwhileError: the message has another version than ``item``.
        """
        conversation_id = item.conversation_id
        delete = {
            "Key": keys.item(owner_id, conversation_id, item.id).as_dict(),
            **has_version(item.version),
        }
        writes = [
            Write({"Delete": delete}, _rewritten_meanwhile),
            *header_changes(owner_id, item, now, retitle, messages=-1),
        ]
        if item.call_id is not None:
            reference = keys.reference(owner_id, conversation_id, item.call_id, item.id)
            writes.append(Write({"Delete": {"Key": reference.as_dict()}}, _rewritten_meanwhile))
        if item.via_share is not None:
            digest = digest_of(item.via_share)
            reference = keys.guest_reference(owner_id, conversation_id, digest, item.id)
            writes.append(Write({"Delete": {"Key": reference.as_dict()}}, _rewritten_meanwhile))
        if item.client_id is not None:
            alias = keys.alias(owner_id, conversation_id, item.client_id)
            writes.append(Write({"Delete": {"Key": alias.as_dict()}}, _rewritten_meanwhile))
        if item.version > 1:
            note = LostVersions(
                owner_id=owner_id,
                conversation_id=conversation_id,
                item_id=item.id,
                asked_at=now,
            )
            put = {
                "Item": encode(lost_versions_to_row(note)),
                "ConditionExpression": "attribute_not_exists(PK)",
            }
            writes.append(Write({"Put": put}, _rewritten_meanwhile))
        self._table.transact(writes)


def _new_text(owner_id: str, before: Item, after: Item) -> Write:
    sets: Row = {
        **content_to_row(after.content),
        "version": after.version,
        "edited_at": timestamp(after.edited_at) if after.edited_at else None,
        "model": after.model,
        **usage_to_row(after.usage, after.status),
    }
    # A text that was in ``content`` may now be in ``parts``, and what a model wrote a person's.
    replaced = ("content", "parts", "model", "usage", "status")
    removes = [name for name in replaced if sets.get(name) is None]
    given = {name: value for name, value in sets.items() if value is not None}
    condition = has_version(before.version)
    update = {
        "Key": keys.item(owner_id, before.conversation_id, before.id).as_dict(),
        "UpdateExpression": "SET "
        + ", ".join(f"#{name} = :{name}" for name in given)
        + " REMOVE "
        + ", ".join(f"#{name}" for name in removes),
        "ConditionExpression": condition["ConditionExpression"],
        "ExpressionAttributeNames": {f"#{name}": name for name in [*given, *removes]}
        | condition["ExpressionAttributeNames"],
        "ExpressionAttributeValues": encode({f":{name}": value for name, value in given.items()})
        | condition["ExpressionAttributeValues"],
    }
    return Write({"Update": update}, _rewritten_meanwhile)


def _rewritten_meanwhile(row: Row | None) -> Exception:
    if row is None:
        return NotFoundError(_KIND)
    return ChangedMeanwhileError()
