"""One DynamoDB table: reads that go on to the last page, writes that say why they were refused.

Retries have two layers. botocore sends a call again that got no response or was throttled. The
writes here run again when another transaction held the row (DynamoDB cancels those itself), for a
bounded time and with full jitter. The remaining failures become ``UnavailableError``.

Any of these attempts may have taken effect although its response was lost. A transaction keeps one
ClientRequestToken through all of them, so that DynamoDB applies it once; a write of one row
recognizes its own result (docs/adr/0088).
"""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, TypeVar

from botocore.exceptions import ClientError

from colloquy.domain.errors import ConflictError, UnavailableError
from colloquy.store.backoff import tries
from colloquy.store.keys import Key
from colloquy.store.refusals import (
    Refusal,
    Write,
    is_conflict,
    is_in_progress,
    is_refusal,
    meaning,
    raise_unless_passing,
    row_of,
    translated,
    was_repeated,
    written_by,
)
from colloquy.store.rows import Row, decode

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

T = TypeVar("T")

BATCH_READ: Final = 100
"""Keys one BatchGetItem may name (DynamoDB's limit)."""
BATCH_WRITE: Final = 25
"""Rows one BatchWriteItem may write or delete (DynamoDB's limit)."""

_PATIENCE_SECONDS: Final = 8.0
"""How long a write goes on against other writers; an API request has 28 seconds in all."""


class Table:
    """The table behind a boto3 client; safe to use from several threads."""

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self._client = client
        self.name = name
        self._pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="table")

    def beside(self, call: Callable[..., T], *args: Any) -> "Future[T]":
        """Start a call in another thread, to run beside the next one."""
        return self._pool.submit(call, *args)

    def get(
        self, key: Key, names: str | None = None, aliases: Mapping[str, str] | None = None
    ) -> Row | None:
        """Return the row at ``key`` as of now, or None; names and aliases as in ``get_many``."""
        shape: Any = _projected(names, aliases)
        with translated():
            reply = self._client.get_item(
                TableName=self.name, Key=key.as_dict(), ConsistentRead=True, **shape
            )
        return decode(reply["Item"]) if "Item" in reply else None

    def get_many(
        self,
        found: Sequence[Key],
        names: str | None = None,
        aliases: Mapping[str, str] | None = None,
    ) -> dict[Key, Row]:
        """Return the rows that exist at these keys, as of now, by key.

        ``names`` lists the attributes to read, PK and SK among them; None reads all. ``aliases``
        are for names that DynamoDB reserves: ``{"#owner": "owner"}``.
        """
        shape: Any = {"ConsistentRead": True, **_projected(names, aliases)}
        rows: dict[Key, Row] = {}
        for start in range(0, len(found), BATCH_READ):
            wanted: Any = [key.as_dict() for key in found[start : start + BATCH_READ]]
            for _ in _tries():
                request: Any = {self.name: {"Keys": wanted, **shape}}
                with translated():
                    reply = self._client.batch_get_item(RequestItems=request)
                for attributes in reply["Responses"].get(self.name, []):
                    row = decode(attributes)
                    rows[Key(row["PK"], row["SK"])] = row
                # DynamoDB leaves keys over when it is busy or the reply would exceed 16 MB.
                left = reply["UnprocessedKeys"].get(self.name)
                wanted = left["Keys"] if left else []
                if not wanted:
                    break
            else:
                raise UnavailableError
        return rows

    def delete_batch(self, found: Sequence[Key]) -> list[Key]:
        """Delete at most ``BATCH_WRITE`` rows by key, in one call, and return those left over.

        No condition can be asked and no old row comes back: for rows whose keys are never used
        again. DynamoDB leaves rows over when it is busy.

        Raises:
            UnavailableError: it was too busy for all of them, or a transaction held one.
        """
        requests: Any = [{"DeleteRequest": {"Key": key.as_dict()}} for key in found]
        try:
            with translated():
                reply = self._client.batch_write_item(RequestItems={self.name: requests})
        except ClientError as error:
            raise (UnavailableError() if is_conflict(error) else error) from error
        left: Any = reply["UnprocessedItems"].get(self.name, [])
        keys = [request["DeleteRequest"]["Key"] for request in left]
        return [Key(key["PK"]["S"], key["SK"]["S"]) for key in keys]

    def put_batch(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Put at most ``BATCH_WRITE`` rows, until DynamoDB leaves none over.

        No condition can be asked: for rows whose keys nobody else writes.

        Raises:
            UnavailableError: DynamoDB kept leaving some over; the same call goes on.
        """
        left: Any = {self.name: [{"PutRequest": {"Item": row}} for row in rows]}
        for _ in _tries():
            with translated():
                left = self._client.batch_write_item(RequestItems=left)["UnprocessedItems"]
            if not left:
                return
        raise UnavailableError

    def query(self, *, widest: int | None = None, **query: Any) -> Iterator[Row]:
        """Yield the rows a Query finds, to the end; ``query_pages`` says how."""
        for page in self.query_pages(widest=widest, **query):
            yield from page

    def query_pages(self, *, widest: int | None = None, **query: Any) -> Iterator[list[Row]]:
        """Yield the pages of a Query until there are none.

        A page may be short, or empty, and not be the last (1 MB, filters): only a missing
        LastEvaluatedKey is the end. With ``widest``, each next page may look at twice as many
        rows, up to that: for queries whose rows may mostly be passed over.
        """
        while True:
            page, following = self.query_page(**query)
            yield page
            if following is None:
                return
            query["ExclusiveStartKey"] = following
            if widest is not None:
                query["Limit"] = min(query["Limit"] * 2, widest)

    def query_page(self, **query: Any) -> tuple[list[Row], dict[str, Any] | None]:
        """Return one page of a Query, and where the next one starts, None behind the last."""
        with translated():
            reply = self._client.query(TableName=self.name, **query)
        page = [decode(attributes) for attributes in reply["Items"]]
        return page, reply.get("LastEvaluatedKey")

    def put_new(self, row: dict[str, Any]) -> None:
        """Write a row whose key was minted for it.

        A row that is there already can only be this one, written by an earlier attempt.

        Raises:
            ConflictError: a transaction held the row for too long.
        """
        for _ in _tries():
            try:
                with translated():
                    self._client.put_item(
                        TableName=self.name,
                        Item=row,
                        ConditionExpression="attribute_not_exists(PK)",
                    )
            except ClientError as error:
                if is_refusal(error):
                    return
                if not is_conflict(error):
                    raise
            else:
                return
        raise _too_busy()

    def update(self, action: Mapping[str, Any], refused: Refusal, stamp: str = "updated_at") -> Row:
        """Update one row and return it as it then is.

        ``stamp`` names an attribute that the update sets to a moment of its own: a row that has
        this very moment was updated by an earlier attempt of the same call, which makes the
        condition fail although the call has succeeded.

        Raises:
            ConflictError: other writers held the row for too long.
        """
        repeated = False
        for _ in _tries():
            try:
                with translated():
                    reply = self._client.update_item(
                        TableName=self.name,
                        ReturnValues="ALL_NEW",
                        ReturnValuesOnConditionCheckFailure="ALL_OLD",
                        **action,
                    )
            except ClientError as error:
                repeated = repeated or was_repeated(error)
                if repeated and (done := written_by(action, row_of(error), stamp)):
                    return done
                if not is_conflict(error):
                    raise meaning(error, refused) from error
            else:
                return decode(reply["Attributes"])
        raise _too_busy()

    def delete(self, action: Mapping[str, Any], refused: Refusal) -> None:
        """Delete one row under a condition.

        A row that is gone when the call was repeated was deleted by an earlier attempt.

        Raises:
            ConflictError: other writers held the row for too long.
        """
        repeated = False
        for _ in _tries():
            try:
                with translated():
                    self._client.delete_item(
                        TableName=self.name, ReturnValuesOnConditionCheckFailure="ALL_OLD", **action
                    )
            except ClientError as error:
                repeated = repeated or was_repeated(error)
                if is_refusal(error) and repeated and row_of(error) is None:
                    return
                if not is_conflict(error):
                    raise meaning(error, refused) from error
            else:
                return
        raise _too_busy()

    def transact(self, writes: Sequence[Write], token: str | None = None) -> None:
        """Do all of the writes or none, once, however often the transaction is sent.

        ``token`` is for callers that call again with the same writes: the same token makes it the
        same transaction for ten minutes. Where several writes are refused, the first one's error
        is raised.

        Raises:
            ConflictError: other writers held one of the rows for too long.
            UnavailableError: an attempt is still in progress, with unknown result.
        """
        actions: Any = [self._named(write.action) for write in writes]
        token = token or new_token()
        in_progress = False
        for _ in _tries():
            try:
                with translated():
                    self._client.transact_write_items(
                        TransactItems=actions, ClientRequestToken=token
                    )
            except ClientError as error:
                in_progress = is_in_progress(error)
                if not in_progress:
                    raise_unless_passing(writes, error)
            else:
                return
        raise UnavailableError if in_progress else _too_busy()

    def _named(self, action: Mapping[str, Any]) -> dict[str, Any]:
        return {
            verb: {
                "TableName": self.name,
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                **words,
            }
            for verb, words in action.items()
        }


def new_token() -> str:
    """Return a token that makes repetitions of one transaction recognizable."""
    return uuid.uuid4().hex


def _projected(names: str | None, aliases: Mapping[str, str] | None) -> dict[str, Any]:
    words: dict[str, Any] = {"ProjectionExpression": names, "ExpressionAttributeNames": aliases}
    return {word: value for word, value in words.items() if value}


def _tries() -> Iterator[None]:
    return tries(time.monotonic() + _PATIENCE_SECONDS)


def _too_busy() -> ConflictError:
    return ConflictError("Others are writing to this all the time. Try again in a moment.")
