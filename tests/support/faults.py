"""A DynamoDB client that fails as AWS does and emulators never do.

The emulator never throttles, leaves items unprocessed or cancels a transaction because another one
holds its row. So it is injected here, in front of a boto3 client and therefore after botocore's own
retries: each failure reaches our code.
"""

import random
import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

_WRITES = {"delete_item", "put_item", "update_item"}


class Killed(BaseException):
    """The process ends here: nothing in our code may catch it."""


class Faulty:
    """Passes calls on to a client, but for a share of them.

    ``rate`` of the calls fail: batches are throttled or come back in part, others are throttled,
    writes also meet a transaction; those named in ``refused`` are throttled always. ``calls`` and
    ``failures`` count by the call's name; ``kill_after`` ends the process in the place of the
    batch write after that many.
    """

    def __init__(self, client: Any, rate: float = 0.0, seed: int = 1) -> None:
        self._client = client
        self._random = random.Random(seed)  # noqa: S311 - the same failures in every run
        self._lock = threading.Lock()
        self.rate = rate
        self.refused: set[str] = set()
        self.kill_after: int | None = None
        self.calls: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def get_item(self, **request: Any) -> Any:
        return self._single("get_item", request)

    def query(self, **request: Any) -> Any:
        return self._single("query", request)

    def put_item(self, **request: Any) -> Any:
        return self._single("put_item", request)

    def update_item(self, **request: Any) -> Any:
        return self._single("update_item", request)

    def delete_item(self, **request: Any) -> Any:
        return self._single("delete_item", request)

    def transact_write_items(self, **request: Any) -> Any:
        if self._fails("transact_write_items"):
            reasons = [{"Code": "None"} for _ in request["TransactItems"]]
            reasons[-1] = {"Code": "TransactionConflict"}
            raise _error(
                "TransactionCanceledException", "TransactWriteItems", CancellationReasons=reasons
            )
        return self._client.transact_write_items(**request)

    def batch_get_item(self, **request: Any) -> Any:
        if "batch_get_item" in self.refused:
            raise _error("ThrottlingException", "BatchGetItem")
        if not self._fails("batch_get_item"):
            return self._client.batch_get_item(**request)
        self._throttle_at_random("BatchGetItem")
        ((table, asked),) = request["RequestItems"].items()
        done, left = self._split(asked["Keys"])
        reply = self._client.batch_get_item(
            RequestItems={table: {**asked, "Keys": done}} if done else {table: asked}
        )
        if done:
            reply["UnprocessedKeys"] = {table: {**asked, "Keys": left}}
        return reply

    def batch_write_item(self, **request: Any) -> Any:
        with self._lock:
            if self.kill_after is not None and self.calls["batch_write_item"] >= self.kill_after:
                raise Killed
        if not self._fails("batch_write_item"):
            return self._client.batch_write_item(**request)
        self._throttle_at_random("BatchWriteItem")
        ((table, asked),) = request["RequestItems"].items()
        done, left = self._split(asked)
        if not done:
            return {"UnprocessedItems": {table: asked}}
        reply = self._client.batch_write_item(RequestItems={table: done})
        reply["UnprocessedItems"] = {table: left}
        return reply

    def _single(self, name: str, request: Mapping[str, Any]) -> Any:
        if self._fails(name):
            operation = "".join(part.title() for part in name.split("_"))
            conflict = name in _WRITES and self._chance(0.5)
            raise _error(
                "TransactionConflictException" if conflict else "ThrottlingException", operation
            )
        return getattr(self._client, name)(**request)

    def _throttle_at_random(self, operation: str) -> None:
        if self._chance(0.5):
            raise _error("ProvisionedThroughputExceededException", operation)

    def _split(self, asked: list[Any]) -> tuple[list[Any], list[Any]]:
        with self._lock:
            cut = self._random.randrange(len(asked))
        return asked[:cut], asked[cut:]

    def _fails(self, name: str) -> bool:
        with self._lock:
            self.calls[name] += 1
        failed = self._chance(self.rate)
        if failed:
            with self._lock:
                self.failures[name] += 1
        return failed

    def _chance(self, rate: float) -> bool:
        with self._lock:
            return self._random.random() < rate


def _error(code: str, operation: str, **more: Any) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": "injected"},
        "ResponseMetadata": {"RetryAttempts": 0},
        **more,
    }
    return ClientError(response, operation)
