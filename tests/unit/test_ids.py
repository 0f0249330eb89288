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
