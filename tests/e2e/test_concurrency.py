"""Many at once: writers on one conversation, readers of pages, and processes that die."""

import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.support.server import Server

SignIn = Callable[[str], httpx.Client]


def every_page(client: httpx.Client, path: str, **query: Any) -> Iterator[dict[str, Any]]:
    """Yield the entries of all pages of a list."""
    after: dict[str, str] = {}
    while True:
        page = client.get(path, params={**query, **after}).json()
        yield from page["data"]
        if page["next_after"] is None:
            return
        after = {"after": page["next_after"]}


@contextmanager
def meanwhile(work: Callable[[], None]) -> Iterator[None]:
    """Do something again and again beside what happens inside."""
    stop = threading.Event()

    def again() -> None:
        while not stop.is_set():
            work()

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(again)
        try:
            yield
        finally:
            stop.set()
            running.result()


def test_sixteen_writers_at_once_lose_nothing_and_count_exactly(alice: httpx.Client) -> None:
    conversation = alice.post("/v1/conversations", json={}).json()["id"]
    path = f"/v1/conversations/{conversation}"

    def write(writer: int) -> list[str]:
        written = []
        for n in range(10):
            body = {"role": "user", "content": f"{writer}.{n}"}
            reply = alice.post(f"{path}/items", json=body)
            assert reply.status_code == 201, reply.text
            written.append(reply.json()["id"])
        return written

    with ThreadPoolExecutor(16) as pool:
        by_writer = list(pool.map(write, range(16)))

    read = [item["id"] for item in every_page(alice, f"{path}/items", order="asc", limit=50)]
    assert sorted(read) == read
    assert Counter(read) == Counter(item for written in by_writer for item in written)
    # A message whose 201 came before another's request was sent stands before it.
    assert all(written == sorted(written) for written in by_writer)
    assert alice.get(path).json()["item_count"] == 160


def test_a_key_sent_16_times_at_once_is_done_once(alice: httpx.Client) -> None:
    conversation = alice.post("/v1/conversations", json={}).json()["id"]
    path = f"/v1/conversations/{conversation}"
    headers = {"Idempotency-Key": f"once-{conversation}"}

    def send(_: int) -> httpx.Response:
        return alice.post(
            f"{path}/items", json={"role": "user", "content": "once"}, headers=headers
        )

    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(send, range(16)))
    assert {reply.status_code for reply in replies} == {201}
    assert len({reply.text for reply in replies}) == 1
    assert sum("idempotent-replayed" not in reply.headers for reply in replies) == 1
    assert alice.get(path).json()["item_count"] == 1


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_250_conversations_are_paged_while_others_come_and_go(
    alice: httpx.Client, order: str
) -> None:
    with ThreadPoolExecutor(8) as pool:
        kept = set(
            pool.map(
                lambda n: alice.post("/v1/conversations", json={"title": str(n)}).json()["id"],
                range(250),
            )
        )

    def come_and_go() -> None:
        passing = alice.post("/v1/conversations", json={"title": "passing"}).json()["id"]
        assert alice.delete(f"/v1/conversations/{passing}").status_code == 204

    with meanwhile(come_and_go):
        read = list(every_page(alice, "/v1/conversations", order=order, limit=20))
    ids = [entry["id"] for entry in read]
    assert len(ids) == len(set(ids))
    assert ids == sorted(ids, reverse=order == "desc")
    assert {entry["id"] for entry in read if entry["title"] != "passing"} == kept


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_250_messages_are_paged_while_more_are_written(alice: httpx.Client, order: str) -> None:
    conversation = alice.post("/v1/conversations", json={}).json()["id"]
    path = f"/v1/conversations/{conversation}/items"
    first: list[str] = []
    for start in range(0, 250, 20):
        batch = [{"role": "user", "content": str(n)} for n in range(start, min(start + 20, 250))]
        written = alice.post(path, json={"items": batch}).json()["data"]
        first += [item["id"] for item in written]

    def write() -> None:
        reply = alice.post(path, json={"role": "user", "content": "later"})
        assert reply.status_code == 201

    with meanwhile(write):
        read = [item["id"] for item in every_page(alice, path, order=order, limit=20)]
    assert len(read) == len(set(read))
    assert read == sorted(read, reverse=order == "desc")
    assert [some_id for some_id in read if some_id in set(first)] == (
        first if order == "asc" else first[::-1]
    )


@pytest.mark.local_only("it kills processes of make run")
def test_a_killed_function_loses_and_doubles_nothing(server: Server, alice: httpx.Client) -> None:
    conversation = alice.post("/v1/conversations", json={}).json()["id"]
    path = f"/v1/conversations/{conversation}/items"
    stop = threading.Event()

    def write(writer: int) -> tuple[list[str], list[httpx.Response]]:
        acknowledged, failed = [], []
        for n in range(40):
            body = {"role": "user", "content": f"{writer}.{n}"}
            reply = alice.post(path, json=body)
            if reply.status_code == 201:
                acknowledged.append(reply.json()["content"])
            else:
                failed.append(reply)
        return acknowledged, failed

    def kill() -> int:
        killed = 0
        while not stop.wait(0.7):
            for environment in server.environments("ItemsFunction")[:1]:
                environment.send_signal(signal.SIGKILL)
                killed += 1
        return killed

    with ThreadPoolExecutor(9) as pool:
        killer = pool.submit(kill)
        try:
            outcomes = list(pool.map(write, range(8)))
        finally:
            stop.set()
        killed = killer.result()

    acknowledged = [content for written, _ in outcomes for content in written]
    failed = [reply for _, replies in outcomes for reply in replies]
    assert killed > 0
    # One event dies with its environment: no other caller feels it.
    assert len(failed) <= killed
    for reply in failed:
        assert (reply.status_code, reply.json()) == (500, {"message": "Internal Server Error"})

    read = Counter(item["content"] for item in every_page(alice, path, limit=100))
    assert set(read.values()) == {1}
    assert set(acknowledged) <= set(read)
    # What was written beyond that was written for a caller who got a 500 instead of his 201.
    assert len(set(read) - set(acknowledged)) <= len(failed)
    counted = alice.get(path.removesuffix("/items")).json()["item_count"]
    assert counted == sum(read.values())
