"""The gateway, and not the function, speaks CORS."""

from local.gateway.cors import decorate, is_preflight, preflight
from local.gateway.payload import Response
from local.template.resources import Cors

SOME = Cors(("https://*.example",), ("GET",), ("authorization",), ("etag",), 60)
ANY = Cors(("*",), credentials=True)


def test_a_preflight_needs_an_origin_and_a_method() -> None:
    headers = {"origin": "https://a.example", "access-control-request-method": "GET"}

    assert is_preflight("OPTIONS", headers)
    assert not is_preflight("OPTIONS", {"origin": "https://a.example"})
    assert not is_preflight("GET", headers)


def test_a_preflight_from_elsewhere_gets_no_permission() -> None:
    assert preflight(SOME, "https://evil.test") == Response(204, [], b"")


def test_a_permitted_origin_is_named() -> None:
    headers = dict(preflight(SOME, "https://a.example").headers)

    assert headers == {
        "access-control-allow-origin": "https://a.example",
        "vary": "origin",
        "access-control-allow-methods": "GET",
        "access-control-allow-headers": "authorization",
        "access-control-max-age": "60",
    }


def test_what_a_function_says_about_cors_is_replaced() -> None:
    said = Response(200, [("access-control-allow-origin", "x"), ("etag", "1")], b"")

    assert decorate(said, SOME, None).headers == [("etag", "1")]
    assert decorate(said, ANY, "https://any.test").headers == [
        ("etag", "1"),
        ("access-control-allow-origin", "*"),
        ("access-control-allow-credentials", "true"),
    ]
