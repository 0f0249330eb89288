"""How an invocation of purge divides its time, against rows that are no rows."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from colloquy.domain.erasure import Erasure, LostLink, LostVersions, Progress
from colloquy.domain.errors import UnavailableError
from colloquy.services.erasure import Erasures, Outcome
from colloquy.services.projects import Projects
from tests.support.fakes import FakeConversations, FakeProjects, Memory

NOW = datetime(2026, 11, 22, tzinfo=UTC)


class FakeRows:
    """Conversations of so many pages; a page takes a moment, and the time is up when it is."""

    def __init__(self, pages: dict[str, int], page_seconds: float = 0.0) -> None:
        self.pages = pages
        self.page_seconds = page_seconds
        self.finished: list[str] = []
        self.postponed: list[Erasure] = []
        self.postponing: Exception | None = None
        self.errors: dict[str, Exception] = {}

    def asked_for(self, record: Mapping[str, Any]) -> Erasure | LostLink:
        asked: Erasure | LostLink = record["asked"]
        return asked

    def erase(self, erasure: Erasure, until: float) -> Progress:
        name = erasure.conversation_id
        if name in self.errors:
            raise self.errors[name]
        rows = 0
        while self.pages[name]:
            time.sleep(self.page_seconds)
            self.pages[name] -= 1
            rows += 1
            if self.pages[name] and time.monotonic() > until:
                return Progress(rows, finished=False)
        self.finished.append(name)
        return Progress(rows, finished=True)

    def postpone(self, erasure: Erasure, until: float) -> None:
        assert until > time.monotonic()
        if self.postponing:
            raise self.postponing
        self.postponed.append(erasure)

    def forget_versions(self, lost: LostVersions, until: float) -> Progress:
        assert until > 0
        self.finished.append(lost.item_id)
        return Progress(1, finished=True)

    def forget(self, link: LostLink, until: float) -> Progress:
        assert until > 0
        self.finished.append(link.share_id)
        return Progress(1, finished=True)


def projects() -> Projects:
    memory = Memory()
    return Projects(FakeProjects(memory), FakeConversations(memory), lambda: NOW)


def conversation(name: str, size: int | None) -> Erasure:
    asked_at = NOW - timedelta(seconds=5)
    return Erasure(owner_id="alice", conversation_id=name, asked_at=asked_at, size=size)


def link(name: str) -> LostLink:
    return LostLink(owner_id="alice", conversation_id="c", share_id=name, asked_at=NOW)


def work(rows: FakeRows, *asked: Erasure | LostLink, seconds: float = 10.0) -> dict[str, Outcome]:
    records = [
        {"asked": each, "dynamodb": {"SequenceNumber": number}} for number, each in enumerate(asked)
    ]
    outcomes = Erasures(rows, projects(), lambda: NOW, seconds).work(records)
    return {outcome.sequence_number: outcome for outcome in outcomes}


def test_small_ones_do_not_wait_behind_big_ones() -> None:
    big = [f"big{n}" for n in range(8)]
    rows = FakeRows({**dict.fromkeys(big, 1_000), "small": 1, "unknown": 1}, page_seconds=0.01)

    asked = [conversation(name, 1_000) for name in big]
    work(rows, *asked, conversation("unknown", None), conversation("small", 1), seconds=0.1)

    assert rows.finished[0] == "small"
    assert {each.conversation_id for each in rows.postponed} == set(big)


def test_every_round_brings_each_one_nearer_to_its_end() -> None:
    rows = FakeRows(dict.fromkeys("abcdefgh", 3))
    for _ in range(3):
        work(rows, *(conversation(name, 3) for name in "abcdefgh"), seconds=-1)
    assert sorted(rows.finished) == list("abcdefgh")


def test_what_is_asked_for_again_keeps_its_age_and_size_and_counts_its_rounds() -> None:
    rows = FakeRows({"a": 2})
    outcomes = work(rows, conversation("a", 7), seconds=-1)
    (again,) = rows.postponed
    assert (again.round, again.size, again.asked_at) == (1, 7, NOW - timedelta(seconds=5))
    assert (outcomes["0"].finished, outcomes["0"].error, outcomes["0"].age) == (False, None, 5.0)


def test_links_come_first() -> None:
    rows = FakeRows({"a": 1})
    work(rows, conversation("a", 0), link("s"))
    assert rows.finished == ["s", "a"]


def test_a_busy_table_is_like_a_slice_that_is_over() -> None:
    rows = FakeRows({"a": 1})
    rows.errors["a"] = UnavailableError()
    outcomes = work(rows, conversation("a", 1))
    assert [each.round for each in rows.postponed] == [1]
    assert outcomes["0"].error is None


def test_what_cannot_even_be_postponed_comes_again() -> None:
    rows = FakeRows({"a": 2})
    rows.postponing = UnavailableError()
    assert isinstance(work(rows, conversation("a", 2), seconds=-1)["0"].error, UnavailableError)


def test_a_bug_in_one_leaves_the_others_alone() -> None:
    rows = FakeRows({"a": 1, "b": 1})
    rows.errors["a"] = KeyError("a bug")
    outcomes = work(rows, conversation("a", 1), conversation("b", 1))
    assert isinstance(outcomes["0"].error, KeyError)
    assert outcomes["1"].finished
    assert rows.postponed == []
