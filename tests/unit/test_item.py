"""Items: which of them links never show."""

from typing import Any

import pytest

from colloquy.domain import ids
from colloquy.domain.item import Content, ItemDraft, Role, is_hidden, mint_item_ids
from tests.support import make

TEXT = {"type": "output_text", "text": "Paris."}
CALL = {"type": "tool_use", "id": "call_1", "name": "weather", "input": {}}


@pytest.mark.parametrize(
    ("role", "content", "hidden"),
    [
        ("user", "Hello", False),
        ("assistant", "Hello", False),
        ("system", "Be brief.", True),
        ("developer", "Be brief.", True),
        ("tool", "21 °C", True),
        ("assistant", None, True),
        ("assistant", "", True),
        ("assistant", [], True),
        ("assistant", [CALL, {"type": "thinking", "thinking": "…"}], True),
        ("assistant", [CALL, TEXT], False),
        ("assistant", [{"type": "refusal", "refusal": "No."}], False),
        ("assistant", [{"type": "future_kind"}], False),
        ("user", [{"type": "tool_result", "content": "21 °C"}], False),
    ],
)
def test_hidden_is_what_no_link_shows(role: Role, content: Content | None, *, hidden: bool) -> None:
    assert is_hidden(role, content) is hidden


def test_ids_of_new_messages_tell_which_are_hidden() -> None:
    contents: list[tuple[Role, Any]] = [("user", "Hi"), ("assistant", [CALL]), ("tool", "21 °C")]
    drafts = [ItemDraft(role=role, content=content) for role, content in contents]
    newest = ids.mint(ids.ITEM, make.moment(60))
    minted = mint_item_ids(drafts, make.moment(), after=newest)
    assert [ids.is_hidden(each) for each in minted] == [False, True, True]
    assert [newest, *minted] == sorted([newest, *minted])
