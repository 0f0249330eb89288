"""ministack still has the inside that local/dynamodb relies on."""

from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest

from local.dynamodb import durability, expiry, ordered_reads
from local.dynamodb.durability import SUPPORTED


def source() -> str:
    # Read and not imported: ministack starts threads when it is imported.
    found = find_spec("ministack")
    assert found
    assert found.origin
    return (Path(found.origin).parent / "services" / "dynamodb.py").read_text(encoding="utf-8")


def test_the_installed_ministack_is_the_one_that_is_wrapped() -> None:
    assert version("ministack") == SUPPORTED


@pytest.mark.parametrize(
    "name", sorted({*durability.WRAPPED, *expiry.WRAPPED, *ordered_reads.WRAPPED})
)
def test_ministack_has_each_function_that_is_wrapped(name: str) -> None:
    assert f"def {name}(" in source()


def test_ministack_still_changes_items_in_one_place() -> None:
    text = source()
    # Whoever writes an item past _set_item and _remove_item would write past the journal.
    assert text.count('["items"].setdefault(pk_val, {})[sk_val] = item') == 1
    assert text.count("sk_map.pop(sk_val, None)") == 1
