"""Projects in DynamoDB."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from colloquy.domain.errors import NotFoundError, PreconditionFailedError
from colloquy.domain.page import GaveUp, PageRequest
from colloquy.domain.project import Project, ProjectChanges
from colloquy.domain.receipt import Receipt
from colloquy.store import keys
from colloquy.store.bounded import Effort, bounded_rows
from colloquy.store.expressions import receipt_put, updating
from colloquy.store.refusals import Write
from colloquy.store.rows import Row, encode, project_from_row, project_to_row, timestamp
from colloquy.store.table import Table

_KIND: Final = "project"
_WIDEST_LOOK: Final = 100
_STAYS: Final = "attribute_not_exists(deleting)"


class ProjectStore:
    """Reads and writes projects; one that is being deleted is not there for any reader."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, project: Project, receipt: Receipt | None) -> None:
        """Write a new project.

        Raises:
            AlreadyDoneError: the receipt's key has a receipt.
        """
        row = encode(project_to_row(project))
        if receipt is None:
            self._table.put_new(row)
            return
        put = {"Item": row, "ConditionExpression": "attribute_not_exists(PK)"}
        self._table.transact(
            [receipt_put(project.owner_id, receipt), Write({"Put": put}, _absent_or_changed)]
        )

    def get(self, owner_id: str, project_id: str) -> Project:
        """Return the project as it is now.

        Raises:
            NotFoundError: it is not there.
        """
        row = self._table.get(keys.project(owner_id, project_id))
        if row is None or "deleting" in row:
            raise NotFoundError(_KIND)
        return project_from_row(row)

    def find(self, owner_id: str, page: PageRequest) -> Iterator[Project | GaveUp]:
        """Yield the owner's projects by creation, from behind the page's cursor.

        Ends with a ``GaveUp`` where so many are being deleted that it does not look any further.
        """
        query: dict[str, Any] = {
            "KeyConditionExpression": "PK = :owner AND begins_with(SK, :kind)",
            "FilterExpression": _STAYS,
            "ExpressionAttributeValues": {
                ":owner": {"S": keys.owner_partition(owner_id)},
                ":kind": {"S": keys.PROJECT},
            },
            "ScanIndexForward": page.order == "asc",
            "ConsistentRead": True,
            "Limit": page.limit + 1,
        }
        if page.after is not None:
            query["ExclusiveStartKey"] = keys.project(owner_id, page.after).as_dict()
        found = bounded_rows(self._table, query, Effort(_WIDEST_LOOK))
        return (row if isinstance(row, GaveUp) else project_from_row(row) for row in found)

    def update(
        self,
        owner_id: str,
        project_id: str,
        changes: ProjectChanges,
        now: datetime,
        if_match: frozenset[int] | None,
    ) -> Project:
        """Apply changes and return the project they make.

        Raises:
            NotFoundError: the project is not there.
            PreconditionFailedError: it is in none of the states ``if_match`` names.
        """
        sets: Row = {"updated_at": timestamp(now)}
        sets |= {name: value for name, value in changes.fields.items() if value is not None}
        removes = [name for name, value in changes.fields.items() if value is None]
        words = updating(sets, removes, if_match)
        words["ConditionExpression"] += f" AND {_STAYS}"
        key = keys.project(owner_id, project_id).as_dict()
        return project_from_row(self._table.update({"Key": key, **words}, _absent_or_changed))

    def start_deleting(
        self,
        owner_id: str,
        project_id: str,
        now: datetime,
        if_match: frozenset[int] | None,
        *,
        with_conversations: bool,
    ) -> None:
        """Take the project from every reader, and keep conversations from being filed in it.

        The table's stream tells purge, which finishes what is cut off (docs/adr/0008).

        A deletion that was cut off before may be started again; it asks for no revision then.

        Raises:
            NotFoundError: the project is not there.
            PreconditionFailedError: it is in none of the states ``if_match`` names.
        """
        sets: Row = {"deleting": timestamp(now), "with_conversations": with_conversations}
        words = updating(sets, (), if_match)
        words["ConditionExpression"] += " OR attribute_exists(deleting)"
        key = keys.project(owner_id, project_id).as_dict()
        self._table.update({"Key": key, **words}, _absent_or_changed)

    def finish_deleting(self, owner_id: str, project_id: str) -> None:
        """Remove the row of a project that no conversation names any more."""
        key = keys.project(owner_id, project_id).as_dict()
        # A deletion beside this one may have removed it already.
        is_being_deleted_or_gone = "attribute_exists(deleting) OR attribute_not_exists(PK)"
        self._table.delete(
            {"Key": key, "ConditionExpression": is_being_deleted_or_gone}, _absent_or_changed
        )


def _absent_or_changed(row: Row | None) -> Exception:
    if row is None or "deleting" in row:
        return NotFoundError(_KIND)
    return PreconditionFailedError(_KIND)
