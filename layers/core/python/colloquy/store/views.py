"""How often links were opened, counted apart from the links: a view writes nothing."""

from contextlib import suppress
from datetime import datetime

from colloquy.domain.errors import ConflictError
from colloquy.store import keys
from colloquy.store.rows import Row, encode
from colloquy.store.table import Table


class ViewStore:
    """Adds to the counts of links."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, digest: str, seen: int, expires_at: datetime, delivery: str) -> None:
        """Add to how often a link was opened; the same delivery again adds nothing."""
        not_counted_yet = "attribute_not_exists(delivery) OR delivery <> :delivery"
        action = {
            "Key": keys.views(digest).as_dict(),
            "UpdateExpression": "SET #type = :type, #ttl = :ttl, delivery = :delivery ADD seen :n",
            "ConditionExpression": not_counted_yet,
            "ExpressionAttributeNames": {"#type": "type", "#ttl": "ttl"},
            "ExpressionAttributeValues": encode(
                {
                    ":type": "views",
                    ":ttl": int(expires_at.timestamp()),
                    ":delivery": delivery,
                    ":n": seen,
                }
            ),
        }
        with suppress(_CountedError):
            self._table.update(action, _counted)


class _CountedError(ConflictError):
    """The delivery was counted before."""


def _counted(_: Row | None) -> Exception:
    return _CountedError("The views were counted before.")
