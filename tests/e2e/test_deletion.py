"""Deletion over HTTP, against the whole stand-in, counted in the table itself."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.dynamodb.endpoint import emulator_endpoint
from tests.support import server as support
from tests.support.permissions import record
from tests.support.rows import Rows

ROOT = Path(__file__).parents[2]
MANY = 30_000
"""Messages: more than one slice of purge erases, which the local table does in 3 s for 10,000."""
MESSAGE = {"role": "user", "content": "x" * 500}

pytestmark = pytest.mark.timeout(600)


class Api:
    """The API with its table in reach, and the tool that proves deletions."""

    url: str
    rows: Rows
    environment: Mapping[str, str]
    """What finds the issuer's key and the table."""

    def client(self, user: str) -> httpx.Client:
        made = self._run("local.commands.token", user)
        return httpx.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {made.stdout.strip()}"},
            timeout=30,
        )

    def verify(self) -> "subprocess.CompletedProcess[str]":
        options = ("--grace", "1", "--read-units", "100000")
        return self._run("tools.operations.verify_erasure", *options)

    def _run(self, module: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )


class Deployed(Api):
    """What is deployed, emptied: what other tests have left would look like ours."""

    def __init__(self, api: support.Api) -> None:
        self.url = api.url
        self.rows = Rows.deployed()
        self.environment = {**os.environ, "TABLE": self.rows.name}
        self.rows.clear()


class Server(Api):
    """``python -m local`` on a data directory of its own."""

    def __init__(self, data: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.data = data
        self.environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            "PORT": str(port),
            "DATA": str(data),
        }
        with (data / "output").open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "local"],
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=output,
            )
        wait_for(self._answers, 60)
        url = (data / "dynamodb.url").read_text()
        self.rows = Rows(emulator_endpoint(url).client("dynamodb"), "ConversationsTable")

    def processes(self, word: str) -> list[int]:
        """Return our processes whose command line and environment hold a word."""
        found = []
        for each in Path("/proc").iterdir():
            with suppress(OSError):
                said = (each / "cmdline").read_bytes() + (each / "environ").read_bytes()
                if each.name.isdecimal() and word.encode() in said and self._is_ours(said, each):
                    found.append(int(each.name))
        return found

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)
        record().add(self.data)

    def _is_ours(self, said: bytes, process: Path) -> bool:
        return str(self.data).encode() in said and int(process.name) != self.process.pid

    def _answers(self) -> bool:
        with suppress(httpx.HTTPError):
            return httpx.get(f"{self.url}/healthz").status_code == 200
        return False


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("data"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def api(request: pytest.FixtureRequest) -> Api:
    deployed = support.Api.deployed()
    return Deployed(deployed) if deployed else request.getfixturevalue("server")


@pytest.fixture
def alice(api: Api) -> Iterator[httpx.Client]:
    """Return alice's client; a conversation of bob's must be whole when the test is over."""
    with api.client("alice") as client, api.client("bob") as bob:
        assert client.delete("/v1/conversations").status_code == 200
        create(bob, 20)
        before = of_owner(api, "bob")
        yield client
        assert of_owner(api, "bob") == before
        assert rows_but(api, "bob") == []
        verified = api.verify()
        assert verified.returncode == 0, verified.stdout + verified.stderr


def create(client: httpx.Client, messages: int) -> str:
    first = min(messages, 20)
    reply = client.post("/v1/conversations", json={"items": [MESSAGE] * first})
    assert reply.status_code == 201, reply.text
    conversation_id: str = reply.json()["id"]
    for start in range(first, messages, 20):
        body = {"items": [MESSAGE] * min(20, messages - start)}
        assert client.post(f"/v1/conversations/{conversation_id}/items", json=body).is_success
    return conversation_id


def fill(api: Api, owner: str, conversation_id: str, messages: int) -> int:
    """Write a long conversation's rows as the stores would: messages, versions, references, links.

    The header's count is left as it is: deleting does not read it.
    """
    partition = f"U#{owner}#C#{conversation_id}"
    rows = [(partition, f"I#0#item_{n:026}") for n in range(messages)]
    rows += [(partition, f"V#item_{n:026}#000001") for n in range(messages // 5)]
    rows += [(partition, f"R#{n:064}#item_{n:026}") for n in range(messages // 10)]
    requests = [put(*row, type="planted", content="x" * 400) for row in rows]
    for n in range(30):
        facts = {
            "owner": owner,
            "conversation_id": conversation_id,
            "share_id": f"share_{conversation_id}_{n}",
        }
        requests += [
            put(f"S#{facts['share_id']}", "S", type="share", **facts),
            put(f"U#{owner}", f"S#{conversation_id}#{facts['share_id']}", type="share_ref"),
        ]
    for start in range(0, len(requests), 25):
        batch = {api.rows.name: requests[start : start + 25]}
        assert not api.rows.client.batch_write_item(RequestItems=batch)["UnprocessedItems"]  # type: ignore[arg-type]
    return len(requests)


def put(partition: str, sort: str, **attributes: str) -> dict[str, Any]:
    row = {"PK": partition, "SK": sort, **attributes}
    return {"PutRequest": {"Item": {name: {"S": value} for name, value in row.items()}}}


def of_owner(api: Api, owner: str) -> list[dict[str, Any]]:
    mine = [row for row in api.rows.all() if f"{row['PK']}#".startswith(f"U#{owner}#")]
    return sorted(mine, key=lambda row: (row["PK"], row["SK"]))


def rows_but(api: Api, owner: str) -> list[dict[str, Any]]:
    return [row for row in api.rows.all() if not f"{row['PK']}#".startswith(f"U#{owner}#")]


def wait_for(condition: Callable[[], bool], seconds: float) -> float:
    """Return after how many seconds the condition held."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < seconds, "it never came to that"
        time.sleep(0.01)
    return time.monotonic() - start


def report(text: str) -> None:
    """Say what was measured; ``pytest -s`` shows it."""
    sys.stdout.write(f"{text}\n")


def kill(server: Server, word: str, conversation_id: str, message: int) -> None:
    """End processes at once when a message has gone: messages go in the order of their keys."""
    wait_for(lambda: not has_message(server, conversation_id, message), 120)
    last = has_message(server, conversation_id, MANY - 1)
    assert last, "it was too quick to be killed on its way"
    victims = server.processes(word)
    for victim in victims:
        os.kill(victim, signal.SIGKILL)
    assert victims


def has_message(api: Api, conversation_id: str, number: int) -> bool:
    key = {
        "PK": {"S": f"U#alice#C#{conversation_id}"},
        "SK": {"S": f"I#0#item_{number:026}"},
    }
    return "Item" in api.rows.client.get_item(TableName=api.rows.name, Key=key)


def shown(server: Server) -> str:
    """Return what the run has printed."""
    return (server.data / "output").read_text("utf-8")


def gone(api: Api, conversation_id: str) -> bool:
    query: Any = {
        "KeyConditionExpression": "PK = :pk",
        "ExpressionAttributeValues": {":pk": {"S": f"U#alice#C#{conversation_id}"}},
        "Select": "COUNT",
    }
    return api.rows.client.query(TableName=api.rows.name, **query)["Count"] == 0


def test_a_hundred_conversations_of_fifty_messages_go_in_one_call(
    api: Api, alice: httpx.Client
) -> None:
    with ThreadPoolExecutor(4) as pool:
        ids = list(pool.map(lambda _: create(alice, 50), range(100)))
    assert len(of_owner(api, "alice")) == 100 * 51

    start = time.monotonic()
    reply = alice.post("/v1/conversations/bulk-delete", json={"conversation_ids": ids})
    answered = time.monotonic() - start

    assert reply.json() == {"deleted_count": 100, "failed_count": 0, "failed_ids": []}
    assert alice.get("/v1/conversations").json()["data"] == []
    erased = wait_for(lambda: rows_but(api, "bob") == [], 60)
    report(f"100 x 50: answered in {answered:.2f} s, 5,000 rows erased {erased:.1f} s later")


@pytest.mark.timeout(300)
@pytest.mark.local_only("it kills processes of make run")
def test_thirty_thousand_messages_go_through_kills_and_small_ones_do_not_wait(
    server: Server, alice: httpx.Client
) -> None:
    big, kept = create(alice, 1), create(alice, 1)
    count = fill(server, "alice", big, MANY)
    assert alice.delete(f"/v1/conversations/{big}").status_code == 204
    assert alice.get(f"/v1/conversations/{big}").status_code == 404
    start = time.monotonic()

    kill(server, "PurgeFunction", big, 500)
    small = create(alice, 3)
    assert alice.delete(f"/v1/conversations/{small}").status_code == 204
    wait_for(lambda: gone(server, small), 60)
    report(f"a small one was erased {time.monotonic() - start:.1f} s after the big one's deletion")
    assert has_message(server, big, MANY - 1), "the small one came after the big one"
    kill(server, "local.dynamodb.server", big, 12_000)
    kill(server, "PurgeFunction", big, 18_000)
    kill(server, "local.dynamodb.server", big, 24_000)
    wait_for(lambda: gone(server, big), 120)
    wait_for(lambda: f'"conversation erased", "conversation_id": "{big}"' in shown(server), 5)
    report(f"{count:,} rows erased in {time.monotonic() - start:.1f} s, killed four times")

    assert alice.get(f"/v1/conversations/{kept}").status_code == 200
    assert alice.delete(f"/v1/conversations/{kept}").status_code == 204
    wait_for(lambda: rows_but(server, "bob") == [], 60)


def test_all_of_a_thousand_go(api: Api, alice: httpx.Client) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: create(alice, 1), range(1_000)))

    start = time.monotonic()
    reply = alice.delete("/v1/conversations")
    answered = time.monotonic() - start

    expected = {"object": "conversations.deleted", "deleted": True, "deleted_count": 1_000}
    assert reply.json() == expected
    erased = wait_for(lambda: rows_but(api, "bob") == [], 120)
    report(f"1,000 conversations: answered in {answered:.2f} s, erased {erased:.1f} s later")


def test_sixteen_who_write_into_it_leave_nothing_behind(api: Api, alice: httpx.Client) -> None:
    doomed = create(alice, 20)
    path = f"/v1/conversations/{doomed}/items"

    def append(_: int) -> tuple[int, set[int]]:
        written, refused = 0, set()
        for _ in range(40):
            reply = alice.post(path, json={**MESSAGE, "call_id": "c"})
            if reply.status_code == 201:
                written += 1
            else:
                refused.add(reply.status_code)
                if reply.status_code == 404:
                    break
        return written, refused

    with ThreadPoolExecutor(17) as pool:
        appending = [pool.submit(append, number) for number in range(16)]
        time.sleep(1)
        assert alice.delete(f"/v1/conversations/{doomed}").status_code == 204
        results = [each.result() for each in appending]

    assert sum(written for written, _ in results) > 0
    assert any(404 in refused for _, refused in results)
    assert {status for _, refused in results for status in refused} <= {404, 409}
    wait_for(lambda: rows_but(api, "bob") == [], 60)
    time.sleep(2)
    assert rows_but(api, "bob") == []
