"""The ids of links: nobody guesses one, and only they name one."""

import pytest

from colloquy.domain.share import digest_of, is_share_id, mint_share_id


def test_ids_are_random_and_of_two_kinds() -> None:
    minted = {mint_share_id(of_message=False) for _ in range(1000)}
    assert len(minted) == 1000
    assert all(is_share_id(each) and each.startswith("share_") for each in minted)
    # 128 bits in all: no character but the last, which has 3 bits of them, is ever the same.
    for place in range(len("share_"), len("share_") + 25):
        assert len({each[place] for each in minted}) == 32
    assert mint_share_id(of_message=True).startswith("msg_share_")


@pytest.mark.parametrize(
    "text",
    [
        *("", "share_", "share_abc123", "share_" + "0" * 25, "share_" + "0" * 27),
        *("share_" + "w" * 26, "share_" + "A" * 26, "msg_" + "0" * 26, "conv_" + "0" * 26),
        "share_" + "0" * 26 + "\n",
    ],
)
def test_anything_else_is_no_id(text: str) -> None:
    assert not is_share_id(text)


def test_the_digest_tells_links_apart_and_opens_none() -> None:
    one, other = mint_share_id(of_message=False), mint_share_id(of_message=False)
    assert digest_of(one) != digest_of(other)
    assert not is_share_id(digest_of(one))
