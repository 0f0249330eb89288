"""/docs in a real browser: the whole document, and nobody else is asked for anything.

Needs an installed Chromium; skips where there is none. With SCREENSHOTS=docs/images the picture of
docs/images is taken again (``make screenshots``).
"""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Page

from tests.support.browser import CHROMIUM, chromium
from tests.support.reference import operations
from tests.support.server import Api

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
    pytest.mark.timeout(240),
]


@pytest.fixture
def asked() -> list[str]:
    """Every address the page has asked for."""
    return []


@pytest.fixture
def said() -> list[str]:
    """What the browser has complained of: errors, and what the policy has refused."""
    return []


@pytest.fixture
def page(api: Api, asked: list[str], said: list[str]) -> Iterator[Page]:
    """The reference, as it has loaded."""
    with chromium() as browser:
        page = browser.new_context(viewport={"width": 1100, "height": 1000}).new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(f"{api.url}/docs")
        page.wait_for_selector(".opblock")
        yield page


def test_it_shows_every_operation(page: Page) -> None:
    shown = {
        (block.locator(".opblock-summary-method").inner_text(), path.replace("\u200b", ""))
        for block in page.locator(".opblock").all()
        if (path := block.locator(".opblock-summary-path").inner_text())
    }
    assert shown == {(each.method, each.path) for each in operations()}
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / "reference.png")


def test_it_asks_nobody_but_its_own_server_and_breaks_no_rule_of_its_policy(
    page: Page, api: Api, asked: list[str], said: list[str]
) -> None:
    page.locator("#operations-items-append_items .opblock-summary").click()
    page.wait_for_selector("#operations-items-append_items .responses-table")

    elsewhere = [url for url in asked if not url.startswith(("data:", api.url))]
    assert elsewhere == []
    assert {urlsplit(url).path for url in asked if url.startswith("http")} == {
        "/docs",
        "/openapi.json",
    }
    assert said == []


def test_a_reader_tries_an_operation_with_a_token(page: Page, api: Api) -> None:
    page.get_by_role("button", name="Authorize").first.click()
    page.locator(".auth-container input").fill(api.token("reader of the reference"))
    page.locator(".auth-btn-wrapper button[type=submit]").click()
    page.locator(".btn-done").click()
    block = page.locator("#operations-projects-list_projects")
    block.locator(".opblock-summary").click()
    block.get_by_role("button", name="Try it out").click()
    block.locator("[data-param-name=after] input").fill("")
    block.get_by_role("button", name="Execute").click()

    status = block.locator(".live-responses-table .response-col_status").last
    assert status.inner_text().startswith("200")


def test_a_client_that_has_it_gets_no_body_again(api: Api) -> None:
    for path in ("/docs", "/openapi.json"):
        first = httpx.get(api.url + path)
        again = httpx.get(api.url + path, headers={"If-None-Match": first.headers["etag"]})
        assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
        assert first.headers["content-encoding"] == "gzip"
