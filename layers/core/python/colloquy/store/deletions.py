"""Deletes many conversation headers at once: with its header a conversation is gone."""

import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Final

from colloquy.domain.errors import UnavailableError
from colloquy.domain.receipt import Receipt
from colloquy.store import keys
from colloquy.store.backoff import patiently
from colloquy.store.expressions import receipt_put
from colloquy.store.rows import Row, encode, receipt_from_row, receipt_to_row
from colloquy.store.sweep import key_pages, sweep
from colloquy.store.table import Table, new_token

_KEYS: Final = "PK, SK"


class DeletionStore:
    """Deletes headers by key, without conditions: no id is ever minted twice (docs/adr/0022)."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def look(
        self, owner_id: str, wanted: Sequence[str], receipt_key: str | None, until: float
    ) -> tuple[set[str], Receipt | None]:
        """Return which of the conversations are there, and the receipt of a key, side by side.

        Raises:
            UnavailableError: the table could not be read up to ``until`` of ``time.monotonic``.
        """
        found: Future[Row | None] | None = None
        if receipt_key is not None:
            at = keys.receipt(owner_id, receipt_key)
            found = self._table.beside(patiently, lambda: self._table.get(at), until)
        headers = {keys.conversation(owner_id, each): each for each in wanted}
        there = patiently(lambda: self._table.get_many([*headers], _KEYS), until)
        row = found.result() if found else None
        return {headers[key] for key in there}, receipt_from_row(row) if row else None

    def delete_many(self, owner_id: str, wanted: Sequence[str], until: float) -> set[str]:
        """Delete conversations and return those that were still refused at ``until``."""
        headers = {keys.conversation(owner_id, each): each for each in wanted}
        return {headers[key] for key in sweep(self._table, [*headers], until)}

    def delete_all(self, owner_id: str, until: float) -> tuple[int, bool]:
        """Delete every conversation of an owner; return how many went, and whether all did.

        Raises:
            UnavailableError: the table could not be read up to ``until``.
        """
        query = {
            "KeyConditionExpression": "PK = :owner AND begins_with(SK, :kind)",
            "ExpressionAttributeValues": {
                ":owner": {"S": keys.owner_partition(owner_id)},
                ":kind": {"S": keys.CONVERSATION},
            },
            "ProjectionExpression": _KEYS,
            "ConsistentRead": True,
        }
        gone = 0
        for headers in key_pages(self._table, query, until):
            if headers and time.monotonic() > until:
                return gone, False
            left = sweep(self._table, headers, until)
            gone += len(headers) - len(left)
            if left:
                return gone, False
        return gone, True

    def remember(self, owner_id: str, receipt: Receipt, until: float) -> None:
        """Write the receipt of a deletion that is about to begin.

        Raises:
            AlreadyDoneError: its key has a receipt.
            UnavailableError: the table did not take it up to ``until``.
        """
        write, token = receipt_put(owner_id, receipt), new_token()
        patiently(lambda: self._table.transact([write], token), until)

    def correct(self, owner_id: str, receipt: Receipt, until: float) -> None:
        """Write the facts of a receipt again: its deletion has come out otherwise than it was to.

        Raises:
            UnavailableError: the table did not take it up to ``until``.
        """
        row = encode(receipt_to_row(owner_id, receipt))
        action = {
            "Key": keys.receipt(owner_id, receipt.key).as_dict(),
            "UpdateExpression": "SET facts = :facts",
            # Or the update would make a row without a time to live.
            "ConditionExpression": "fingerprint = :fingerprint",
            "ExpressionAttributeValues": {
                ":facts": row["facts"],
                ":fingerprint": row["fingerprint"],
            },
        }
        patiently(lambda: self._table.update(action, lambda _: UnavailableError()), until)
