"""The share page in a real browser: what a person sees, and what must not happen to them.

Needs an installed Chromium; skips where there is none. With SCREENSHOTS=docs/images the pictures
in docs/images are taken again (``make screenshots``).
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.support.browser import CHROMIUM, chromium
from tests.support.sample import HOSTILE, RICH, TITLE, TURNS
from tests.support.server import opened

ROOT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
    pytest.mark.timeout(240),
]

Show = Callable[..., Page]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of alice's for a server of our own, with nothing in it."""
    with (
        opened(tmp_path_factory.mktemp("data")) as api,
        api.client("alice") as client,
    ):
        yield client


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def show(browser: Browser) -> Iterator[Show]:
    """Open an address in a window of its own; nothing but our own server can be reached."""
    contexts = []

    def open_(url: str, *, width: int = 860, height: int = 1000, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.route("**/*", _only_ours)
        page.goto(url)
        return page

    yield open_
    for context in contexts:
        context.close()


def _only_ours(route: Any) -> None:
    if urlsplit(route.request.url).hostname == "localhost":
        route.continue_()
    else:
        route.abort()


def link_to(client: httpx.Client, turns: Any, title: str = TITLE, **body: Any) -> str:
    conversation = client.post("/v1/conversations", json={"title": title}).json()["id"]
    items = [{"role": role, "content": content} for role, content in turns]
    for start in range(0, len(items), 20):
        reply = client.post(
            f"/v1/conversations/{conversation}/items", json={"items": items[start : start + 20]}
        )
        assert reply.status_code == 201, reply.text
    url: str = client.post(f"/v1/conversations/{conversation}/share", json=body).json()["url"]
    return url


@pytest.fixture(scope="module")
def link(served: httpx.Client) -> str:
    return link_to(served, TURNS)


@pytest.fixture(scope="module")
def rich(served: httpx.Client) -> str:
    return link_to(served, RICH, title="Roots", read_only=False)


def picture(page: Page, name: str, **options: Any) -> None:
    """Keep a picture of the page where SCREENSHOTS says so."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", **options)


def colour(page: Page, of: str) -> tuple[int, ...]:
    found: str = page.evaluate(f"getComputedStyle(document.querySelector('body')).{of}")
    return tuple(int(part) for part in found[4:-1].split(","))


def test_a_person_reads_who_said_what_and_when(link: str, show: Show) -> None:
    page = show(link, color_scheme="light")

    assert page.title() == TITLE
    assert page.get_by_role("heading", level=1).inner_text() == TITLE
    who = page.locator("h2.who span").all_inner_texts()
    assert who == ["User", "Assistant", "User", "Assistant"]
    assert page.locator("article time").count() == 4
    assert page.get_by_role("table").count() == 1
    assert page.locator("figcaption").all_inner_texts() == ["Python"]
    assert page.locator("code .kn").first.inner_text() == "from"
    assert page.get_by_role("img", name="done").count() == 2
    assert page.get_by_role("link", name="https://www.theperfectloaf.com").count() == 1
    for landmark in ("banner", "main", "contentinfo"):
        assert page.get_by_role(landmark).count() == 1
    assert page.locator("html").get_attribute("lang") == "en"
    assert "alice" not in page.content()
    picture(page, "share-light", full_page=True)


def test_it_is_dark_where_the_reader_likes_it_dark(link: str, show: Show) -> None:
    light, dark = show(link, color_scheme="light"), show(link, color_scheme="dark")
    assert min(colour(light, "backgroundColor")) > 240
    assert max(colour(dark, "backgroundColor")) < 40
    assert min(colour(dark, "color")) > 200
    picture(dark, "share-dark", full_page=True)


def test_nothing_sticks_out_on_a_phone(link: str, show: Show) -> None:
    page = show(link, width=390, height=844, device_scale_factor=2, color_scheme="light")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    size = page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
    assert size >= 16
    picture(page, "share-phone")


def test_wide_tables_and_code_scroll_in_their_own_box(rich: str, show: Show) -> None:
    page = show(rich, width=390, height=844)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for box in (".wide", ".code pre"):
        assert page.evaluate(
            f"(e => e.scrollWidth > e.clientWidth)(document.querySelector('{box}'))"
        )
        assert "scroll" in page.evaluate(
            f"getComputedStyle(document.querySelector('{box}')).backgroundAttachment"
        )


def test_formulas_pictures_and_notes_are_seen(rich: str, show: Show) -> None:
    page = show(rich, color_scheme="light")
    assert page.locator("math").count() == 3
    assert page.locator("mfrac").first.bounding_box()["height"] > 20  # type: ignore[index] # seen
    assert page.evaluate("document.querySelector('article img').naturalWidth") == 1
    assert page.get_by_role("link", name="Picture: A cat (images.invalid)").count() == 1
    assert page.get_by_text("Complete the square.").is_hidden()
    picture(page, "share-formulas", full_page=True)
    page.get_by_text("Proof").click()
    assert page.get_by_text("Complete the square.").is_visible()
    page.get_by_role("link", name="[1]").click()
    assert page.get_by_text("Water.").is_visible()
    assert "write through this link" in page.get_by_role("contentinfo").inner_text()


def test_nothing_is_fetched_from_where_a_picture_is(rich: str, show: Show) -> None:
    page = show("about:blank")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(rich)
    page.wait_for_load_state("networkidle")
    assert {urlsplit(url).hostname for url in asked if not url.startswith("data:")} == {"localhost"}


def test_right_to_left_text_has_code_from_left_to_right(rich: str, show: Show) -> None:
    page = show(rich, width=700)
    style = "getComputedStyle(document.querySelector('article:last-child {}')).{}"
    assert page.evaluate(style.format(".text", "direction")) == "rtl"
    assert page.evaluate(style.format("pre", "direction")) == "ltr"
    assert page.evaluate(style.format("blockquote", "borderRightWidth")) == "3px"
    code = page.locator("article").nth(2).locator("code")
    assert code.evaluate("e => getComputedStyle(e).unicodeBidi") == "isolate"


def test_long_code_begins_on_the_first_sheet(served: httpx.Client, show: Show) -> None:
    code = "\n".join(f"print({number})" for number in range(200))
    page = show(link_to(served, [("assistant", f"Look:\n\n```python\n{code}\n```")]))
    page.emulate_media(media="print")
    boxes = ".code, .code pre, article"
    for name in ("breakInside", "overflowX"):
        found = page.evaluate(
            f"[...document.querySelectorAll('{boxes}')].map(e => getComputedStyle(e).{name})"
        )
        assert set(found) <= {"auto", "visible"}
    assert page.evaluate("getComputedStyle(document.querySelector('pre')).overflowX") == "visible"


def test_on_paper_there_is_ink_and_no_furniture(link: str, show: Show) -> None:
    page = show(link, width=794, height=1123, color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert colour(page, "backgroundColor") == (255, 255, 255)
    assert colour(page, "color") == (0, 0, 0)
    code = page.evaluate("getComputedStyle(document.querySelector('code .kn')).color")
    assert code == "rgb(138, 36, 99)"  # the light scheme's: paper is white
    assert page.locator(".skip").is_hidden()
    after = "getComputedStyle(document.querySelector('.text a{}'), '::after').content"
    assert page.evaluate(after.format(".bare")) == "none"
    assert page.evaluate(after.format(":not(.bare)")) == (
        '" <https://www.kingarthurbaking.com/learn>"'
    )
    picture(page, "share-print")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(
    served: httpx.Client, link: str, rich: str, show: Show, scheme: str
) -> None:
    hostile = link_to(served, [("user", text) for text in HOSTILE[:18]], title="Hostile")
    gone = link.rpartition("/")[0] + "/share_gone"
    for url in (link, rich, hostile, gone):
        # Only axe itself needs the policy out of its way.
        page = show(url, color_scheme=scheme, bypass_csp=True)
        found = Axe().run(page).response["violations"]
        serious = [each for each in found if each["impact"] in {"serious", "critical"}]
        assert [(each["id"], each["nodes"][0]["html"]) for each in serious] == []


@pytest.mark.parametrize("bypass_csp", [False, True], ids=["with-policy", "without-policy"])
def test_no_script_runs_whatever_was_typed(
    served: httpx.Client, show: Show, *, bypass_csp: bool
) -> None:
    title = '</title><script>window.ran=1</script>"onload=window.ran=1 \u202egnp.exe'
    turns = [("assistant", text) for text in HOSTILE]
    page = show(f"{link_to(served, turns, title=title)}?limit=100", bypass_csp=bypass_csp)
    page.wait_for_timeout(300)

    assert page.evaluate("window.ran") is None
    assert page.locator("article").count() == len(HOSTILE)
    assert page.locator("script,iframe,form,input,svg,object,embed,link,base").count() == 0
    assert page.locator("style").count() == 1
    attributes = "[...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames())"
    names = set(page.evaluate(attributes))
    assert {name for name in names if name.startswith("on")} == set()
    assert "style" not in names
    links = "[...document.querySelectorAll('article a[href]')].map(a => a.protocol)"
    assert set(page.evaluate(links)) <= {"http:", "https:"}
    assert page.locator("body").inner_text().count("⟦U+202E⟧") == 2
    assert "\u202e" not in page.content()
    assert page.locator("main").count() == 1


def test_long_conversations_are_read_page_by_page(served: httpx.Client, show: Show) -> None:
    turns = [("user", f"Message {number}") for number in range(45)]
    page = show(link_to(served, turns, title="Long"))

    def read() -> list[str]:
        return page.locator(".text").all_inner_texts()

    assert read() == [f"Message {number}" for number in range(20)]
    page.get_by_role("link", name="Later messages").click()
    page.get_by_role("link", name="Later messages").click()
    assert read() == [f"Message {number}" for number in range(40, 45)]
    assert page.get_by_role("link", name="Later messages").count() == 0
    page.get_by_role("link", name="Earlier messages").first.click()
    assert read() == [f"Message {number}" for number in range(20, 40)]


def test_the_keyboard_skips_to_the_messages(link: str, show: Show) -> None:
    page = show(link)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the messages"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "messages"


def test_an_absent_page_says_what_a_person_can_do(link: str, show: Show) -> None:
    page = show(link.rpartition("/")[0] + "/share_gone", color_scheme="light", height=600)
    assert page.get_by_role("heading", level=1).inner_text() == "There is nothing behind this link"
    assert "ask whoever sent it to you" in page.get_by_role("main").inner_text()
    picture(page, "share-absent")


def test_twenty_ordinary_messages_fit_60_kb(served: httpx.Client) -> None:
    url = link_to(served, TURNS * 5)
    page = httpx.get(url, headers={"accept": "text/html"})
    assert page.text.count("<article") == 20
    assert len(page.content) <= 60_000
