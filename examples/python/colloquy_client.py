"""A client of Colloquy in one file, for Python 3.11 or newer: copy it into your application.

It needs the standard library only. To use httpx or requests instead, change ``_send``.
"""

import json
import random
import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from email.message import Message
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qsl, quote, urlencode, urlsplit
from urllib.request import Request, urlopen

_TIMEOUT_SECONDS = 35.0  # the API answers within 30, also when a model writes
_TRIES = 4
_LONGEST_PAUSE = 10.0
_BUSY = {429, 503}


class Answer(dict[str, Any]):
    """A JSON object of the API; ``etag`` names the state of it that was read."""

    etag: str | None = None


class ColloquyError(Exception):
    """The API said no: ``str(error)`` is a sentence for people, ``code`` is for programs."""

    def __init__(self, status: int, body: bytes, headers: Message) -> None:
        try:
            said = json.loads(body)
        except ValueError:  # not from the API, but from something in between
            said = {}
        # What API Gateway refuses by itself (a bad token, a throttle) has a message and no error.
        error = said.get("error") or said
        super().__init__(error.get("message") or f"The server answered {status}.")
        self.status = status
        self.code: str | None = error.get("code")
        self.param: str | None = error.get("param")
        self.request_id: str | None = error.get("request_id")
        self.retry_after = float(headers.get("Retry-After") or 0)


class Colloquy:
    """One user's conversations: ``token`` is theirs, or a function that returns a fresh one."""

    def __init__(self, url: str, token: str | Callable[[], str]) -> None:
        self.url = url.rstrip("/")
        self._fresh_token = token if callable(token) else None
        self._token = None if callable(token) else token

    # Conversations

    def create(self, **fields: Any) -> Answer:
        """Create a conversation: ``title``, ``project_id``, ``metadata``, first ``items``."""
        return self._call("POST", "/v1/conversations", fields)

    def conversations(self, **query: Any) -> Iterator[Answer]:
        """Yield every conversation, newest first: ``project_id``, ``order``, ``archived``."""
        return self._all("/v1/conversations", query)

    def open(self, conversation_id: str) -> Answer:
        """Return a conversation with all its messages, also where they need several answers."""
        path = _path("conversations", conversation_id)
        found = self._call("GET", path)
        if after := found["items_next_after"]:
            query = {"order": "asc", "limit": 100, "after": after}
            found["items"] += self._all(f"{path}/items", query)
        return found

    def update(self, conversation_id: str, *, if_match: str | None = None, **fields: Any) -> Answer:
        """Change ``title``, ``project_id``, ``metadata`` or ``archived``."""
        # POST does what PATCH does and takes an Idempotency-Key, so that it can be tried again.
        path = _path("conversations", conversation_id)
        return self._call("POST", path, fields, if_match=if_match)

    def delete(self, conversation_id: str) -> None:
        """Delete a conversation for good."""
        self._call("DELETE", _path("conversations", conversation_id))

    def bulk_delete(self, conversation_ids: list[str]) -> Answer:
        """Delete up to 100 conversations; those that could not be are in ``failed_ids``."""
        body = {"conversation_ids": conversation_ids}
        return self._call("POST", "/v1/conversations/bulk-delete", body)

    # Keeping records

    def export(self, conversation_id: str, form: str = "json") -> Iterator[str]:
        """Yield a conversation as a file, a very long one as several: json, markdown or html."""
        query = {"format": form}
        while True:
            path = f"{_path('conversations', conversation_id, 'export')}?{urlencode(query)}"
            headers, content = self._request("GET", path)
            yield content.decode()
            if not (next_one := re.search(r'<([^>]+)>; rel="next"', headers.get("Link", ""))):
                return
            query = dict(parse_qsl(urlsplit(next_one[1]).query))

    def import_conversation(self, files: Iterable[str]) -> Answer:
        """Return the conversation that JSON files of ``export`` become, in their order."""
        path, taken = "/v1/conversations/import", Answer()
        for file in files:
            upto = json.loads(file)["next_after"]
            while True:
                taken = self._call("POST", path, file)
                path = f"/v1/conversations/import?import_id={taken['id']}"
                # A part that takes long is taken bit by bit: it is sent until all of it is.
                if "next_after" not in taken or (upto and taken["next_after"] == upto):
                    break
        return taken

    # Messages

    def send(self, conversation_id: str, role: str, content: Any, **fields: Any) -> Answer:
        """Append a message; ``call_id`` is a reference of your own."""
        body = {"role": role, "content": content, **fields}
        return self._call("POST", _path("conversations", conversation_id, "items"), body)

    def messages(self, conversation_id: str, **query: Any) -> Iterator[Answer]:
        """Yield every message, newest first: ``order``, ``call_id``, ``limit`` of each page."""
        return self._all(_path("conversations", conversation_id, "items"), query)

    def message(self, conversation_id: str, item_id: str) -> Answer:
        """Return one message."""
        return self._call("GET", _path("conversations", conversation_id, "items", item_id))

    def edit(
        self, conversation_id: str, item_id: str, content: Any, *, if_match: str | None = None
    ) -> Answer:
        """Give a message another text; with ``if_match`` only in the state that ETag names."""
        # POST does what PUT does and takes an Idempotency-Key, so that it can be tried again.
        path = _path("conversations", conversation_id, "items", item_id, "edit")
        return self._call("POST", path, {"content": content}, if_match=if_match)

    def versions(self, conversation_id: str, item_id: str) -> Iterator[Answer]:
        """Yield every text a message has had, newest first."""
        return self._all(_path("conversations", conversation_id, "items", item_id, "versions"), {})

    def regenerate(self, conversation_id: str, item_id: str, **options: Any) -> Answer:
        """Have a model write an assistant's message anew: ``model``, ``instructions``, …."""
        path = _path("conversations", conversation_id, "items", item_id, "regenerate")
        return self._call("POST", path, options)

    def delete_message(self, conversation_id: str, item_id: str) -> None:
        """Delete one message; the others stay."""
        self._call("DELETE", _path("conversations", conversation_id, "items", item_id))

    # Share links

    def share(self, conversation_id: str, **options: Any) -> Answer:
        """Make a public link: ``expires_in`` seconds, ``read_only``, ``title``."""
        return self._call("POST", _path("conversations", conversation_id, "share"), options)

    def share_message(self, conversation_id: str, item_id: str, **options: Any) -> Answer:
        """Make a public link to one message: ``expires_in``, ``include_context``."""
        path = _path("conversations", conversation_id, "items", item_id, "share")
        return self._call("POST", path, options)

    def shared(self, share_id: str) -> Answer:
        """Return what everybody sees who has the link."""
        return self._call("GET", f"/conversations/share/{quote(share_id)}?format=json")

    def revoke(self, conversation_id: str, share_id: str) -> None:
        """End a link now."""
        self._call("DELETE", _path("conversations", conversation_id, "share", share_id))

    # Projects

    def create_project(self, title: str, **fields: Any) -> Answer:
        """Create a project: ``description``, and ``instructions`` for the model."""
        return self._call("POST", "/v1/projects", {"title": title, **fields})

    def project_conversations(self, project_id: str) -> Iterator[Answer]:
        """Yield the conversations that are filed in a project."""
        return self._all(_path("projects", project_id, "conversations"), {})

    def delete_project(self, project_id: str) -> None:
        """Delete a project; its conversations stay."""
        self._call("DELETE", _path("projects", project_id))

    def _all(self, path: str, query: Mapping[str, Any]) -> Iterator[Answer]:
        """Yield what a list holds, page after page."""
        after = query.get("after")
        while True:
            page = self._call("GET", f"{path}?{_query({**query, 'after': after})}")
            yield from page["data"]
            after = page["next_after"]
            if after is None:
                return

    def _call(
        self, method: str, path: str, body: Any = None, *, if_match: str | None = None
    ) -> Answer:
        headers, content = self._request(method, path, body, if_match)
        answer = Answer(json.loads(content or b"{}"))
        answer.etag = headers.get("ETag")
        return answer

    def _request(
        self, method: str, path: str, body: Any = None, if_match: str | None = None
    ) -> tuple[Message, bytes]:
        """Send a request until it is answered, but not for ever.

        Raises:
            ColloquyError: the API refused it, or is still busy.
            OSError: the API could not be reached.
        """
        headers: dict[str, str] = {}
        if method == "POST":
            # The same key each time: a try whose answer was lost is not done again.
            headers["Idempotency-Key"] = str(uuid.uuid4())
        if if_match is not None:
            headers["If-Match"] = if_match
        for attempt in range(1, _TRIES + 1):
            pause = random.uniform(0.5, 1) * 2 ** (attempt - 1)  # noqa: S311 - spreads retries
            is_renewable = self._fresh_token is not None and self._token is not None
            headers["Authorization"] = f"Bearer {self._current_token()}"
            try:
                return self._send(method, path, headers, body)
            except ColloquyError as error:
                if error.status == 401 and is_renewable:
                    self._token = None  # it has expired: once more, with a fresh one
                    continue
                if method == "DELETE" and error.status == 404 and attempt > 1:
                    return Message(), b""  # an earlier try did it, only its answer was lost
                pause = max(pause, error.retry_after)
                if error.status not in _BUSY or attempt == _TRIES or pause > _LONGEST_PAUSE:
                    raise
            except (OSError, HTTPException):  # no connection, or none for long enough
                if attempt == _TRIES:
                    raise
            time.sleep(pause)
        raise AssertionError("unreachable: the last try returns or raises")

    def _current_token(self) -> str | None:
        if self._token is None and self._fresh_token is not None:
            self._token = self._fresh_token()
        return self._token

    def _send(
        self, method: str, path: str, headers: Mapping[str, str], body: Any
    ) -> tuple[Message, bytes]:
        request = Request(self.url + path, method=method, headers=dict(headers))  # noqa: S310
        if body is not None:
            text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
            request.data = text.encode()
            request.add_header("Content-Type", "application/json")
        try:
            with urlopen(request, timeout=_TIMEOUT_SECONDS) as reply:  # noqa: S310
                return reply.headers, reply.read()
        except HTTPError as refusal:
            with refusal:
                raise ColloquyError(refusal.code, refusal.read(), refusal.headers) from None


def _path(*parts: str) -> str:
    return "/v1/" + "/".join(quote(part, safe="") for part in parts)


def _query(query: Mapping[str, Any]) -> str:
    return urlencode({name: value for name, value in query.items() if value is not None})
