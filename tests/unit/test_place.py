"""Places: the cursors of exports."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colloquy.domain.place import Place, place_from

ITEM = "item_" + "0" * 26
LATER = "item_" + "0" * 25 + "4"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (ITEM, Place(ITEM)),
        (ITEM.replace("item_", "msg_"), Place(ITEM)),
        (f"{ITEM}.1", Place(ITEM, 1)),
        (f"{ITEM}.999999", Place(ITEM, 999_999)),
    ],
)
def test_a_cursor_names_a_place(text: str, place: Place) -> None:
    assert place_from(text) == place
    assert place_from(str(place)) == place


@pytest.mark.parametrize(
    "text",
    ["", "x", "item_", ITEM + ".", ITEM + ".0", ITEM + ".01", ITEM + ".1000000", ITEM + ".²"],
)
def test_what_names_no_place(text: str) -> None:
    assert place_from(text) is None


@given(st.text(max_size=12))
def test_whatever_stands_behind_an_id_is_a_version_or_nothing(text: str) -> None:
    place = place_from(f"{ITEM}.{text}")
    assert place is None or str(place) == f"{ITEM}.{text}"


def test_places_sort_as_a_conversation_is_read() -> None:
    places = [Place(ITEM, 2), Place(ITEM, 10), Place(ITEM), Place(LATER, 1), Place(LATER)]
    assert all(before < after for before, after in pairwise(places))
    assert [place.is_whole for place in places] == [False, False, True, False, True]
