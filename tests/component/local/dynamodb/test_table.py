"""The table's server: what it answers, what it keeps, and what a page costs."""

import json
import os
import random
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local.dynamodb.ordered_reads import OrderedReads
from local.iam.enforcement import permissions_in
from tests.support.functions import ROOT

TABLE: Mapping[str, Any] = {
    "TableName": "Table",
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK", "GSI1PK", "GSI1SK")
    ],
    "KeySchema": [
        {"AttributeName": "PK", "KeyType": "HASH"},
        {"AttributeName": "SK", "KeyType": "RANGE"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "GSI1",
            "KeySchema": [
                {"AttributeName": "GSI1PK", "KeyType": "HASH"},
                {"AttributeName": "GSI1SK", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
    ],
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
}


_START = """
import sys
from local.dynamodb import journal, server
journal._MIN_COMPACTED_BYTES = int(sys.argv[1])
sys.exit(server.main(sys.argv[2:]))
"""


class Server:
    """A process of the table's server, and clients for it."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.journal = data / "table" / "journal.jsonl"
        self.compacted_bytes = 32 * 1024 * 1024
        data.mkdir(exist_ok=True)
        permissions_in(data).write_text('{"policies": {}, "partition_keys": {}}')
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.process = self._spawn()
        self.tables = self.client("dynamodb")
        self.streams = self.client("dynamodbstreams")

    def client(self, service: str) -> Any:
        session: Any = boto3.Session(
            aws_access_key_id="local", aws_secret_access_key="local", region_name="us-east-1"
        )
        port = self._listener.getsockname()[1]
        config = Config(retries={"max_attempts": 0}, read_timeout=20)
        return session.client(service, endpoint_url=f"http://127.0.0.1:{port}", config=config)

    def kill(self) -> None:
        """Kill the process, and start another one on the same socket."""
        self.process.kill()
        self.process.communicate()
        self.process = self._spawn()

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate()
        self.tables.close()
        self.streams.close()
        self._listener.close()

    def _spawn(self) -> "subprocess.Popen[bytes]":
        descriptor = self._listener.fileno()
        return subprocess.Popen(
            [
                sys.executable,
                "-c",
                _START,
                str(self.compacted_bytes),
                str(descriptor),
                str(self.data),
            ],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            pass_fds=[descriptor],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            start_new_session=True,
        )

    def put(self, pk: str, sk: str, **attributes: Any) -> None:
        self.tables.put_item(TableName="Table", Item=row(pk, sk, **attributes))

    def rows(self) -> list[dict[str, Any]]:
        pages = self.tables.get_paginator("scan").paginate(TableName="Table")
        return [item for page in pages for item in page["Items"]]

    def records(self) -> list[dict[str, Any]]:
        arn = self.tables.describe_table(TableName="Table")["Table"]["LatestStreamArn"]
        (shard,) = self.streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        iterator = self.streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        found: list[dict[str, Any]] = []
        while page := self.streams.get_records(ShardIterator=iterator):
            found += page["Records"]
            iterator = page["NextShardIterator"]
            if not page["Records"]:
                return found
        return found


def row(pk: str, sk: str, **attributes: Any) -> dict[str, Any]:
    texts = {name: {"S": value} for name, value in attributes.items() if isinstance(value, str)}
    return {"PK": {"S": pk}, "SK": {"S": sk}, **attributes, **texts}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path / "data")
    running.tables.create_table(**TABLE)
    yield running
    running.stop()


def test_a_kill_keeps_rows_streams_and_definitions(server: Server) -> None:
    server.tables.update_time_to_live(
        TableName="Table",
        TimeToLiveSpecification={"AttributeName": "expires_at", "Enabled": True},
    )
    server.put("a", "1", text="first")
    server.put("a", "1", text="second")
    server.put("a", "2", GSI1PK="x", GSI1SK="y")
    server.tables.update_item(
        TableName="Table",
        Key=row("a", "2"),
        UpdateExpression="SET n = :n",
        ExpressionAttributeValues={":n": {"N": "1"}},
    )
    server.tables.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": "Table", "Item": row("b", "1")}},
            {"Delete": {"TableName": "Table", "Key": row("a", "1")}},
        ]
    )
    server.tables.batch_write_item(
        RequestItems={"Table": [{"PutRequest": {"Item": row("c", "1")}}]}
    )
    rows, records = server.rows(), server.records()

    server.kill()

    assert server.rows() == rows
    assert server.records() == records
    assert len(records) == 7
    assert records[1]["dynamodb"]["OldImage"]["text"] == {"S": "first"}
    setting = server.tables.describe_time_to_live(TableName="Table")["TimeToLiveDescription"]
    assert setting == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}
    found = server.tables.query(
        TableName="Table",
        IndexName="GSI1",
        KeyConditionExpression="GSI1PK = :x",
        ExpressionAttributeValues={":x": {"S": "x"}},
    )
    assert [item["SK"]["S"] for item in found["Items"]] == ["2"]


def test_kills_during_compactions_lose_no_acknowledged_write(server: Server) -> None:
    # Compacted all the time: a kill finds it in each of its steps.
    server.compacted_bytes = 1
    server.kill()
    compactions = 0
    written: dict[str, str] = {}
    generator, inode = random.Random(7), 0  # noqa: S311 (it chooses test data)
    for round_number in range(5):
        deadline = time.monotonic() + generator.uniform(0.2, 0.8)
        while time.monotonic() < deadline:
            key = str(generator.randrange(40))
            text = f"{round_number}-{generator.random()}" + "x" * 4_000
            server.put("a", key, text=text)
            written[key] = text
            inode, before = server.journal.stat().st_ino, inode
            compactions += inode != before
        server.kill()
        assert {item["SK"]["S"]: item["text"]["S"] for item in server.rows()} == written
    assert compactions > 5


def test_records_that_every_mapping_has_processed_leave_the_journal(server: Server) -> None:
    server.compacted_bytes = 50_000
    server.kill()
    for number in range(10):
        server.put("a", str(number))
    arn = server.tables.describe_table(TableName="Table")["Table"]["LatestStreamArn"]
    numbers = [record["dynamodb"]["SequenceNumber"] for record in server.records()]
    positions = server.data / "streams" / "f.json"
    positions.parent.mkdir()
    positions.write_text(json.dumps({"stream": arn, "shards": {"s": numbers[7]}}))
    inode = server.journal.stat().st_ino

    while server.journal.stat().st_ino == inode:
        server.put("b", "x", text="x" * 10_000)
    server.kill()

    kept = [record["dynamodb"]["SequenceNumber"] for record in server.records()]
    assert kept[:3] == numbers[7:]
    with pytest.raises(server.streams.exceptions.TrimmedDataAccessException):
        server.streams.get_shard_iterator(
            StreamArn=arn,
            ShardId="shardId-00000000000000000000-00000000",
            ShardIteratorType="AFTER_SEQUENCE_NUMBER",
            SequenceNumber=numbers[0],
        )


def test_expired_items_are_deleted_by_dynamodb(server: Server) -> None:
    server.put("a", "1", expires_at={"N": str(int(time.time()) - 10)})
    server.tables.update_time_to_live(
        TableName="Table",
        TimeToLiveSpecification={"AttributeName": "expires_at", "Enabled": True},
    )
    server.put("a", "2", expires_at={"N": str(int(time.time()) - 10)})
    server.put("a", "3", expires_at={"N": str(int(time.time()) + 1_000)})
    server.put("a", "4", expires_at={"N": "1"})
    server.put("a", "5", expires_at="soon")

    deadline = time.monotonic() + 10
    while len(server.rows()) > 3 and time.monotonic() < deadline:
        time.sleep(0.1)

    assert [item["SK"]["S"] for item in server.rows()] == ["3", "4", "5"]
    removed = [each for each in server.records() if each["eventName"] == "REMOVE"]
    assert [each["userIdentity"]["PrincipalId"] for each in removed] == 2 * [
        "dynamodb.amazonaws.com"
    ]


def test_operations_that_are_not_kept_are_rejected(server: Server) -> None:
    with pytest.raises(ClientError, match="ExecuteStatement is not served"):
        server.tables.execute_statement(Statement="SELECT * FROM Table")


def test_a_full_page_of_1_mb_names_where_to_continue(server: Server) -> None:
    for number in range(30):
        server.put("a", f"{number:02}", text="x" * 50_000)
    request = {
        "TableName": "Table",
        "KeyConditionExpression": "PK = :a",
        "ExpressionAttributeValues": {":a": {"S": "a"}},
    }

    first = server.tables.query(**request)
    second = server.tables.query(**request, ExclusiveStartKey=first["LastEvaluatedKey"])

    assert (first["Count"], second["Count"]) == (20, 10)
    assert "LastEvaluatedKey" not in second


def test_a_page_costs_the_same_in_a_long_partition(server: Server) -> None:
    for partition, length in (("short", 20), ("long", 5_000)):
        for start in range(0, length, 25):
            items = [row(partition, f"M#{start + n:06}") for n in range(25) if start + n < length]
            requests = [{"PutRequest": {"Item": item}} for item in items]
            server.tables.batch_write_item(RequestItems={"Table": requests})

    def seconds(partition: str) -> float:
        times = []
        for _ in range(30):
            started = time.perf_counter()
            server.tables.query(
                TableName="Table",
                KeyConditionExpression="PK = :p AND begins_with(SK, :m)",
                ExpressionAttributeValues={":p": {"S": partition}, ":m": {"S": "M#"}},
                ScanIndexForward=False,
                Limit=20,
            )
            times.append(time.perf_counter() - started)
        return min(times)

    assert seconds("long") < 2 * seconds("short")


Read = Callable[[dict[str, Any]], Any]


@pytest.fixture(scope="module")
def compared() -> Iterator[tuple[Any, Callable[[str, dict[str, Any]], tuple[Any, Any]]]]:
    """ministack with ordered reads, and a function that returns both responses to a read."""
    # Imported late: ministack starts a thread when it is imported.
    dynamodb: Any = import_module("ministack.services.dynamodb")
    request_scope = import_module("ministack.core.responses").request_scope
    originals: dict[str, Read] = {"_query": dynamodb._query, "_scan": dynamodb._scan}
    # Other tests of this process use the same module as their table.
    before = dict(vars(dynamodb))
    OrderedReads(dynamodb)
    # Small items fill a page, then.
    dynamodb._DDB_PAGE_SIZE_BYTES = 4_000

    def both(operation: str, request: dict[str, Any]) -> tuple[Any, Any]:
        replies = [
            read(json.loads(json.dumps(request)))
            for read in (originals[operation], getattr(dynamodb, operation))
        ]
        ours, theirs = [(status, json.loads(body)) for status, _, body in replies]
        return ours, theirs

    with request_scope("000000000000", "us-east-1"):
        dynamodb._create_table(json.loads(json.dumps(TABLE)))
        yield dynamodb, both
    vars(dynamodb).update(before)
    dynamodb.reset()


def requests(generator: random.Random) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield reads of all kinds, some of them invalid."""

    def text() -> dict[str, str]:
        return {"S": "".join(generator.choices("ab#é\U0001f600", k=generator.randrange(4)))}

    conditions = [
        *("", " AND begins_with(#s, :low)", " AND #s BETWEEN :low AND :high", " AND #s = :low"),
        *(
            " AND #s < :low",
            " AND #s <= :low",
            " AND #s > :low",
            " AND #s >= :low",
            " OR #s = :low",
        ),
    ]
    for _ in range(300):
        index = generator.random() < 0.3
        names = ("GSI1PK", "GSI1SK") if index else ("PK", "SK")
        condition = generator.choice(conditions)
        values = {":p": {"S": generator.choice("xy")}}
        values |= {word: text() for word in (":low", ":high") if word in condition}
        query: dict[str, Any] = {
            "KeyConditionExpression": f"{names[0]} = :p{condition}",
            "ExpressionAttributeValues": values,
        }
        if condition:
            query["ExpressionAttributeNames"] = {"#s": names[1]}
        if index:
            query["IndexName"] = "GSI1"
        query["ScanIndexForward"] = generator.random() < 0.5
        common: dict[str, Any] = {"TableName": "Table"}
        if generator.random() < 0.6:
            common["Limit"] = generator.choice([0, 1, 2, 3, 5, 50])
        if generator.random() < 0.4:
            start = {name: text() for name in ("PK", "SK", *(names if index else ()))}
            start[names[0]] = {"S": generator.choice("xy")}
            common["ExclusiveStartKey"] = start
        if generator.random() < 0.3:
            common["ReturnConsumedCapacity"] = "TOTAL"
        yield "_query", {**common, **query}
        segment = generator.randrange(3)
        yield "_scan", {**common, "Segment": segment, "TotalSegments": 3}
        yield "_scan", common


def test_pages_are_those_of_ministacks_own_reads(compared: Any) -> None:
    dynamodb, both = compared
    generator = random.Random(11)  # noqa: S311 (it chooses test data)
    table = dynamodb._tables["Table"]
    for _ in range(120):
        pk, sk = generator.choice("xyz"), "".join(generator.choices("ab#é\U0001f600", k=3))
        item = row(pk, sk, size="x" * generator.choice([1, 900]))
        if generator.random() < 0.6:
            item |= {"GSI1PK": {"S": generator.choice("xy")}, "GSI1SK": {"S": sk[:1]}}
        dynamodb._set_item(table, pk, sk, item)
        if generator.random() < 0.2:
            dynamodb._remove_item(table, pk, sk)

    pages = 0
    for operation, request in requests(generator):
        theirs, ours = both(operation, request)
        assert ours == theirs, (operation, request)
        pages += theirs[0] == 200 and bool(theirs[1].get("LastEvaluatedKey"))
    assert pages > 100


def test_a_server_that_cannot_write_its_journal_acknowledges_nothing(server: Server) -> None:
    server.put("a", "1")
    limit = server.journal.stat().st_size + 100
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (limit, limit))

    with pytest.raises(BotoCoreError):
        server.put("a", "2", text="x" * 1_000)

    server.process.wait(5)
    server.kill()
    assert [item["SK"]["S"] for item in server.rows()] == ["1"]
