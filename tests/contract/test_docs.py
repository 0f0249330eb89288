"""The pages for people agree with the code: links, endpoints, decisions and tests they name."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.functions import ROOT, declared

DOCS = ROOT / "docs"
DECISIONS = DOCS / "adr"
PAGES = sorted(
    page
    for page in [*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *ROOT.glob("examples/**/*.md")]
    if "node_modules" not in page.parts
)
EACH_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    text = _FENCE.sub("", page.read_text("utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each).strip().lower().replace(" ", "-") for each in headings}


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """Yield file and anchor of each link of a page that leads into this repository."""
    for target in _LINK.findall(_FENCE.sub("", page.read_text("utf-8"))):
        if not re.match(r"[a-z]+:", target):
            path, _, anchor = target.partition("#")
            yield (page.parent / path).resolve() if path else page, anchor


@EACH_PAGE
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    for target, anchor in links(page):
        assert target.exists(), f"{target} does not exist"
        if anchor:
            assert anchor in anchors(target), f"{target} has no heading #{anchor}"


def test_the_readme_is_short_and_links_every_page_of_docs() -> None:
    readme = ROOT / "README.md"
    assert len(readme.read_text("utf-8").splitlines()) <= 150
    linked = {target for target, _ in links(readme)}
    assert {*DOCS.glob("*.md"), DECISIONS / "README.md"} <= linked


def test_the_page_on_the_api_lists_every_route_and_no_other() -> None:
    text = (DOCS / "api.md").read_text("utf-8")
    listed = re.findall(r"^\| `([A-Z]+ /\S*)` \|", text, re.MULTILINE)
    assert len(listed) == len(set(listed))
    # A HEAD is its GET without the body, and goes without saying.
    routes = {route.key for route in declared().routes if route.method != "HEAD"} - {"$default"}
    assert set(listed) == routes


def test_commands_work_with_another_port() -> None:
    for page in PAGES:
        for line in page.read_text("utf-8").splitlines():
            if re.search(r"\bcurl\b.*localhost|localhost:\d+/v1/", line):
                assert "MODEL_BASE_URL=" in line, f"{page.name}: use $API in {line}"


def test_every_test_that_the_page_on_security_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", (DOCS / "security.md").read_text("utf-8")))
    defined = {
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)", file.read_text("utf-8"))
    }
    assert named
    assert named <= defined, f"renamed or removed: {sorted(named - defined)}"


def test_the_index_of_decisions_lists_each_with_its_title() -> None:
    index = (DECISIONS / "README.md").read_text("utf-8")
    listed = dict(re.findall(r"^- \[(\d+\. .+?)\]\((\S+)\)", index, re.MULTILINE))
    files = [page for page in DECISIONS.glob("*.md") if page.name != "README.md"]
    titles = {
        page.read_text("utf-8").partition("\n")[0].removeprefix("# "): page.name for page in files
    }
    assert listed == titles, "list each decision in docs/adr/README.md, by its title"
