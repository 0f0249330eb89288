"""The examples as a newcomer pastes them, in both languages, against `make run`."""

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from tests.support.browser import CHROMIUM, chromium
from tests.support.functions import ROOT
from tests.support.model import Exchange, ModelServer, says, serving
from tests.support.server import Server

EXAMPLES = ROOT / "examples"
NODE = shutil.which("node")
LANGUAGES = [
    "python",
    pytest.param(
        "javascript", marks=pytest.mark.skipif(NODE is None, reason="Node.js is not installed")
    ),
]
either = pytest.mark.parametrize("language", LANGUAGES)
pytestmark = pytest.mark.local_only("it starts a server with a model of its own")


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    """A model that always says the same."""
    with serving(says("The castle first.")) as server:
        yield server


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, model: ModelServer) -> Iterator[Server]:
    """A server of our own that asks the model."""
    data = tmp_path_factory.mktemp("data")
    choice = {"MODEL": "fake-1", "MODEL_BASE_URL": model.url, "MODEL_TABLE": ""}
    with Server.started(data, **choice) as server:
        yield server


def command(language: str) -> str:
    """Return the line of the README that starts a tour."""
    text = (EXAMPLES / "README.md").read_text("utf-8")
    line: str
    (line,) = re.findall(rf"^\$ (COLLOQUY_TOKEN=.* examples/{language}/.*)$", text, re.MULTILINE)
    return line


def tour(language: str, server: Server, **environment: str) -> str:
    """Return what a tour prints, started as the README says."""
    done = subprocess.run(
        ["bash", "-c", command(language)],
        cwd=ROOT,
        env={**os.environ, "DATA": str(server.data), "COLLOQUY_URL": server.url, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def run(language: str, code: str, url: str, token: str = "") -> Any:
    """Return the JSON that a few lines print, which find the client as ``colloquy``."""
    if language == "python":
        words = [sys.executable, "-c", f"{PYTHON.format(url=url, token=token)}\n{code}"]
    else:
        words = [
            str(NODE),
            "--input-type=module",
            "-e",
            f"{JAVASCRIPT.format(url=url, token=token)}\n{code}",
        ]
    done = subprocess.run(
        words, cwd=EXAMPLES / language, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


PYTHON = """
import json
from colloquy_client import Colloquy, ColloquyError
colloquy = Colloquy({url!r}, {token!r})
"""
JAVASCRIPT = """
import {{ Colloquy, ColloquyError }} from "./colloquy.mjs";
const colloquy = new Colloquy({url!r}, {token!r});
"""


@either
def test_the_tour_leaves_what_it_says(language: str, served: Server, model: ModelServer) -> None:
    said = tour(language, served)

    assert "fake-1 says: The castle first." in said
    assert "'titel' is not a field of this request." in said
    assert "the other window is told: The message has changed" in said
    assert "version 3: What should I see in Lisbon with children?" in said
    assert "it shows: user, assistant" in said
    assert "as Markdown, it begins with: # Three days in Lisbon" in said
    assert "deleted: 2" in said
    asked = model.asked[-1]["messages"]
    assert asked[-1] == {"role": "user", "content": "What should I see in Lisbon with children?"}
    (trip,) = re.findall(r"a conversation in it: (\w+)", said)
    (back,) = re.findall(r"back under another id: (\w+)", said)
    links = re.findall(r"http://\S+/conversations/share/\w+", said)
    with served.client("alice") as alice:
        assert alice.get(f"/v1/conversations/{trip}").status_code == 404
        kept = alice.get("/v1/conversations", params={"limit": 1}).json()["data"]
        assert [(each["id"], each["title"]) for each in kept] == [(back, "Three days in Lisbon")]
        items = alice.get(f"/v1/conversations/{back}").json()["items"]
        assert [item["content"] for item in items[:2]] == [
            "What should I see in Lisbon with children?",
            "The castle first.",
        ]
        assert [item["version"] for item in items] == [3, 2, 1, 1]
        assert alice.get("/v1/projects").json()["data"] == []
    assert len(links) == 2
    assert [httpx.get(link).status_code for link in links] == [404, 404]


@pytest.mark.skipif(NODE is None, reason="Node.js is not installed")
def test_both_languages_tell_the_same(served: Server) -> None:
    python, javascript = (
        re.sub(r"\b[a-z_]+_[0-9a-v]{26}\b", "<id>", tour(language, served))
        for language in ("python", "javascript")
    )
    assert python == javascript


@either
def test_without_a_model_the_tour_says_so_and_goes_on(language: str, server: Server) -> None:
    said = tour(language, server)
    assert "no model answers (503): No model is set up here." in said
    assert "deleted: 2" in said


@either
def test_who_forgets_the_token_is_told(language: str, server: Server) -> None:
    line = command(language).partition(") ")[2]
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=ROOT,
        env={**os.environ, "COLLOQUY_URL": server.url, "COLLOQUY_TOKEN": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "Set COLLOQUY_TOKEN: `make -s token USER=alice` prints one.\n"


CREATE = {
    "python": 'print(json.dumps({"id": colloquy.create(title="x")["id"]}))',
    "javascript": """
        const made = await colloquy.create({ title: "x" });
        console.log(JSON.stringify({ id: made.id }));
    """,
}


@either
def test_a_busy_api_and_a_lost_answer_are_tried_again_with_the_same_key(language: str) -> None:
    def behave(exchange: Exchange) -> None:
        match len(exchange.server.asked):
            case 1:
                exchange.send(503, {"message": "Service Unavailable"}, Retry_After="0")
            case 2:
                exchange.break_off()
            case _:
                exchange.send(201, {"id": "conv_1"})

    with serving(behave) as api:
        assert run(language, CREATE[language], api.url) == {"id": "conv_1"}

    keys = [headers["idempotency-key"] for headers in api.headers]
    assert len(keys) == 3
    assert len(set(keys)) == 1


REFUSED = {
    "python": """
        try:
            colloquy.create(title="x")
        except ColloquyError as error:
            print(json.dumps([str(error), error.status, error.code, error.param]))
    """,
    "javascript": """
        const error = await colloquy.create({ title: "x" }).catch((error) => error);
        console.log(JSON.stringify([error.message, error.status, error.code, error.param]));
    """,
}


@either
@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (
            400,
            {"error": {"message": "No.", "code": "invalid_value", "param": "title"}},
            ["No.", 400, "invalid_value", "title"],
        ),
        (502, b"<html>", ["The server answered 502.", 502, None, None]),
    ],
)
def test_a_refusal_is_an_exception_and_not_tried_again(
    language: str, status: int, body: Any, told: list[Any]
) -> None:
    code = textwrap.dedent(REFUSED[language])
    with serving(lambda exchange: exchange.send(status, body)) as api:
        assert run(language, code, api.url) == told
    assert len(api.asked) == 1


EXPORT = {
    "python": """
        item = {"role": "user", "content": "漢字" * 50_000}
        long = colloquy.create(title="Long", items=[item] * 12)["id"]
        for _ in range(8):
            colloquy.send(long, item["role"], item["content"])
        files = list(colloquy.export(long))
        back = colloquy.import_conversation(files)
        colloquy.bulk_delete([long])
        print(json.dumps([len(files), back["item_count"]]))
    """,
    "javascript": """
        const item = { role: "user", content: "漢字".repeat(50_000) };
        const long = (await colloquy.create({ title: "Long", items: Array(12).fill(item) })).id;
        for (let n = 0; n < 8; n++) await colloquy.send(long, item.role, item.content);
        const files = [];
        for await (const file of colloquy.export(long)) files.push(file);
        const back = await colloquy.import(files);
        await colloquy.bulkDelete([long]);
        console.log(JSON.stringify([files.length, back.item_count]));
    """,
}


@either
def test_what_takes_several_files_comes_back_whole(language: str, server: Server) -> None:
    code = textwrap.dedent(EXPORT[language])
    token = server.token("alice of long conversations")
    files, count = run(language, code, server.url, token)
    assert files > 1
    assert count == 20


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
def test_the_javascript_client_works_in_a_browser_from_another_origin(
    server: Server, application: str
) -> None:
    with chromium() as browser:
        page = browser.new_page()
        page.goto(application)
        told = page.evaluate(IN_A_BROWSER, [server.url, server.token("alice in a browser")])

    assert told == ['"1"', "Hi", '"2"']


@pytest.fixture
def application() -> Iterator[str]:
    """The address of a web server that knows nothing but the folder of the JavaScript client."""
    handler = partial(Silent, directory=str(EXAMPLES / "javascript"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as web:
        thread = threading.Thread(target=web.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://localhost:{web.server_address[1]}/"
        web.shutdown()
        thread.join()


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


IN_A_BROWSER = """async ([url, token]) => {
    const { Colloquy } = await import("/colloquy.mjs");
    const colloquy = new Colloquy(url, token);
    const { id } = await colloquy.create({ title: "From a browser" });
    const item = await colloquy.send(id, "user", "Hello");
    const edited = await colloquy.edit(id, item.id, "Hi", { ifMatch: item.etag });
    await colloquy.delete(id);
    return [item.etag, edited.content, edited.etag];
}"""


RENEWING = {
    "python": """
tokens = {tokens!r}
colloquy = Colloquy(colloquy.url, lambda: tokens.pop(0))
try:
    colloquy.create()
except ColloquyError as error:
    refused = error.status
print(json.dumps([refused, colloquy.create(title="Renewed")["title"], len(tokens)]))
""",
    "javascript": """
const tokens = {tokens!r};
const renewing = new Colloquy(colloquy.url, async () => tokens.shift());
const refused = await renewing.create().catch((error) => error.status);
const made = await renewing.create({{ title: "Renewed" }});
console.log(JSON.stringify([refused, made.title, tokens.length]));
""",
}


@either
def test_an_expired_token_is_renewed_once(language: str, server: Server) -> None:
    expired = server.token("alice", "--expires-in", "-60")
    tokens = [expired, server.token("alice"), expired]
    code = RENEWING[language].format(tokens=tokens)
    # The first one that is given out is not renewed: it would not help.
    assert run(language, code, server.url) == [401, "Renewed", 1]
