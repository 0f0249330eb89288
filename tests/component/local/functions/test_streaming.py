"""Streamed responses come through the pure-Python client, the Runtime API and the gateway."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.component.local.conftest import Start
from tests.component.local.machine import FIXTURES, Machine, copy_of, until


@pytest.fixture(scope="module")
def streams(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    data = tmp_path_factory.mktemp("streams") / "data"
    running = Machine(FIXTURES / "streamed" / "template.yaml", data).start()
    yield running
    running.stop()


def test_a_response_is_sent_as_it_is_produced(streams: Machine) -> None:
    times = []
    with streams.client.stream("GET", "/well") as response:
        body = b""
        for piece in response.iter_raw():
            times.append(time.monotonic())
            body += piece

    assert response.status_code == 201
    assert response.headers["content-type"] == "text/event-stream"
    assert response.headers["transfer-encoding"] == "chunked"
    assert response.headers.get_list("set-cookie") == ["a=1", "b=2"]
    lines = body.decode().splitlines()
    assert [line.split()[0] for line in lines] == ["0", "1", "2", "end"]
    assert times[-1] - times[0] > 0.5


@pytest.mark.parametrize("how", ["raise", "die", "long"])
def test_a_stream_that_fails_never_looks_complete(streams: Machine, how: str) -> None:
    body = b""

    def read() -> None:
        nonlocal body
        with streams.client.stream("GET", f"/{how}") as response:
            assert response.status_code == 201
            for piece in response.iter_raw():
                body += piece

    with pytest.raises(httpx.RemoteProtocolError):
        read()

    assert body.startswith(b"0 of ")
    assert b"end" not in body
    # The next event is served, by this process or by another one.
    assert streams.client.get("/well").status_code == 201
    said = {
        "raise": "ValueError: after three numbers",
        "die": "exit status 3",
        "long": "timed out after 3.00 seconds",
    }[how]
    until(lambda: any(said in line for line in streams.errors))


def test_an_error_before_the_stream_is_a_500(streams: Machine) -> None:
    assert streams.client.get("/raise-at-once").status_code == 500


def test_a_body_larger_than_a_buffered_one_is_streamed(streams: Machine) -> None:
    response = streams.client.get("/large")

    assert len(response.content) > 20_000_000
    assert response.content.endswith(b"xend\n")


def test_a_client_that_leaves_does_not_hold_the_function(streams: Machine) -> None:
    with streams.client.stream("GET", "/large") as response:
        next(response.iter_raw())

    assert streams.client.get("/well").status_code == 201


def test_functions_run_where_the_native_client_is_absent(start: Start, tmp_path: Path) -> None:
    template = copy_of("echo", tmp_path / "app")
    wrapped = "TABLE_NAME: !Ref Table, AWS_LAMBDA_EXEC_WRAPPER: /opt/none"
    template.write_text(template.read_text().replace("TABLE_NAME: !Ref Table", wrapped))
    machine = start(template)

    seen = machine.client.get("/open/x").json()
    assert 0 < seen["remaining"] <= 2_000
    assert seen["environment"]["_X_AMZN_TRACE_ID"].startswith("Root=1-")
    assert machine.client.get("/open/put/x").status_code == 200
    assert machine.client.get("/open/raise").status_code == 500
    assert machine.client.get("/open/crash").status_code == 500
    assert machine.client.get("/open/huge").status_code == 500
    assert machine.client.get("/open/sleep/5").status_code == 500
    assert machine.client.get("/broken").status_code == 500
    logged = (machine.data / "logs" / "EchoFunction.log").read_text()
    assert '"errorMessage": "as asked"' in logged
    until(lambda: any("broken while importing" in line for line in machine.errors))
