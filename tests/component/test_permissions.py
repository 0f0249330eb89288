"""The record of permissions sees what a function does, and nothing else."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from local.iam.policies import Grant, Permissions
from tests.component import conftest
from tests.support.client import Client
from tests.support.functions import declared
from tests.support.permissions import Record, record
from tests.support.rows import Rows

Plant = Callable[[Callable[[list[str]], None]], Record]
TABLE = "table/ConversationsTable"


@pytest.fixture
def plant(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> Plant:
    """Change which actions ItemsFunction may do on the table, for one test and its own record."""
    assert rows.all() == []

    def planted(change: Callable[[list[str]], None]) -> Record:
        document: Any = deepcopy(Permissions.of(declared()).document)
        change(document["policies"]["ItemsFunction"][0]["Statement"][0]["Action"])
        held = Record(Permissions(**document))
        monkeypatch.setattr(conftest, "record", lambda: held)
        return held

    return planted


def test_a_missing_permission_fails_the_call_that_needs_it(plant: Plant, alice: Client) -> None:
    held = plant(lambda actions: actions.remove("dynamodb:PutItem"))
    path = f"/v1/conversations/{alice.post('/v1/conversations').body['id']}/items"

    reply = alice.post(path, {"role": "user", "content": "Hi"})

    assert (reply.status, reply.error["code"]) == (500, "internal_error")
    (refusal,) = held.refused
    assert refusal.startswith(f"ItemsFunction may not dynamodb:PutItem on {TABLE}, with keys U#…:")
    assert alice.get(path).body["data"] == []


def test_a_surplus_permission_is_never_used(plant: Plant, alice: Client, rows: Rows) -> None:
    held = plant(lambda actions: actions.append("dynamodb:ConditionCheckItem"))
    path = f"/v1/conversations/{alice.post('/v1/conversations').body['id']}/items"
    assert alice.post(path, {"role": "user", "content": "Hi"}).status == 201
    # The test's own look is not the function's.
    assert len(rows.all()) == 2

    surplus = held.surplus()

    assert Grant("ItemsFunction", 1, f"dynamodb:ConditionCheckItem on {TABLE}") in surplus
    assert Grant("ItemsFunction", 1, f"dynamodb:PutItem on {TABLE}") not in surplus
    assert held.refused == set()


def test_what_runs_beside_a_function_is_the_functions(alice: Client) -> None:
    path = f"/v1/conversations/{alice.post('/v1/conversations').body['id']}/items"

    # A Query, and a read of the header in another thread.
    with record().watching() as used:
        assert alice.get(path).status == 200

    assert {grant.function for grant in used} == {"ItemsFunction"}
    read = {f"dynamodb:GetItem on {TABLE}", f"dynamodb:Query on {TABLE}"}
    assert {grant.what for grant in used} >= read
