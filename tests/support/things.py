"""Things a user has, for tests that need ids of what is really there."""

from collections.abc import Iterable
from typing import Any

import httpx

_TURNS = [
    {"role": "user", "content": "What is the capital of France?"},
    {"role": "assistant", "content": "I am not sure."},
]


class Things:
    """Makes what the parameters of a path name, and keeps it for requests that leave it."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self._kept: dict[frozenset[str], dict[str, str]] = {}

    @property
    def url(self) -> str:
        """Where the API is."""
        return str(self._client.base_url).rstrip("/")

    @property
    def headers(self) -> dict[str, str]:
        """The token of the user."""
        return {"Authorization": self._client.headers["Authorization"]}

    def named(self, names: Iterable[str], *, anew: bool) -> dict[str, str]:
        """Return what the parameters of these names are for things that are there."""
        wanted = frozenset(names)
        if anew or wanted not in self._kept:
            self._kept[wanted] = self._named(wanted)
        return self._kept.pop(wanted) if anew else self._kept[wanted]

    def _named(self, wanted: frozenset[str]) -> dict[str, str]:
        found = {"version": "1"}
        if "model" in wanted:
            models = self._client.get("/openai/v1/models").raise_for_status().json()
            found["model"] = models["data"][0]["id"]
        if "project_id" in wanted:
            found["project_id"] = self._made("/v1/projects", title="Geography")["id"]
        if wanted & {"conversation_id", "item_id", "share_id"}:
            made = self._made("/v1/conversations", items=_TURNS)
            path = f"/v1/conversations/{made['id']}"
            found["conversation_id"] = made["id"]
            if "item_id" in wanted:
                found["item_id"] = self._client.get(path).json()["items"][1]["id"]
            if "share_id" in wanted:
                found["share_id"] = self._made(f"{path}/share", read_only=False)["share_id"]
        return {name: value for name, value in found.items() if name in wanted}

    def _made(self, path: str, **body: Any) -> dict[str, Any]:
        made: dict[str, Any] = self._client.post(path, json=body).raise_for_status().json()
        return made
