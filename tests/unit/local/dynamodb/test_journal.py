"""The journal loses no acknowledged change, whatever moment a kill chooses."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.dynamodb import journal as module
from local.dynamodb.journal import Journal


def test_a_torn_line_is_dropped_and_the_next_is_whole(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append([{"a": 1}, {"b": 2}])
    with (tmp_path / "journal.jsonl").open("ab") as handle:
        handle.write(b'[{"c":')

    assert list(journal.replay()) == [[{"a": 1}, {"b": 2}]]
    journal.append([{"d": 4}])
    assert list(journal.replay()) == [[{"a": 1}, {"b": 2}], [{"d": 4}]]


def test_only_its_user_may_read_it(tmp_path: Path) -> None:
    directory = tmp_path / "table"
    directory.mkdir(mode=0o755)
    (directory / "journal.jsonl").touch(0o644)

    Journal(directory)

    modes = {path.name: path.stat().st_mode & 0o777 for path in (directory, *directory.iterdir())}
    assert modes == {"table": 0o700, "journal.jsonl": 0o600, "lock": 0o600}


def test_it_is_due_for_compaction_when_it_has_grown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MIN_COMPACTED_BYTES", 100)
    journal = Journal(tmp_path)
    journal.append([{"short": ""}])
    assert not journal.is_due
    journal.append([{"long": "x" * 100}])
    assert journal.is_due

    asyncio.run(journal.compact([[{"state": "x" * 200}]]))

    journal.append([{"long": "x" * 100}])
    assert not journal.is_due
    journal.append([{"long": "x" * 400}])
    assert journal.is_due


def test_changes_made_during_a_compaction_follow_the_state(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append([{"old": 1}])

    def state() -> Iterator[list[dict[str, Any]]]:
        yield [{"state": 1}]
        # The thread that writes the state is here while the loop serves a request.
        journal.append([{"new": 2}])
        yield [{"state": 2}]

    asyncio.run(journal.compact(state()))
    journal.append([{"new": 3}])

    expected = [[{"state": 1}], [{"state": 2}], [{"new": 2}], [{"new": 3}]]
    assert list(journal.replay()) == expected
    assert {path.name for path in tmp_path.iterdir()} == {"journal.jsonl", "lock"}
    assert (tmp_path / "journal.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_compaction_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append([{"old": 1}])

    def state() -> Iterator[list[dict[str, Any]]]:
        yield [{"state": 1}]
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        asyncio.run(journal.compact(state()))
    journal.append([{"new": 2}])

    assert list(journal.replay()) == [[{"old": 1}], [{"new": 2}]]
