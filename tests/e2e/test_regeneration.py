"""A real model on this machine, asked over HTTP as a user of `make run` does."""

import time
from collections.abc import Iterator

import httpx
import pytest

from local.model.choice import installed
from tests.support.server import opened

pytestmark = pytest.mark.skipif(
    installed() is None, reason="no wheel of the local model for this platform"
)


@pytest.fixture(scope="module")
def alice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A user of a server with the model it brings by default."""
    with (
        opened(tmp_path_factory.mktemp("data"), MODEL="", MODEL_BASE_URL="") as api,
        api.client("alice") as client,
    ):
        yield client


def regenerate(alice: httpx.Client, path: str, body: dict[str, object]) -> httpx.Response:
    """Regenerate, as often as a client should while the model is still loading."""
    for _ in range(30):
        reply = alice.post(f"{path}/regenerate", json=body)
        if reply.status_code != 503:
            break
        time.sleep(1)
    return reply


def test_the_model_writes_a_new_version_and_the_rest_stays(alice: httpx.Client) -> None:
    items = [
        {"role": "user", "content": "What is the capital of France? Answer in one sentence."},
        {"role": "assistant", "content": "placeholder-answer"},
        {"role": "user", "content": "Thank you."},
    ]
    created = alice.post("/v1/conversations", json={"items": items}).raise_for_status().json()
    before = alice.get(f"/v1/conversations/{created['id']}").json()["items"]
    path = f"/v1/conversations/{created['id']}/items/{before[1]['id']}"

    reply = regenerate(alice, path, {"model": "claude-3-5-sonnet", "max_tokens": 60})

    assert reply.status_code == 200, reply.text
    item = reply.json()
    assert (item["id"], item["version"]) == (before[1]["id"], 2)
    assert item["model"] == "SmolLM2-135M-Instruct"
    assert item["content"].strip()
    assert item["content"] != "placeholder-answer"
    after = alice.get(f"/v1/conversations/{created['id']}").json()
    assert after["items"] == [before[0], item, before[2]]
    versions = alice.get(f"{path}/versions").json()["data"]
    assert [version["content"] for version in versions] == [item["content"], "placeholder-answer"]

    restored = alice.post(f"{path}/versions/1/restore").json()
    assert (restored["content"], restored["version"]) == ("placeholder-answer", 3)


def test_the_instructions_reach_the_model(alice: httpx.Client) -> None:
    """The same request twice, cold: it differs only by what the instructions say."""
    items = [
        {"role": "user", "content": "Say something."},
        {"role": "assistant", "content": "Something."},
    ]
    created = alice.post("/v1/conversations", json={"items": items}).json()
    listed = alice.get(f"/v1/conversations/{created['id']}/items", params={"limit": 1}).json()
    path = f"/v1/conversations/{created['id']}/items/{listed['data'][0]['id']}"

    def said(instructions: str) -> str:
        options = {"temperature": 0, "max_tokens": 40, "instructions": instructions}
        reply = regenerate(alice, path, options)
        assert reply.status_code == 200, reply.text
        return str(reply.json()["content"])

    assert said("You only talk about the sea.") != said("You only talk about mathematics.")


def test_a_title_is_improved_after_the_first_answer_and_a_users_is_not(
    alice: httpx.Client,
) -> None:
    items = [
        {"role": "user", "content": "Tell me about the city of Paris in France, please."},
        {"role": "assistant", "content": "Paris is the capital of France, on the river Seine."},
    ]
    # Three, for so small a model now and then makes a speech of it, and that is no title.
    automatic = [alice.post("/v1/conversations", json={"items": items}).json() for _ in range(3)]
    assert {each["title_source"] for each in automatic} == {"auto"}
    given = alice.post("/v1/conversations", json={"items": items, "title": "Mine"}).json()

    changed: list[dict[str, str]] = []
    deadline = time.monotonic() + 60
    while not changed and time.monotonic() < deadline:
        opened = [alice.get(f"/v1/conversations/{each['id']}") for each in automatic]
        # Told by the ETag, for the model may find the very title there was; it begins with "1".
        changed = [reply.json() for reply in opened if reply.headers["etag"] != '"1"']
        time.sleep(0.2)
    assert changed, "no better title in 60 s"
    assert {each["title_source"] for each in changed} == {"auto"}
    assert all(0 < len(each["title"]) <= 60 for each in changed)
    assert alice.get(f"/v1/conversations/{given['id']}").json()["title"] == "Mine"
