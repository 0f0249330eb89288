"""Ids: their shape, their order, and what they say of nothing else."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from colloquy.domain import ids

NOW = datetime(2026, 11, 22, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the strategy adds the zone


@given(MOMENTS, st.integers(1, 10**9))
def test_ids_sort_by_the_time_they_were_minted(moment: datetime, later_by_ms: int) -> None:
    later = moment + timedelta(milliseconds=later_by_ms)
    assert ids.mint(ids.ITEM, moment) < ids.mint(ids.ITEM, later)


@given(MOMENTS, MOMENTS)
def test_an_id_sorts_behind_the_one_it_follows_whatever_the_clock(
    ours: datetime, theirs: datetime
) -> None:
    newest = ids.mint(ids.ITEM, theirs)
    assert ids.mint(ids.ITEM, ours, after=newest) > newest


def test_twenty_ids_of_one_moment_ascend_and_stay_ids() -> None:
    minted = ids.mint_many(ids.ITEM, NOW, 20)
    assert minted == sorted(set(minted))
    assert all(ids.is_id(ids.ITEM, some_id) for some_id in minted)


def test_an_id_is_its_kind_and_26_characters() -> None:
    minted = ids.mint(ids.CONVERSATION, NOW)
    assert minted.startswith("conv_")
    assert len(minted) == len("conv_") + 26
    assert ids.is_id(ids.CONVERSATION, minted)
    for bad in (minted[:-1], minted + "0", minted.upper(), minted + "\n", "conv_" + "w" * 26):
        assert not ids.is_id(ids.CONVERSATION, bad)
    assert not ids.is_id(ids.ITEM, minted)


def test_msg_stands_for_item_and_nothing_else_does() -> None:
    unique = "0" * 26
    assert ids.item_id_from(f"msg_{unique}") == f"item_{unique}"
    assert ids.item_id_from(f"item_{unique}") == f"item_{unique}"
    assert ids.item_id_from(f"conv_{unique}") == f"conv_{unique}"


@given(MOMENTS, st.integers(1, 10), st.text())
def test_moved_ids_are_others_of_the_same_time_and_order(
    moment: datetime, count: int, key: str
) -> None:
    minted = ids.mint_many(ids.ITEM, moment, count)
    moved = [ids.moved(each, key) for each in minted]
    assert moved == sorted(moved)
    assert moved == [ids.moved(each, key) for each in minted]
    assert not set(moved) & set(minted)
    assert moved != [ids.moved(each, key + "x") for each in minted]
    for before, after in zip(minted, moved, strict=True):
        assert ids.is_minted(ids.ITEM, after)
        assert 0 <= ids.milliseconds_of(after) - ids.milliseconds_of(before) <= 1


def test_an_id_has_one_spelling() -> None:
    assert ids.is_minted(ids.ITEM, "item_" + "0" * 26)
    assert ids.is_id(ids.ITEM, "item_" + "0" * 25 + "1")
    assert not ids.is_minted(ids.ITEM, "item_" + "0" * 25 + "2")
    assert not ids.is_minted(ids.ITEM, "item_" + "0" * 25 + "3")
    assert not ids.is_minted(ids.ITEM, "conv_" + "0" * 26)
    # The mark of a hidden item: other kinds have none.
    assert ids.is_minted(ids.ITEM, "item_" + "0" * 25 + "1")
    assert not ids.is_minted(ids.CONVERSATION, "conv_" + "0" * 25 + "1")


@given(MOMENTS, MOMENTS, st.lists(st.booleans(), max_size=20), st.text())
def test_marked_ids_are_in_one_order_with_the_others(
    ours: datetime, theirs: datetime, marks: list[bool], key: str
) -> None:
    minted: list[str] = []
    newest = ids.mint(ids.ITEM, theirs, hidden=True)
    for hidden in marks:
        after = minted[-1] if minted else newest
        minted.append(ids.mint(ids.ITEM, ours, after=after, hidden=hidden))
    assert [newest, *minted] == sorted({newest, *minted})
    assert [ids.is_hidden(each) for each in minted] == marks
    assert all(ids.is_minted(ids.ITEM, each) for each in minted)
    moved = [
        ids.moved(each, key, hidden=hidden) for each, hidden in zip(minted, marks, strict=True)
    ]
    assert moved == sorted(moved)
    assert [ids.is_hidden(each) for each in moved] == marks
