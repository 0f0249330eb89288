"""Erase what is left of deleted conversations and links, as the table's stream asks for it."""

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any, Final, Literal

from colloquy.domain.erasure import (
    Erasure,
    LostLink,
    LostProject,
    LostVersions,
    Progress,
)
from colloquy.domain.errors import UnavailableError
from colloquy.services.ports import Clock, ErasureRows
from colloquy.services.projects import Projects

SLICE_SECONDS: Final = 3.0
"""What one invocation spends on erasing, so that nothing waits longer behind something big."""

_AT_ONCE: Final = 4
"""Conversations erased side by side: more, and one of them alone still has threads to write."""
_GRACE_SECONDS: Final = 15.0
"""What asking for another round may take on top; the function has two minutes."""


Asked = Erasure | LostLink | LostProject | LostVersions
"""What a record of the stream may ask for."""

Kind = Literal["conversation", "link", "project", "versions"]
_KINDS: Final[Mapping[type[Asked], Kind]] = {
    Erasure: "conversation",
    LostLink: "link",
    LostProject: "project",
    LostVersions: "versions",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an invocation did for one record of the stream.

    ``sequence_number`` is the record's, ``age`` how many seconds ago the erasure was asked for,
    ``error`` what kept it from being done or postponed: then the record must come again.
    """

    sequence_number: str
    kind: Kind | None = None
    conversation_id: str | None = None
    project_id: str | None = None
    rows: int = 0
    round: int = 0
    age: float = 0.0
    finished: bool = False
    error: Exception | None = None


class Erasures:
    """Works off records of the stream, small conversations first, for a slice of time."""

    def __init__(
        self,
        rows: ErasureRows,
        projects: Projects,
        clock: Clock,
        slice_seconds: float = SLICE_SECONDS,
    ) -> None:
        self._rows = rows
        self._projects = projects
        self._clock = clock
        self._slice_seconds = slice_seconds

    def work(self, records: Sequence[Mapping[str, Any]]) -> Iterator[Outcome]:
        """Yield what became of each record, as it becomes clear.

        What does not fit the slice is asked for again, behind whatever has been deleted by then;
        nothing is lost when the process is killed, for the stream brings its records again.
        """
        until = time.monotonic() + self._slice_seconds
        asked: list[tuple[str, Asked]] = []
        for record in records:
            number = str(record["dynamodb"]["SequenceNumber"])
            try:
                asked.append((number, self._rows.asked_for(record)))
            except (KeyError, TypeError, ValueError) as error:
                # A record that cannot be read must not take the others with it.
                yield Outcome(sequence_number=number, error=error)
        asked.sort(key=lambda each: _effort(each[1]))
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            running = [pool.submit(self._do, number, each, until) for number, each in asked]
            for done in as_completed(running):
                yield done.result()

    def _do(self, number: str, asked: Asked, until: float) -> Outcome:
        progress, error = Progress(0, finished=False), None
        try:
            progress = self._erase(asked, until)
            if not progress.finished:
                self._ask_again(asked, until)
        except Exception as unexpected:  # noqa: BLE001 - reported, and the record comes again
            error = unexpected
        return Outcome(
            sequence_number=number,
            kind=_KINDS[type(asked)],
            conversation_id=None if isinstance(asked, LostProject) else asked.conversation_id,
            project_id=asked.project_id if isinstance(asked, LostProject) else None,
            rows=progress.rows,
            round=asked.round if isinstance(asked, Erasure) else 0,
            age=(self._clock() - asked.asked_at).total_seconds(),
            finished=progress.finished,
            error=error,
        )

    def _erase(self, asked: Asked, until: float) -> Progress:
        if isinstance(asked, LostLink):
            return self._rows.forget(asked, until)
        if isinstance(asked, LostProject):
            # Its request does the same meanwhile: each step is one of the two's, in any order.
            self._projects.finish(
                asked.owner_id, asked.project_id, with_conversations=asked.with_conversations
            )
            return Progress(0, finished=True)
        try:
            if isinstance(asked, LostVersions):
                return self._rows.forget_versions(asked, until)
            return self._rows.erase(asked, until)
        except UnavailableError:
            # As when the slice is over: the table may be less busy next time.
            return Progress(0, finished=False)

    def _ask_again(self, asked: Asked, until: float) -> None:
        if not isinstance(asked, Erasure):
            # Few rows: not worth a row that asks for them. The stream sends the record again.
            raise UnavailableError
        self._rows.postpone(asked.next_round(), until + _GRACE_SECONDS)


def _effort(asked: Asked) -> float:
    """Return by what to sort: the small, then conversations by their messages, unknown last."""
    if not isinstance(asked, Erasure):
        return -1
    return float("inf") if asked.size is None else asked.size
