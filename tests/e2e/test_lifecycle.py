"""What is left of a run, and what the next one finds."""

import signal
import socket
from pathlib import Path

import psutil
import pytest

from tests.support.server import Server

pytestmark = pytest.mark.local_only("it is about the processes of make run")


def is_listening(url: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(url.rpartition(":")[2]))) == 0


def write_one(server: Server) -> str:
    with server.client("alice") as alice:
        body = {"items": [{"role": "user", "content": "Remember me"}]}
        created: str = alice.post("/v1/conversations", json=body).json()["id"]
    return created


def assert_kept(server: Server, conversation: str) -> None:
    with server.client("alice") as alice:
        opened = alice.get(f"/v1/conversations/{conversation}").json()
    assert [item["content"] for item in opened["items"]] == ["Remember me"]


def test_ctrl_c_leaves_no_process_and_no_port_and_keeps_the_data(own_data: Path) -> None:
    with Server.started(own_data) as server:
        conversation = write_one(server)
        token = server.token("alice")
        processes = server.descendants()
        assert len(processes) > len(server.environments("ItemsFunction")) > 0
    assert server.process.returncode == 0
    assert not [process for process in processes if process.is_running()]
    assert not is_listening(server.url)

    with Server.started(own_data) as again:
        assert_kept(again, conversation)
        assert again.token("alice")
        with again.client("alice") as alice:
            old = {"Authorization": f"Bearer {token}"}
            assert alice.get("/v1/conversations", headers=old).status_code == 200


def test_killing_everything_loses_nothing_that_was_answered(own_data: Path) -> None:
    with Server.started(own_data) as server:
        conversation = write_one(server)
        processes = server.descendants()
        for process in [psutil.Process(server.process.pid), *processes]:
            process.send_signal(signal.SIGKILL)
        psutil.wait_procs(processes, timeout=10)
    with Server.started(own_data) as again:
        assert_kept(again, conversation)
