"""The table's promises: pages to the end, retries that end, refusals with a reason."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from colloquy.domain.errors import ConflictError, NotFoundError, UnavailableError
from colloquy.store.keys import Key
from colloquy.store.refusals import Write
from colloquy.store.table import Table

KEY = Key("p", "s")
ROW = {"PK": {"S": "p"}, "SK": {"S": "s"}}
WRITE = Write({"Put": {"Item": ROW}}, lambda row: NotFoundError("row" if row else "nothing"))


class Scripted:
    """A client whose calls give the next of the scripted replies, or raise it."""

    def __init__(self, *replies: Any) -> None:
        self.replies = list(replies)
        self.calls: list[dict[str, Any]] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**words: Any) -> Any:
            self.calls.append({"call": name, **words})
            reply = self.replies.pop(0)
            if isinstance(reply, Exception):
                raise reply
            return reply

        return call


def error(code: str, *, retries: int = 0, **more: Any) -> ClientError:
    response = {"Error": {"Code": code}, "ResponseMetadata": {"RetryAttempts": retries}, **more}
    return ClientError(response, "Operation")  # type: ignore[arg-type]


def cancelled(*codes: str, item: Any = None) -> ClientError:
    reasons = [{"Code": code} | ({"Item": item} if item else {}) for code in codes]
    return error("TransactionCanceledException", CancellationReasons=reasons)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let time pass only when the code sleeps, and note for how long it would have."""
    slept: list[float] = []
    now = [0.0]

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += max(seconds, 0.01)

    monkeypatch.setattr("colloquy.store.table.time.sleep", sleep)
    monkeypatch.setattr("colloquy.store.table.time.monotonic", lambda: now[0])
    return slept


def scripted(*replies: Any) -> tuple[Table, Scripted]:
    client = Scripted(*replies)
    return Table(client, "t"), client  # type: ignore[arg-type]


def test_a_query_goes_on_past_short_and_empty_pages() -> None:
    table, client = scripted(
        {"Items": [ROW], "LastEvaluatedKey": {"SK": {"S": "1"}}},
        {"Items": [], "LastEvaluatedKey": {"SK": {"S": "2"}}},
        {"Items": [ROW]},
    )
    assert len(list(table.query(Limit=5))) == 2
    starts = [call.get("ExclusiveStartKey") for call in client.calls]
    assert starts == [None, {"SK": {"S": "1"}}, {"SK": {"S": "2"}}]


def test_a_query_that_passes_rows_over_looks_wider_each_time() -> None:
    more: dict[str, Any] = {"Items": [], "LastEvaluatedKey": {}}
    table, client = scripted(more, more, more, {"Items": []})
    list(table.query(Limit=10, widest=35))
    assert [call["Limit"] for call in client.calls] == [10, 20, 35, 35]


def test_a_transaction_that_met_another_is_tried_again(no_waiting: list[float]) -> None:
    table, client = scripted(
        cancelled("None", "TransactionConflict"), cancelled("ThrottlingError"), {}
    )
    table.transact([WRITE, WRITE])
    assert len(client.calls) == 3
    assert len(no_waiting) == 2


def test_a_transaction_gives_up_on_a_row_others_hold_for_ever(no_waiting: list[float]) -> None:
    table, client = scripted(*[cancelled("TransactionConflict")] * 5_000)
    with pytest.raises(ConflictError):
        table.transact([WRITE])
    assert 10 < len(client.calls) < 2_000
    assert 8 <= sum(max(pause, 0.01) for pause in no_waiting) < 9
    assert max(no_waiting) <= 0.5


def test_the_first_refused_write_says_why_with_the_row_in_its_way() -> None:
    other = Write({"Put": {}}, lambda _: AssertionError("not this one"))
    table, _ = scripted(cancelled("None", "ConditionalCheckFailed", item=ROW))
    with pytest.raises(NotFoundError, match="such row"):
        table.transact([other, WRITE])


def test_a_refusal_counts_more_than_a_conflict_beside_it() -> None:
    table, client = scripted(cancelled("TransactionConflict", "ConditionalCheckFailed"))
    with pytest.raises(NotFoundError, match="such nothing"):
        table.transact([WRITE, WRITE])
    assert len(client.calls) == 1


def test_a_transaction_cancelled_for_good_is_a_bug_and_no_loop() -> None:
    table, client = scripted(cancelled("ValidationError"))
    with pytest.raises(ClientError):
        table.transact([WRITE])
    assert len(client.calls) == 1


def test_an_update_waits_for_a_transaction_that_holds_its_row() -> None:
    table, _ = scripted(error("TransactionConflictException"), {"Attributes": ROW})
    assert table.update({}, WRITE.refused) == {"PK": "p", "SK": "s"}


def test_an_update_whose_first_answer_was_lost_is_done() -> None:
    action = {"ExpressionAttributeValues": {":updated_at": {"S": "now"}}}
    written = ROW | {"updated_at": {"S": "now"}}
    table, _ = scripted(error("ConditionalCheckFailedException", retries=1, Item=written))
    assert table.update(action, WRITE.refused)["updated_at"] == "now"
    other = ROW | {"updated_at": {"S": "before"}}
    for refused in (
        error("ConditionalCheckFailedException", retries=1, Item=other),
        error("ConditionalCheckFailedException", Item=written),
    ):
        table, _ = scripted(refused)
        with pytest.raises(NotFoundError):
            table.update(action, WRITE.refused)


def test_a_new_row_that_is_there_already_was_written_by_a_try_whose_answer_was_lost() -> None:
    table, client = scripted(error("ConditionalCheckFailedException", retries=1))
    table.put_new(ROW)
    assert len(client.calls) == 1


def test_a_deletion_whose_first_answer_was_lost_is_done() -> None:
    table, _ = scripted(error("ConditionalCheckFailedException", retries=1))
    table.delete({}, WRITE.refused)
    table, _ = scripted(error("ConditionalCheckFailedException"))
    with pytest.raises(NotFoundError):
        table.delete({}, WRITE.refused)
    table, _ = scripted(error("ConditionalCheckFailedException", retries=1, Item=ROW))
    with pytest.raises(NotFoundError, match="such row"):
        table.delete({}, WRITE.refused)


def test_keys_a_batch_leaves_over_are_asked_for_again() -> None:
    left = {"t": {"Keys": [KEY.as_dict()]}}
    table, client = scripted(
        {"Responses": {"t": []}, "UnprocessedKeys": left},
        {"Responses": {"t": [ROW]}, "UnprocessedKeys": {}},
    )
    assert list(table.get_many([KEY])) == [KEY]
    assert client.calls[1]["RequestItems"]["t"]["Keys"] == [KEY.as_dict()]


def test_a_batch_read_names_at_most_100_keys() -> None:
    reply: dict[str, Any] = {"Responses": {}, "UnprocessedKeys": {}}
    table, client = scripted(reply, reply, reply)
    table.get_many([Key("p", str(n)) for n in range(250)])
    asked = [len(call["RequestItems"]["t"]["Keys"]) for call in client.calls]
    assert asked == [100, 100, 50]


def test_a_batch_that_stays_unprocessed_ends_as_unavailable() -> None:
    left = {"Responses": {}, "UnprocessedKeys": {"t": {"Keys": [KEY.as_dict()]}}}
    table, _ = scripted(*[left] * 5_000)
    with pytest.raises(UnavailableError):
        table.get_many([KEY])


@pytest.mark.parametrize("code", ["ThrottlingException", "ProvisionedThroughputExceededException"])
def test_throttling_that_outlasts_the_client_is_unavailable(code: str) -> None:
    for call in ("get", "update", "delete", "transact"):
        table, _ = scripted(error(code))
        with pytest.raises(UnavailableError):
            {
                "get": lambda table=table: table.get(KEY),
                "update": lambda table=table: table.update({}, WRITE.refused),
                "delete": lambda table=table: table.delete({}, WRITE.refused),
                "transact": lambda table=table: table.transact([WRITE]),
            }[call]()


def tokens(client: Scripted) -> list[str]:
    return [call["ClientRequestToken"] for call in client.calls]


def test_a_transaction_keeps_one_token_through_all_its_attempts() -> None:
    table, client = scripted(
        error("TransactionInProgressException", retries=2),
        cancelled("TransactionConflict"),
        cancelled("ThrottlingError"),
        {},
        {},
    )

    table.transact([WRITE])
    table.transact([WRITE])

    first, *repeated, second = tokens(client)
    assert repeated == [first] * 3
    assert second != first


def test_a_caller_that_repeats_a_transaction_gives_its_token() -> None:
    table, client = scripted({}, {})

    table.transact([WRITE], "token")
    table.transact([WRITE], "token")

    assert tokens(client) == ["token", "token"]


def test_a_transaction_that_stays_in_progress_has_an_unknown_result() -> None:
    table, client = scripted(*[error("TransactionInProgressException")] * 5_000)

    with pytest.raises(UnavailableError):
        table.transact([WRITE])

    assert len(set(tokens(client))) == 1


def test_a_token_of_another_transaction_is_a_conflict() -> None:
    table, client = scripted(error("IdempotentParameterMismatchException"))

    with pytest.raises(ConflictError):
        table.transact([WRITE])

    assert len(client.calls) == 1


def test_an_update_recognizes_its_own_result_after_a_conflict() -> None:
    action = {"ExpressionAttributeValues": {":updated_at": {"S": "now"}}}
    written = ROW | {"updated_at": {"S": "now"}}
    table, _ = scripted(
        error("TransactionConflictException", retries=1),
        error("ConditionalCheckFailedException", Item=written),
    )

    assert table.update(action, WRITE.refused)["updated_at"] == "now"


def test_an_update_recognizes_its_own_result_by_the_moment_it_names() -> None:
    action = {"ExpressionAttributeValues": {":asked_at": {"S": "now"}}}
    written = ROW | {"asked_at": {"S": "now"}}
    table, _ = scripted(error("ConditionalCheckFailedException", retries=1, Item=written))

    assert table.update(action, WRITE.refused, "asked_at")["asked_at"] == "now"


def test_a_deletion_recognizes_its_own_result_after_a_conflict() -> None:
    table, client = scripted(
        error("TransactionConflictException", retries=1),
        error("ConditionalCheckFailedException"),
    )

    table.delete({}, WRITE.refused)

    assert len(client.calls) == 2


def test_a_new_row_waits_for_a_transaction_that_holds_it() -> None:
    table, client = scripted(error("TransactionConflictException"), {})

    table.put_new(ROW)

    assert len(client.calls) == 2
