"""What the functions have used of their policies in this run of tests, and what was refused."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local.iam.enforcement import read, record_in
from local.iam.policies import AccessDeniedError, Grant, Permissions
from tests.support.functions import declared
from tests.support.role import role


class Record:
    """Policies, and what has been asked of them."""

    def __init__(self, permissions: Permissions) -> None:
        self.permissions = permissions
        self.used: set[Grant] = set()
        self.refused: set[str] = set()

    def check(self, operation: str, request: Mapping[str, Any]) -> None:
        """Note a call of the function that runs; refuse as DynamoDB would what it may not do."""
        function = role()
        if function is None:
            return
        try:
            self.used |= self.permissions.used(function, operation, request)
        except AccessDeniedError as refusal:
            self.refused.add(str(refusal))
            response: Any = {"Error": {"Code": "AccessDeniedException", "Message": str(refusal)}}
            raise ClientError(response, operation) from refusal

    def add(self, data: Path) -> None:
        """Note what the emulator of a run has recorded in the run's data directory."""
        used, refused = read(record_in(data))
        self.used |= used
        self.refused |= refused

    @contextmanager
    def watching(self) -> Iterator[set[Grant]]:
        """Yield a set, in which is then what is used meanwhile."""
        before, self.used = self.used, set()
        try:
            yield self.used
        finally:
            self.used = before | self.used

    def surplus(self) -> list[Grant]:
        """Return what the policies list and nobody has used."""
        return sorted(self.permissions.grants() - self.used)


@cache
def record() -> Record:
    """Return the record of this run."""
    return Record(Permissions.of(declared()))
