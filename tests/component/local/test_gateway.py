"""What the gateway answers, seen over HTTP."""

import base64
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from local.template.reader import LOCAL_ISSUER
from tests.component.local.machine import Machine, until


def seen(reply: httpx.Response) -> dict[str, Any]:
    assert reply.status_code == 200, reply.text
    document: dict[str, Any] = reply.json()
    return document


def test_an_event_has_aws_shape(machine: Machine) -> None:
    reply = machine.client.post(
        "/open/a%20b?tag=1&tag=2&q=%C3%A4",
        headers={"cookie": "a=1; b=2", "x-twice": "one"},
        json={"hello": "wörld"},
    )

    event = seen(reply)["event"]
    assert event["routeKey"] == "ANY /open/{proxy+}"
    assert event["rawPath"] == event["requestContext"]["http"]["path"] == "/open/a b"
    assert event["rawQueryString"] == "tag=1&tag=2&q=%C3%A4"
    assert event["queryStringParameters"] == {"tag": "1,2", "q": "ä"}
    assert event["pathParameters"] == {"proxy": "a b"}
    assert event["cookies"] == ["a=1", "b=2"]
    assert "cookie" not in event["headers"]
    assert json.loads(event["body"]) == {"hello": "wörld"}
    assert event["isBase64Encoded"] is False
    assert "authorizer" not in event["requestContext"]


def test_a_binary_body_arrives_as_base64(machine: Machine) -> None:
    event = seen(machine.client.post("/open/x", content=b"\xff\x00"))["event"]

    assert (event["body"], event["isBase64Encoded"]) == (
        base64.b64encode(b"\xff\x00").decode(),
        True,
    )


def test_a_compressed_body_stays_as_it_was_sent(machine: Machine) -> None:
    reply = machine.client.post(
        "/open/x", content=b"not gzip", headers={"content-encoding": "gzip"}
    )

    assert base64.b64decode(seen(reply)["event"]["body"]) == b"not gzip"


def test_a_function_lives_in_lambdas_environment(machine: Machine) -> None:
    environment = seen(machine.client.get("/open/x"))["environment"]

    assert environment["TABLE_NAME"] == "Table"
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == "EchoFunction"
    assert environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert environment["AWS_ENDPOINT_URL_DYNAMODB"].startswith("http://127.0.0.1:")
    assert environment.get("AWS_PROFILE") is None
    # Of the host: what a process needs, and nothing else.
    assert not any(name.startswith("PYTEST") for name in environment)


def test_a_token_opens_a_route_and_its_claims_are_text(machine: Machine) -> None:
    headers = {"authorization": f"Bearer {machine.token('alice')}"}

    event = seen(machine.client.get("/mine/1", headers=headers))["event"]

    jwt_context = event["requestContext"]["authorizer"]["jwt"]
    assert jwt_context["scopes"] is None
    assert jwt_context["claims"]["sub"] == "alice"
    assert jwt_context["claims"]["iss"] == LOCAL_ISSUER
    assert jwt_context["claims"]["exp"].isdecimal()


def test_two_tokens_are_none(machine: Machine) -> None:
    token = f"Bearer {machine.token('alice')}"

    reply = machine.client.get(
        "/mine/1", headers=[("Authorization", token), ("Authorization", token)]
    )

    assert (reply.status_code, reply.json()) == (401, {"message": "Unauthorized"})


def test_no_token_is_challenged(machine: Machine) -> None:
    reply = machine.client.get("/mine/1")

    assert (reply.status_code, reply.json()) == (401, {"message": "Unauthorized"})
    assert reply.headers["www-authenticate"] == "Bearer"


def test_a_forged_token_is_refused(machine: Machine) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key_id = machine.client.get("/_local/jwks.json").json()["keys"][0]["kid"]
    claims = {"iss": LOCAL_ISSUER, "aud": "tests", "sub": "alice", "exp": time.time() + 60}
    forged = jwt.encode(claims, key, algorithm="RS256", headers={"kid": key_id})

    reply = machine.client.get("/mine/1", headers={"authorization": f"Bearer {forged}"})

    assert reply.status_code == 401
    assert 'error="invalid_token"' in reply.headers["www-authenticate"]


def test_an_expired_token_is_refused(machine: Machine) -> None:
    expired = machine.token("alice", "--expires-in", "-60")

    reply = machine.client.get("/mine/1", headers={"authorization": f"Bearer {expired}"})

    assert reply.status_code == 401
    assert "expired" in reply.headers["www-authenticate"]


def test_only_responses_of_functions_have_cors_headers(machine: Machine) -> None:
    reply = machine.client.get("/mine/1", headers={"origin": "https://app.example"})

    # "API Gateway adds the configured CORS headers to the response from an integration."
    assert reply.status_code == 401
    assert "access-control-allow-origin" not in reply.headers


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "a b", "", "[::1"])
def test_a_host_is_vouched_for_by_its_name_only(machine: Machine, host: str) -> None:
    event = seen(machine.client.get("/open/x", headers={"host": host}))["event"]

    assert event["requestContext"]["domainName"] == "localhost"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_a_name_of_this_machine_is_kept(machine: Machine, host: str) -> None:
    event = seen(machine.client.get("/open/x", headers={"host": f"{host}:80"}))["event"]

    assert event["requestContext"]["domainName"] == host


def test_no_route_is_the_gateways_own_404(machine: Machine) -> None:
    reply = machine.client.get("/nothing")

    assert (reply.status_code, reply.json()) == (404, {"message": "Not Found"})


def test_a_preflight_is_answered_by_the_gateway(machine: Machine) -> None:
    origin = {"origin": "https://app.example", "access-control-request-method": "GET"}

    reply = machine.client.options("/mine/1", headers=origin)

    assert reply.status_code == 204
    assert reply.headers["access-control-allow-origin"] == "https://app.example"
    assert reply.headers["access-control-allow-methods"] == "GET,POST"


def test_cors_headers_need_an_origin_that_is_allowed(machine: Machine) -> None:
    allowed = machine.client.get("/open/x", headers={"origin": "https://app.example"})
    other = machine.client.get("/open/x", headers={"origin": "https://evil.example"})

    assert allowed.headers["access-control-expose-headers"] == "etag"
    assert "access-control-allow-origin" not in other.headers


def test_ten_megabytes_are_the_limit_and_six_are_lambdas(machine: Machine) -> None:
    too_large = {"message": "Request Entity Too Large"}
    for size in (11_000_000, 6_500_000):
        reply = machine.client.post("/open/x", content=b"x" * size)
        assert (reply.status_code, reply.json()) == (413, too_large)
    assert machine.client.post("/open/x", content=b"x" * 1_000_000).status_code == 200


def test_a_body_of_unknown_length_is_limited_too(machine: Machine) -> None:
    def endless() -> Any:
        for _ in range(12):
            yield b"x" * 1_000_000

    assert machine.client.post("/open/x", content=endless()).status_code == 413


@pytest.mark.parametrize("fault", ["raise", "huge", "nonsense", "crash", "sleep/9"])
def test_a_function_that_fails_is_a_plain_500(machine: Machine, fault: str) -> None:
    reply = machine.client.get(f"/open/{fault}")

    assert (reply.status_code, reply.json()) == (500, {"message": "Internal Server Error"})
    assert machine.client.get("/open/x").status_code == 200


def test_a_function_that_cannot_start_says_why_in_the_log(machine: Machine) -> None:
    reply = machine.client.get("/broken")

    assert (reply.status_code, reply.json()) == (500, {"message": "Internal Server Error"})
    text = "\n".join(machine.errors)
    assert "BrokenFunction" in text
    assert 'raise RuntimeError("broken while importing")' in text


def test_many_callers_get_several_environments(machine: Machine) -> None:
    with ThreadPoolExecutor(16) as threads:
        replies = list(threads.map(lambda _: machine.client.get("/open/sleep/0.1"), range(64)))

    assert {reply.status_code for reply in replies} == {200}
    assert len({reply.json()["pid"] for reply in replies}) > 1
    assert len(machine.environments("EchoFunction")) <= 10


def test_both_addresses_of_localhost_answer(machine: Machine) -> None:
    port = urlsplit(machine.url).port
    for host in ("127.0.0.1", "[::1]"):
        assert httpx.get(f"http://{host}:{port}/open/x", trust_env=False).status_code == 200


def test_a_waiting_client_is_told_to_go_on(machine: Machine) -> None:
    port = urlsplit(machine.url).port or 0
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(
            b"POST /open/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
            b"Content-Type: text/plain\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 100 Continue")
        connection.sendall(b"hi")
        reply = b"".join(iter(lambda: connection.recv(65536), b""))
    assert reply.startswith(b"HTTP/1.1 200")


def test_headers_are_limited(machine: Machine) -> None:
    reply = machine.client.get("/open/x", headers={"x-long": "x" * 11_000})

    assert reply.status_code == 431


def test_the_access_log_is_one_line_without_secrets(machine: Machine) -> None:
    token = machine.token("alice")
    headers = {"authorization": f"Bearer {token}"}
    reply = machine.client.get("/mine/SHARE_s3cret-S3CRET?secret=value", headers=headers)

    request_id = reply.headers["apigw-requestid"]
    found: list[dict[str, Any]] = []

    def logged() -> bool:
        found[:] = [each for each in machine.access_log() if each["requestId"] == request_id]
        return bool(found)

    until(logged)
    (entry,) = found
    assert entry["method"] == "GET"
    assert entry["path"] == "/mine/SHARE_…", "a link's id is as good as a token"
    assert entry["routeKey"] == "GET /mine/{id}"
    assert entry["status"] == 200
    assert entry["function"] == "EchoFunction"
    assert entry["bytes"] == len(reply.content)
    assert token not in json.dumps(entry)
    assert "value" not in json.dumps(entry)
    assert "s3cret" not in json.dumps(entry).lower()


def test_a_malformed_header_is_in_no_log(machine: Machine) -> None:
    raw = b"GET /mine/1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer s3cret\x01\r\n\r\n"
    port = urlsplit(machine.url).port or 0
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(raw)
        reply = connection.recv(100)
    machine.client.get("/open/x")

    assert reply.split()[1] == b"400"
    assert not any("s3cret" in line for line in [*machine.lines, *machine.errors])


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\nno header\r\n\r\n", 400),
        (b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404),
        (b"GET /open/%FF%ZZ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 200),
        (b"GET /open/x HTTP/1.1\r\nHost: x\r\nX: \xff\r\nConnection: close\r\n\r\n", 200),
        (b"GET //open HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404),
    ],
)
def test_strange_requests_get_an_answer(machine: Machine, raw: bytes, status: int) -> None:
    port = urlsplit(machine.url).port or 0
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(raw)
        reply = connection.recv(100)

    assert reply.split()[1] == str(status).encode()
