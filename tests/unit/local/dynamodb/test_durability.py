"""The journal survives kills, and ministack still has the inside it relies on."""

from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest

from local.dynamodb.durability import SUPPORTED, WRAPPED
from local.dynamodb.journal import Journal


def test_a_torn_line_is_dropped_and_the_next_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "journal"
    journal = Journal(file)
    journal.append([{"a": 1}, {"b": 2}])
    with file.open("ab") as handle:
        handle.write(b'[{"c":')

    assert journal.recover() == [[{"a": 1}, {"b": 2}]]
    journal.append([{"d": 4}])
    assert journal.recover() == [[{"a": 1}, {"b": 2}], [{"d": 4}]]
    journal.clear()
    assert journal.recover() == []


def test_the_installed_ministack_is_the_one_that_is_wrapped() -> None:
    assert version("ministack") == SUPPORTED


@pytest.mark.parametrize("name", WRAPPED)
def test_ministack_still_changes_items_in_one_place(name: str) -> None:
    # Read and not imported: ministack starts threads when it is imported.
    found = find_spec("ministack")
    assert found
    assert found.origin
    text = (Path(found.origin).parent / "services" / "dynamodb.py").read_text(encoding="utf-8")

    assert f"def {name}(" in text
    # Whoever writes an item past _set_item and _remove_item would write past the journal.
    assert text.count('["items"].setdefault(pk_val, {})[sk_val] = item') == 1
    assert text.count("sk_map.pop(sk_val, None)") == 1
