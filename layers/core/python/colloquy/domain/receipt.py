"""What is kept of an answered POST, so that the same request sent again is not done again.

A receipt is written in the same transaction as what the request wrote: either both are there or
neither is. It holds no content: what a request created is rebuilt from the request itself, which
came again with the same fingerprint, and from the ids and times minted the first time
(docs/adr/0006).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

from colloquy.domain.errors import ColloquyError, IdempotencyMismatchError

KEPT_FOR: Final = timedelta(hours=24)

Facts = Mapping[str, str]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """A request that is to be done once: its key and the fingerprint of method, path and body."""

    key: str
    fingerprint: str

    def receipt(self, now: datetime, facts: Facts) -> "Receipt":
        """Return the receipt for what the request is about to write."""
        return Receipt(
            key=self.key, fingerprint=self.fingerprint, facts=facts, expires_at=now + KEPT_FOR
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The proof that a request was done, with the ids and times minted for it in ``facts``."""

    key: str
    fingerprint: str
    facts: Facts
    expires_at: datetime


class AlreadyDoneError(ColloquyError):
    """The request's key has a receipt: nothing was written now."""

    code = "conflict"

    def __init__(self, receipt: Receipt) -> None:
        super().__init__("The request was done before.")
        self.receipt = receipt

    def facts_for(self, once: Once | None) -> Facts:
        """Return what was minted the first time.

        Raises:
            IdempotencyMismatchError: the key was first sent with another request.
        """
        if once is None or once.fingerprint != self.receipt.fingerprint:
            raise IdempotencyMismatchError from self
        return self.receipt.facts


@dataclass(frozen=True, slots=True)
class Written(Generic[T]):
    """What a write left behind; ``replayed`` says that an earlier request had written it."""

    value: T
    replayed: bool = False
