"""The envelope around whatever goes wrong."""

import gzip
import json
from io import StringIO
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from colloquy import wiring
from colloquy.http.projects import ProjectCreate
from colloquy.http.public import HEADERS
from colloquy.http.resolver import Api
from colloquy.services.conversations import Conversations
from tests.support.client import Client, Context, event_of
from tests.support.functions import dispatch


def test_an_unknown_path_is_a_404_with_the_envelope(alice: Client) -> None:
    for path in ("/v1", "/v1/conversations/", "/v2/conversations", "/v1/conversation"):
        reply = alice.get(path)
        assert (reply.status, reply.error["code"]) == (404, "not_found")
        assert reply.headers["x-request-id"] == reply.error["request_id"] == "req-1"


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/v1/conversations", "DELETE, GET, POST"),
        ("DELETE", "/healthz", "GET, HEAD"),
        ("HEAD", "/v1/projects", "GET, POST"),
        ("PUT", "/v1/projects/proj_1", "DELETE, GET, PATCH"),
        ("PATCH", "/v1/projects/proj_1/conversations", "GET"),
    ],
)
def test_a_wrong_method_is_a_405_that_says_what_is_allowed(
    alice: Client, method: str, path: str, allow: str
) -> None:
    reply = alice.request(method, path)
    assert (reply.status, reply.error["code"]) == (405, "method_not_allowed")
    assert reply.headers["allow"] == allow


@pytest.mark.parametrize(
    "raw",
    [
        "{",
        "nonsense",
        '{"title": NaN}',
        '{"title": "\\ud800"}',
        '{"x":' * 3000,
        '{"title": 1' + "0" * 5000 + "}",
        b"\xff\xfe{}",
        '{"title": "x"} trailing',
        "{'title': 'x'}",
    ],
)
def test_a_body_that_is_no_json_is_a_400(alice: Client, raw: str | bytes) -> None:
    reply = alice.post("/v1/conversations", raw=raw)
    assert (reply.status, reply.error["code"]) == (400, "invalid_json")


@pytest.mark.parametrize("raw", ["[]", '[{"title": "x"}]', '"x"', "5", "null", "true"])
def test_a_body_that_is_no_object_is_a_400(alice: Client, raw: str) -> None:
    reply = alice.post("/v1/conversations", raw=raw)
    assert (reply.status, reply.error["code"]) == (400, "invalid_value")


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/jsonp", 415),
        ("application/json; charset=utf-8", 201),
        ("Application/JSON", 201),
        ("application/vnd.api+json", 201),
    ],
)
def test_a_body_is_json_or_a_415(alice: Client, content_type: str, status: int) -> None:
    reply = alice.post("/v1/conversations", raw="{}", headers={"Content-Type": content_type})
    assert reply.status == status


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "zstd", "GZIP", "x" * 5_000])
@pytest.mark.parametrize("raw", ['{"title": "x"}', gzip.compress(b'{"title": "x"}')])
def test_a_content_encoding_is_a_415_that_names_it(
    alice: Client, encoding: str, raw: str | bytes
) -> None:
    reply = alice.post("/v1/conversations", raw=raw, headers={"Content-Encoding": encoding})
    assert (reply.status, reply.error["code"]) == (415, "unsupported_media_type")
    assert f"'Content-Encoding: {encoding.lower()[:40]}'" in reply.error["message"]


@pytest.mark.parametrize("encoding", ["", "identity", " Identity "])
def test_a_body_as_it_is_may_say_so(alice: Client, encoding: str) -> None:
    headers = {"Content-Encoding": encoding}
    assert alice.post("/v1/conversations", {"title": "x"}, headers=headers).status == 201


@pytest.mark.parametrize("raw", ["\ufeff{}", "\ufeff{}".encode(), b"\xef\xbb\xbf{}"])
def test_a_byte_order_mark_of_utf_8_is_skipped(alice: Client, raw: str | bytes) -> None:
    assert alice.post("/v1/conversations", raw=raw).status == 201


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"\xff\xfe{\0}\0", "it is UTF-16 or UTF-32. Save it as UTF-8."),
        ("{}".encode("utf-16-be"), "it is UTF-16 or UTF-32. Save it as UTF-8."),
        ("{}".encode("utf-16-le").decode(), "it is UTF-16 or UTF-32. Save it as UTF-8."),
        ("{}".encode("utf-32"), "it is UTF-16 or UTF-32. Save it as UTF-8."),
        ('{"title": "é"}'.encode("latin-1"), "it is not UTF-8 (byte 11 is not). Save it as UTF-8."),
        (gzip.compress(b"{}"), "it is compressed with gzip. Send it uncompressed."),
        (gzip.compress(b"{}").decode("utf-8", "replace"), "it is compressed with gzip."),
        ('{"title": "a\\ud83d"}', "at line 1 column 19 is half an emoji (a lone surrogate)."),
        ('{"title": "\\ude00"}', "is half an emoji (a lone surrogate)."),
        ('{"title": "\\ud83d\\ud83d"}', "is half an emoji (a lone surrogate)."),
        ("[" * 300, "The body is nested too deeply: 200 objects and lists may be inside"),
    ],
)
def test_what_is_wrong_with_a_text_is_named(alice: Client, raw: str | bytes, said: str) -> None:
    reply = alice.post("/v1/conversations", raw=raw)
    assert (reply.status, reply.error["code"]) == (400, "invalid_json")
    assert said in reply.error["message"]


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "x", ""],
)
def test_without_a_body_its_type_says_nothing(alice: Client, content_type: str) -> None:
    headers = {"Content-Type": content_type}
    assert alice.post("/v1/conversations", headers=headers).status == 201
    assert alice.post("/v1/conversations", raw="", headers=headers).status == 201
    reply = alice.post("/v1/projects", headers=headers)
    assert (reply.status, reply.error["code"]) == (400, "missing_required")


def test_what_powertools_takes_for_no_json_is_a_415_too() -> None:
    api = Api()

    @api.post("/v1/projects")
    def create(body: ProjectCreate) -> dict[str, str]:
        return {"title": body.title}

    headers = {"content-type": "text/plain"}
    event = event_of("POST", "/v1/projects", {}, headers, '{"title": "x"}', "alice")
    # Not by ``handle``, which lets no such event through.
    answer = api.resolve(event, Context())  # type: ignore[arg-type]
    error = json.loads(answer["body"])["error"]
    assert (answer["statusCode"], error["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "number", ["1e400", "-1e400", "9" * 400 + ".0", "9" * 210 + "e99", "1E+0309"]
)
def test_a_number_that_would_become_infinite_is_a_400(alice: Client, number: str) -> None:
    raw = '{"items": [{"role": "user", "content": [{"type": "x", "n": [' + number + "]}]}]}"
    reply = alice.post("/v1/conversations", raw=raw)
    assert (reply.status, reply.error["code"]) == (400, "invalid_value")
    assert reply.error["message"].startswith("A number in the body is out of range")


@pytest.mark.parametrize(
    "odd", ["😀", "%F0%9F%98%80", 'a"b', "a%22b", "a b", "é", "`", "a\\b", "#"]
)
def test_an_odd_id_names_nothing_rather_than_no_path(alice: Client, odd: str) -> None:
    for path, thing in (
        (f"/v1/conversations/{odd}", "conversation"),
        (f"/v1/conversations/{odd}/items", "conversation"),
        (f"/v1/conversations/conv_{'0' * 26}/items/{odd}", "message"),
        (f"/v1/projects/{odd}", "project"),
    ):
        reply = alice.get(path)
        assert (reply.status, reply.error["code"]) == (404, "not_found")
        assert reply.error["message"].startswith(f"There is no such {thing}.")


@pytest.mark.parametrize("limit", ["1_0", "1.0", "+5", " 5", "٣", "", "x", "9" * 5000])
def test_a_limit_is_written_in_digits(alice: Client, limit: str) -> None:
    reply = alice.get("/v1/conversations", limit=limit)
    assert (reply.status, reply.error["code"]) == (400, "invalid_value")
    assert reply.error["param"] == "limit"
    assert reply.error["message"] == "'limit' must be a whole number in digits, like 20."


@pytest.mark.parametrize("path", ["/v1/conversations/{}", "/v1/projects/{}"])
def test_if_match_names_at_most_100_etags(alice: Client, path: str) -> None:
    made = alice.post(path.removesuffix("/{}"), {"title": "x"})
    here = path.format(made.body["id"])
    stale = ['"999"'] * 99
    many = {"If-Match": ", ".join([*stale, made.headers["etag"]])}
    assert alice.patch(here, {"title": "y"}, headers=many).status == 200

    numbers = {"If-Match": ", ".join(f'"{1000 + n}"' for n in range(100))}
    assert alice.patch(here, {"title": "z"}, headers=numbers).status == 412
    too_many = {"If-Match": ", ".join(f'"{1000 + n}"' for n in range(101))}
    for reply in (
        alice.patch(here, {"title": "z"}, headers=too_many),
        alice.delete(here, headers=too_many),
    ):
        assert (reply.status, reply.error["param"]) == (400, "If-Match")
        assert "at most 100 ETags, but names 101" in reply.error["message"]


def test_a_base64_body_is_read_like_any_other(alice: Client) -> None:
    raw = json.dumps({"title": "Grüße"}, ensure_ascii=False).encode()
    assert alice.post("/v1/conversations", raw=raw).body["title"] == "Grüße"


def test_a_body_over_5_mb_is_a_413(alice: Client) -> None:
    raw = json.dumps({"title": "x" * 5_000_000})
    reply = alice.post("/v1/conversations", raw=raw)
    assert (reply.status, reply.error["code"]) == (413, "too_large")


def test_without_an_authorizers_word_there_is_no_caller(rows: Any) -> None:
    assert rows.all() == []
    reply = Client(dispatch, caller=None).get("/v1/conversations")
    assert (reply.status, reply.error["code"]) == (401, "unauthorized")
    for nobody in ("", "x" * 256, "a\ud83d"):
        assert Client(dispatch, caller=nobody).get("/v1/conversations").status == 401


def test_healthz_says_ok_without_a_caller() -> None:
    reply = Client(dispatch, caller=None).get("/healthz")
    assert (reply.status, reply.body) == (200, {"status": "ok"})


def test_a_bug_is_a_500_that_shows_no_internals_and_logs_no_content(
    alice: Client, monkeypatch: pytest.MonkeyPatch, log: StringIO
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("secret content")

    monkeypatch.setattr(Conversations, "create", broken)
    reply = alice.post("/v1/conversations", {"title": "secret content"})
    assert (reply.status, reply.error["code"]) == (500, "internal_error")
    assert reply.error["request_id"] == "req-1"
    assert "secret" not in reply.text

    assert "secret" not in log.getvalue()
    line = json.loads(log.getvalue().strip().splitlines()[-1])
    assert (line["message"], line["correlation_id"]) == ("request failed", "req-1")
    assert line["error_type"] == "builtins.ValueError"
    assert line.get("error_code") is None


def test_a_500s_log_line_names_awss_code_and_our_own_frames(
    alice: Client, monkeypatch: pytest.MonkeyPatch, log: StringIO
) -> None:
    class Refusing:
        def __getattr__(self, _: str) -> Any:
            def call(**_: Any) -> None:
                raise ClientError(
                    {"Error": {"Code": "ValidationException", "Message": "s3cret"}},
                    "TransactWriteItems",
                )

            return call

    monkeypatch.setattr(wiring.table(), "_client", Refusing())
    assert alice.post("/v1/conversations", {"title": "x"}).status == 500
    line = json.loads(log.getvalue().strip().splitlines()[-1])
    assert line["error_type"] == "botocore.exceptions.ClientError"
    assert line["error_code"] == "ValidationException"
    _, *own, raised = line["error_place"]  # first what looks at the query
    assert own[0].endswith(" create_conversation")
    assert 2 < len(own) < 8
    assert all("/colloquy/" in place for place in own[1:])
    assert "site-packages" not in "".join(own)
    assert raised.endswith(" call")
    assert "s3cret" not in log.getvalue()


@pytest.mark.parametrize(
    "trouble",
    [
        ClientError({"Error": {"Code": "ThrottlingException"}}, "UpdateItem"),
        ClientError({"Error": {"Code": "ProvisionedThroughputExceededException"}}, "Query"),
        ConnectTimeoutError(endpoint_url="https://dynamodb"),
    ],
)
def test_a_table_that_does_not_answer_is_a_503_that_may_be_tried_again(
    alice: Client, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    class Busy:
        def __getattr__(self, _: str) -> Any:
            def call(**_: Any) -> None:
                raise trouble

            return call

    monkeypatch.setattr(wiring.table(), "_client", Busy())
    reply = alice.post("/v1/conversations", {"title": "x"})
    assert (reply.status, reply.error["code"]) == (503, "unavailable")
    assert reply.headers["retry-after"] == "1"
    assert alice.get("/v1/conversations").status == 503
    assert alice.get("/v1/conversations/conv_" + "0" * 26 + "/items").status == 503


def test_an_answer_is_utf_8_without_escapes(alice: Client) -> None:
    reply = alice.post("/v1/conversations", {"title": "日本語"})
    assert "日本語" in reply.text
    assert reply.headers["content-type"] == "application/json"
    answer = dispatch(event_of("GET", "/v1/conversations", {}, {}, None, "alice"), Context())
    assert answer["isBase64Encoded"] is False
    assert "日本語" in answer["body"]


def test_nothing_keeps_a_response(alice: Client) -> None:
    kept = [
        alice.post("/v1/projects", {"name": "x"}),
        alice.get("/v1/conversations"),
        alice.get("/v1/conversations/conv_1"),
        alice.post("/v1/projects", raw="{"),
        alice.post("/v1/projects", raw="{}", headers={"Content-Type": "text/plain"}),
        alice.get("/v1/nothing"),
        alice.request("PUT", "/v1/projects"),
        Client(dispatch, caller=None).get("/v1/projects"),
    ]
    assert [reply.status for reply in kept] == [201, 200, 404, 400, 415, 404, 405, 401]
    assert {reply.headers["cache-control"] for reply in kept} == {"no-store"}


@pytest.mark.parametrize("path", ["", "share_1/x", "/", "share_1/", "a/b/c"])
def test_a_path_below_a_links_is_as_private_as_one(path: str) -> None:
    reply = Client(dispatch, caller=None).get(f"/conversations/share/{path}")
    assert (reply.status, reply.error["code"]) == (404, "not_found")
    for name, value in HEADERS.items():
        assert reply.headers[name.lower()] == value
    wrong = Client(dispatch, caller=None).request("PUT", "/conversations/share/share_1")
    assert (wrong.status, wrong.headers["cache-control"]) == (405, "private, no-store")


@pytest.mark.parametrize(
    ("method", "path", "query", "param", "allowed"),
    [
        ("GET", "/v1/conversations", {"page": 2}, "page", "It takes 'limit', 'after', 'order',"),
        ("GET", "/v1/conversations", {"limit": 2, "q": ""}, "q", "It takes 'limit'"),
        ("GET", "/v1/conversations", {"Limit": 2}, "Limit", "It takes 'limit'"),
        ("POST", "/v1/conversations", {"dry_run": 1}, "dry_run", "It takes none."),
        ("GET", "/v1/projects/proj_1", {"": "x"}, "", "It takes none."),
        ("DELETE", "/v1/conversations", {"x" * 5_000: 1}, "x" * 100, "It takes none."),
    ],
)
def test_an_unknown_query_parameter_is_named(
    alice: Client, method: str, path: str, query: dict[str, Any], param: str, allowed: str
) -> None:
    reply = alice.request(method, path, **query)
    assert (reply.status, reply.error["code"]) == (400, "unknown_parameter")
    assert reply.error["param"] == param
    assert allowed in reply.error["message"]


def test_a_public_path_ignores_parameters_it_does_not_know() -> None:
    anyone = Client(dispatch, caller=None)
    assert anyone.get("/healthz", utm_source="x").status == 200
    assert anyone.get("/conversations/share/share_1", fbclid="x").error["code"] == "not_found"


@pytest.mark.parametrize("path", ["/", "/healthz", "/docs", "/openapi.json"])
def test_a_head_is_the_get_without_its_body(path: str) -> None:
    anyone = Client(dispatch, caller=None)
    get, head = anyone.get(path), anyone.request("HEAD", path)
    assert (head.status, head.text) == (200, "")
    assert head.headers == get.headers


def test_the_address_itself_says_what_this_is() -> None:
    anyone = Client(dispatch, caller=None)
    base = "https://api.example.com"
    program = anyone.get("/")
    assert program.body["status"] == "ok"
    assert (program.body["docs"], program.body["openapi"]) == (
        f"{base}/docs",
        f"{base}/openapi.json",
    )
    assert program.body["first_call"].endswith(f" {base}/v1/conversations")
    page = anyone.request("GET", "/", headers={"Accept": "text/html"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for link in ("/docs", "/openapi.json"):
        assert f'href="{base}{link}"' in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_a_wrong_method_is_named_before_a_parameter(alice: Client) -> None:
    reply = alice.request("TRACE", "/v1/shares", limit=20, nothing="x")
    assert (reply.status, reply.error["code"]) == (405, "method_not_allowed")
    assert alice.get("/v1/nothing", q="x").status == 404
