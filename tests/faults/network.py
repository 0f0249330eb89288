"""The network between the product and DynamoDB, which fails as AWS does and emulators never do.

Faults are injected below botocore's retries, so that its own and the product's both are at work.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from tests.faults.clock import Clock
from tests.faults.schedule import Scheduler
from tests.support.in_process import response

ROUND_TRIP_SECONDS: Final = 0.003
TIMEOUT_SECONDS: Final = 2.5
"""How long a client waits for an answer that does not come (see wiring)."""

_TRANSACTION: Final = "TransactWriteItems"
_BATCHES: Final = frozenset({"BatchWriteItem", "BatchGetItem"})
_WRITES: Final = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", _TRANSACTION})
_BUSY: Final = (
    ("ThrottlingException", 400),
    ("ProvisionedThroughputExceededException", 400),
    ("RequestLimitExceeded", 400),
    ("InternalServerError", 500),
    ("ServiceUnavailable", 503),
)
_CANCELLED: Final = ("TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded")
_MOST_EMPTY_PAGES: Final = 3


@dataclass(frozen=True)
class FaultMix:
    """How often what goes wrong in a run.

    ``rate`` is the share of requests that fail, ``pages`` that of the queries whose pages are
    short or empty. ``skew`` is by how many seconds a client's clock may be wrong. With ``late``,
    a write that timed out may be carried out when its caller has long gone on.
    """

    rate: float = 0.12
    pages: float = 0.25
    skew: float = 0.0
    late: bool = False

    @classmethod
    def drawn(cls, random: Random) -> "FaultMix":
        """Return a mix that the seed gives."""
        return cls(
            rate=random.choice([0.0, 0.05, 0.12, 0.12, 0.25]),
            pages=random.choice([0.0, 0.25, 0.5]),
            skew=random.choice([0.0, 0.0, 0.0, 5.0, 300.0]),
            late=random.random() < 0.3,
        )


class Network:
    """Passes requests on to DynamoDB, but for those that it fails."""

    def __init__(
        self,
        mix: FaultMix,
        random: Random,
        clock: Clock,
        scheduler: Scheduler,
        note: Callable[[str], None],
    ) -> None:
        self._mix = mix
        self._random = random
        self._clock = clock
        self._scheduler = scheduler
        self._note = note
        self._late: list[AWSPreparedRequest] = []
        self._applied: set[str] = set()
        self._empty_pages = 0
        self.serve: Callable[[AWSPreparedRequest], AWSResponse]
        self.is_faulty = False
        self.requests = 0
        self.faults: Counter[str] = Counter()

    def send(self, request: AWSPreparedRequest, operation: str) -> AWSResponse:
        """Answer a request of the product."""
        self.requests += 1
        self._clock.seconds += ROUND_TRIP_SECONDS
        self._scheduler.point()
        if not self.is_faulty or self._scheduler.current is None:
            return self.serve(request)
        if self._late and self._random.random() < 0.3:
            self._arrive(self._late.pop(self._random.randrange(len(self._late))))
        if self._is_under_way(request) and self._random.random() < 0.8:
            return self._meet_itself(request)
        if self._random.random() < self._mix.rate:
            return self._fail(request, operation)
        if operation == "Query" and self._random.random() < self._mix.pages:
            return self._shorten(request)
        return self._pass_on(request)

    def settle(self) -> None:
        """Let what is still on its way arrive, and fail nothing from here on."""
        self.is_faulty = False
        while self._late:
            self._arrive(self._late.pop(0))

    def _arrive(self, request: AWSPreparedRequest) -> None:
        self._note("a write arrives late")
        self._pass_on(request)

    def _is_under_way(self, request: AWSPreparedRequest) -> bool:
        """Say whether an earlier attempt of the same transaction has not arrived yet."""
        token = _token_of(request)
        return token is not None and token in map(_token_of, self._late)

    def _meet_itself(self, request: AWSPreparedRequest) -> AWSResponse:
        self.faults["meets itself"] += 1
        self._note("a transaction meets its earlier attempt")
        if self._random.random() < 0.5:
            return _refuse(request, "TransactionInProgressException", 400)
        return self._cancel(request)

    def _pass_on(self, request: AWSPreparedRequest) -> AWSResponse:
        answer = self.serve(request)
        if answer.status_code == 200 and (token := _token_of(request)):
            self._applied.add(token)
        return answer

    def _fail(self, request: AWSPreparedRequest, operation: str) -> AWSResponse:
        kinds: dict[str, tuple[int, Callable[[], AWSResponse]]] = {
            "busy": (3, lambda: _refuse(request, *self._random.choice(_BUSY))),
            "timeout before": (1, lambda: self._time_out(request)),
            "timeout after": (1, lambda: self._apply_and_time_out(request)),
            "reset": (1, lambda: self._reset(request)),
            "killed before": (1, lambda: self._kill(request)),
            "killed after": (1, lambda: self._apply_and_kill(request)),
        }
        if operation == _TRANSACTION and _token_of(request) not in self._applied:
            kinds["cancelled"] = (3, lambda: self._cancel(request))
            kinds["in progress"] = (
                1,
                lambda: _refuse(request, "TransactionInProgressException", 400),
            )
        if operation in {"UpdateItem", "DeleteItem", "PutItem"}:
            kinds["conflict"] = (2, lambda: _refuse(request, "TransactionConflictException", 400))
        if operation in _BATCHES:
            kinds["in part"] = (5, lambda: self._do_part(request, operation))
        if operation in _WRITES and self._mix.late:
            kinds["late"] = (4, lambda: self._hold(request))
        weights = [weight for weight, _ in kinds.values()]
        (kind,) = self._random.choices(list(kinds), weights)
        self.faults[kind] += 1
        self._note(f"{kind}: {operation}")
        return kinds[kind][1]()

    def _time_out(self, request: AWSPreparedRequest) -> AWSResponse:
        self._clock.seconds += TIMEOUT_SECONDS
        self._scheduler.point()
        raise ReadTimeoutError(endpoint_url=request.url)

    def _apply_and_time_out(self, request: AWSPreparedRequest) -> AWSResponse:
        self._pass_on(request)
        return self._time_out(request)

    def _hold(self, request: AWSPreparedRequest) -> AWSResponse:
        self._late.append(request)
        return self._time_out(request)

    def _reset(self, request: AWSPreparedRequest) -> AWSResponse:
        raise ConnectionClosedError(endpoint_url=request.url)

    def _kill(self, _: AWSPreparedRequest) -> AWSResponse:
        self._scheduler.kill()
        raise AssertionError("it was killed")

    def _apply_and_kill(self, request: AWSPreparedRequest) -> AWSResponse:
        self._pass_on(request)
        return self._kill(request)

    def _cancel(self, request: AWSPreparedRequest) -> AWSResponse:
        reasons = [{"Code": "None"} for _ in _body_of(request)["TransactItems"]]
        reasons[self._random.randrange(len(reasons))] = {
            "Code": self._random.choice(_CANCELLED),
            "Message": "injected",
        }
        code = "TransactionCanceledException"
        return _refuse(request, code, 400, CancellationReasons=reasons)

    def _do_part(self, request: AWSPreparedRequest, operation: str) -> AWSResponse:
        body = _body_of(request)
        ((table, wanted),) = body["RequestItems"].items()
        is_read = operation == "BatchGetItem"
        many: list[Any] = list(wanted["Keys"] if is_read else wanted)
        self._random.shuffle(many)
        cut = self._random.randrange(len(many))

        def of(some: Sequence[Any]) -> Mapping[str, Any]:
            return {table: {**wanted, "Keys": some} if is_read else some}

        answer: dict[str, Any] = {"Responses": {table: []}} if is_read else {}
        if cut:
            _rewrite(request, {**body, "RequestItems": of(many[:cut])})
            answer = json.loads(self._pass_on(request).content)
        answer["UnprocessedKeys" if is_read else "UnprocessedItems"] = of(many[cut:])
        return response(request, 200, json.dumps(answer))

    def _shorten(self, request: AWSPreparedRequest) -> AWSResponse:
        """End a page early, or before its first row, as a filter or 1 MB of rows does."""
        query = _body_of(request)
        start = query.get("ExclusiveStartKey")
        if start and self._empty_pages < _MOST_EMPTY_PAGES and self._random.random() < 0.3:
            self._empty_pages += 1
            self.faults["empty page"] += 1
            page = {"Items": [], "Count": 0, "ScannedCount": 0, "LastEvaluatedKey": start}
            return response(request, 200, json.dumps(page))
        self._empty_pages = 0
        self.faults["short page"] += 1
        limit = min(query.get("Limit", 99), self._random.randint(1, 3))
        _rewrite(request, {**query, "Limit": limit})
        return self._pass_on(request)


def _body_of(request: AWSPreparedRequest) -> dict[str, Any]:
    sent: Any = request.body
    body: dict[str, Any] = json.loads(sent)
    return body


def _rewrite(request: AWSPreparedRequest, body: Mapping[str, Any]) -> None:
    request.body = json.dumps(body).encode()


def _token_of(request: AWSPreparedRequest) -> str | None:
    target: Any = request.headers["X-Amz-Target"]
    if not target.endswith(_TRANSACTION.encode()):
        return None
    token: str | None = _body_of(request).get("ClientRequestToken")
    return token


def _refuse(request: AWSPreparedRequest, code: str, status: int, **more: Any) -> AWSResponse:
    error = {
        "__type": f"com.amazonaws.dynamodb.v20120810#{code}",
        "message": "injected",
        "Message": "injected",
        **more,
    }
    return response(request, status, json.dumps(error))
