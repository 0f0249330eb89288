"""Keys that are read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colloquy.store import keys

OWNERS = st.text(alphabet="%#235aU", min_size=1, max_size=12) | st.text(min_size=1)


@given(OWNERS)
def test_a_content_partition_gives_back_its_owner_and_conversation(owner: str) -> None:
    assert keys.content_of(keys.content_partition(owner, "conv_1")) == (owner, "conv_1")


@pytest.mark.parametrize("partition", ["U#alice", "U#alice#P#proj_1", "U#alice#K#C#x", "S#share_1"])
def test_no_other_partition_is_taken_for_content(partition: str) -> None:
    assert keys.content_of(partition) is None


@given(OWNERS)
def test_an_owners_row_leads_to_its_link(owner: str) -> None:
    owned = keys.owned_link(owner, "conv_1", "msg_share_x")
    assert keys.link_of(owned) == keys.link("msg_share_x")
    assert owned.sort.startswith(keys.owned_links("conv_1"))
