"""The document and its page, as the function behind them answers."""

import json
import re
from collections.abc import Callable

import pytest

from tests.support.client import Client
from tests.support.reference import DOCUMENT

SignIn = Callable[[str | None], Client]
PATHS = pytest.mark.parametrize("path", ["/openapi.json", "/docs"])


@pytest.fixture
def nobody(sign_in: SignIn) -> Client:
    return sign_in(None)


def test_the_document_is_served_as_it_is_committed(nobody: Client) -> None:
    reply = nobody.get("/openapi.json")
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
    assert reply.body == json.loads(DOCUMENT.read_text("utf-8"))


def test_the_page_takes_no_script_and_no_style_but_its_own(nobody: Client) -> None:
    reply = nobody.get("/docs")
    rules = dict(
        rule.split(" ", 1) for rule in reply.headers["content-security-policy"].split("; ")
    )
    assert rules["default-src"] == "'none'"
    for kind, element in (("script-src", "script"), ("style-src", "style")):
        allowed = rules[kind].split(" ")
        assert all(each.startswith("'sha256-") for each in allowed)
        assert len(allowed) == len(re.findall(f"^<{element}>", reply.text, re.MULTILINE))
    assert re.findall(r'<(?:script|link|img)[^>]* (?:src|href)="(?!data:)', reply.text) == []


@PATHS
def test_who_has_it_gets_no_body_again(nobody: Client, path: str) -> None:
    etag = nobody.get(path).headers["etag"]

    again = nobody.request("GET", path, headers={"If-None-Match": f'"other", {etag}'})
    stale = nobody.request("GET", path, headers={"If-None-Match": '"other"'})

    assert (again.status, again.text, again.headers["etag"]) == (304, "", etag)
    assert stale.status == 200
