"""The runs find bugs: each of these, planted into the product, is caught within a few seeds."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, cast

import pytest

from colloquy.domain.share import Share
from colloquy.store import keys, share_rows
from colloquy.store.keys import Key
from colloquy.store.refusals import Write
from colloquy.store.rows import Row
from colloquy.store.sweep import key_pages
from colloquy.store.table import Table
from tests.faults import conversations, messages, sharing
from tests.faults.network import FaultMix
from tests.faults.run import Asking, run

_MOST_SEEDS: Final = 120
_MIX: Final = FaultMix(rate=0.15, pages=0.4)
_CALM: Final = FaultMix(rate=0.05, pages=0.8)
_LATE: Final = FaultMix(rate=0.3, pages=0.0, late=True)


def _drop_the_condition_of_an_edit(patch: pytest.MonkeyPatch) -> None:
    """Of two who edit at once, one overwrites the other."""
    _reword(patch, "I#0#", "#version = :read", "(#version = :read OR attribute_exists(PK))")
    _reword(patch, "V#item", "attribute_not_exists(PK)", "attribute_not_exists(nothing)")


def _drop_the_order_of_messages(patch: pytest.MonkeyPatch) -> None:
    """A message may get an id before one that is there."""
    _reword(patch, "C#conv", "newest_item < :first", "newest_item <> :first")


def _stop_after_the_first_page(patch: pytest.MonkeyPatch) -> None:
    def one_page(table: Table, *, widest: int | None = None, **query: Any) -> Iterator[list[Row]]:
        del widest
        yield table.query_page(**query)[0]

    patch.setattr(Table, "query_pages", one_page)


def _share_idempotency_keys_among_owners(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(keys, "receipt", lambda _, key: Key(f"K#{key}", keys.RECEIPT))


def _stop_purging_early(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("colloquy.store.erasure.key_pages", lambda *args: iter([next(key_pages(*args))]))


def _send_each_attempt_with_a_new_token(patch: pytest.MonkeyPatch) -> None:
    make = Table.__init__

    class Forgetful:
        """Leaves the token to botocore, which makes one a call."""

        def __init__(self, client: Any) -> None:
            self._client = client

        def __getattr__(self, name: str) -> Any:
            return getattr(self._client, name)

        def transact_write_items(self, **request: Any) -> Any:
            del request["ClientRequestToken"]
            return self._client.transact_write_items(**request)

    def make_forgetful(table: Table, client: Any, name: str) -> None:
        make(table, cast("Any", Forgetful(client)), name)

    patch.setattr(Table, "__init__", make_forgetful)


def _drop_what_came_back_unprocessed(patch: pytest.MonkeyPatch) -> None:
    delete = Table.delete_batch

    def careless(table: Table, found: Sequence[Key]) -> list[Key]:
        delete(table, found)
        return []

    patch.setattr(Table, "delete_batch", careless)


def _begin_a_page_at_its_cursor(patch: pytest.MonkeyPatch) -> None:
    """The last message of a page is the first of the next again."""
    query_page = Table.query_page

    def early(table: Table, **query: Any) -> tuple[list[Row], dict[str, Any] | None]:
        if start := query.get("ExclusiveStartKey"):
            sort = start["SK"]["S"]
            before = sort[:-1] + chr(ord(sort[-1]) - 1)
            query["ExclusiveStartKey"] = {**start, "SK": {"S": before}}
        return query_page(table, **query)

    patch.setattr(Table, "query_page", early)


def _forget_the_cut_of_links(patch: pytest.MonkeyPatch) -> None:
    from_row = share_rows.share_from_row

    def uncut(row: Row, owner_id: str) -> Share:
        return replace(from_row(row, owner_id), up_to=f"item_{'v' * 26}")

    patch.setattr("colloquy.store.snapshots.share_from_row", uncut)


def _count_a_deleted_message_still(patch: pytest.MonkeyPatch) -> None:
    _reword(patch, "C#conv", "item_count :item_count", "forgotten :item_count")


@dataclass(frozen=True)
class Mutant:
    """A bug, the faults that bring it out, and the operations in which it shows."""

    plant: Callable[[pytest.MonkeyPatch], None]
    favoured: Collection[Asking]
    mix: FaultMix = _MIX


MUTANTS: Final = [
    Mutant(_drop_the_condition_of_an_edit, [messages.edit]),
    Mutant(_drop_the_order_of_messages, [messages.append], _CALM),
    Mutant(_stop_after_the_first_page, [messages.page_through]),
    Mutant(
        _share_idempotency_keys_among_owners, [conversations.create, sharing.write_through_link]
    ),
    Mutant(_stop_purging_early, [conversations.delete_many, messages.append], _CALM),
    Mutant(_send_each_attempt_with_a_new_token, [messages.edit, messages.restore], _LATE),
    Mutant(
        _drop_what_came_back_unprocessed,
        [conversations.delete_many, conversations.create],
        FaultMix(rate=0.3),
    ),
    Mutant(_begin_a_page_at_its_cursor, [messages.page_through]),
    Mutant(_forget_the_cut_of_links, [sharing.view]),
    Mutant(_count_a_deleted_message_still, [messages.delete_message]),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.plant.__name__.strip("_"))
def test_a_planted_bug_is_caught(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant.plant(monkeypatch)

    caught = next((seed for seed in range(_MOST_SEEDS) if _violations(seed, mutant)), None)
    monkeypatch.undo()

    assert caught is not None
    assert _violations(caught, mutant) == []


def _violations(seed: int, mutant: Mutant) -> list[str]:
    return run(seed, mutant.mix, mutant.favoured).violations


def _reword(patch: pytest.MonkeyPatch, sort: str, old: str, new: str) -> None:
    """Change an expression in every transaction's writes of rows whose sort key begins so."""
    transact = Table.transact

    def reworded(table: Table, writes: Sequence[Write], token: str | None = None) -> None:
        sent = [replace(write, action=_reworded(write.action, sort, old, new)) for write in writes]
        transact(table, sent, token)

    patch.setattr(Table, "transact", reworded)


def _reworded(
    action: Mapping[str, Any], sort: str, old: str, new: str
) -> dict[str, dict[str, Any]]:
    ((verb, words),) = action.items()
    key = words.get("Key") or words["Item"]
    if not key["SK"]["S"].startswith(sort):
        return {verb: words}
    return {
        verb: {
            name: value.replace(old, new) if name.endswith("Expression") else value
            for name, value in words.items()
        }
    }
