"""Any sequence of requests leaves the API in the state that a model in memory expects."""

import os
from typing import Any, Final, cast

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from local.template.event_patterns import matches_any
from tests.stateful.model import OWNERS, Conversation, Link, Message, Model
from tests.support.client import Client, Context, Reply
from tests.support.exports import exported, imported
from tests.support.functions import declared, dispatch, handler_of
from tests.support.in_process import Database, wired

_EXAMPLES: Final = os.environ.get("STATEFUL_EXAMPLES")

owners = st.sampled_from(OWNERS)
picks = st.integers(0, 9_999)
texts = st.text(min_size=1, max_size=40).filter(lambda text: text.strip() != "")
roles = st.sampled_from(["user", "assistant", "system"])
call_ids = st.none() | st.sampled_from(["call_1", "call#2"])
messages = st.builds(
    lambda role, content, call_id: {
        "role": role,
        "content": content,
        **({"call_id": call_id} if call_id else {}),
    },
    roles,
    texts,
    call_ids,
)


class Api(RuleBasedStateMachine):
    """Requests of two owners, each compared with what the model expects of it."""

    @initialize()
    def start(self) -> None:
        self.model = Model()
        self.database = Database()
        self.wiring = wired(self.database)
        self.wiring.__enter__()
        self.clients = {owner: Client(dispatch, owner) for owner in OWNERS}
        self.anyone = Client(dispatch, None)
        self.keys = dict.fromkeys(OWNERS, 0)
        first = [{"role": role, "content": role} for role in ("user", "assistant", "user")]
        for owner in OWNERS:
            self.create(owner, "Begun", first, {})
            self.create_project(owner)
        self.share(pick=1, is_read_only=False)

    def teardown(self) -> None:
        try:
            for conversation_id in list(self.model.conversations):
                self._compare(conversation_id)
            self._purge()
            self._compare_rows()
        finally:
            self.wiring.__exit__(None, None, None)

    # Conversations

    @rule(
        owner=owners,
        title=st.none() | st.text("abc ", min_size=1, max_size=9).filter(str.strip),
        first=st.lists(messages, max_size=3),
        metadata=st.dictionaries(st.text("xyz", min_size=1, max_size=2), texts, max_size=2),
    )
    def create(
        self, owner: str, title: str | None, first: list[Any], metadata: dict[str, str]
    ) -> None:
        body: dict[str, Any] = {"metadata": metadata, "items": first}
        if title is not None:
            body["title"] = title
        reply = self._post_twice(owner, "/v1/conversations", body)
        assert reply.status == 201, reply.text
        conversation_id: str = reply.body["id"]
        conversation = Conversation(owner, title, None, metadata)
        self.model.know_conversation(conversation_id, conversation)
        read = self.clients[owner].get(f"/v1/conversations/{conversation_id}").body["items"]
        self._add(conversation_id, [item["id"] for item in read], first)

    @rule(pick=picks)
    def open(self, pick: int) -> None:
        owner, conversation_id = self.model.choose_conversation(pick)
        if self.model.conversation(owner, conversation_id) is not None:
            self._compare(conversation_id)
        else:
            assert self.clients[owner].get(f"/v1/conversations/{conversation_id}").status == 404

    @rule(
        pick=picks,
        title=st.text("abc", min_size=1, max_size=9),
        archived=st.booleans(),
    )
    def change(self, pick: int, title: str, archived: bool) -> None:  # noqa: FBT001 - hypothesis passes by name
        owner, conversation_id = self.model.choose_conversation(pick)
        body = {"title": title, "archived": archived}
        reply = self.clients[owner].patch(f"/v1/conversations/{conversation_id}", body)
        conversation = self.model.conversation(owner, conversation_id)
        assert reply.status == (200 if conversation else 404)
        if conversation:
            conversation.title, conversation.archived = title, archived

    @rule(pick=picks)
    def delete(self, pick: int) -> None:
        owner, conversation_id = self.model.choose_conversation(pick)
        reply = self.clients[owner].delete(f"/v1/conversations/{conversation_id}")
        is_there = self.model.conversation(owner, conversation_id) is not None
        assert reply.status == (204 if is_there else 404)
        if is_there:
            del self.model.conversations[conversation_id]

    @rule(owner=owners, chosen=st.lists(picks, min_size=1, max_size=3))
    def delete_many(self, owner: str, chosen: list[int]) -> None:
        named = [self.model.choose_conversation(pick)[1] for pick in chosen]
        reply = self._post_twice(
            owner, "/v1/conversations/bulk-delete", {"conversation_ids": named}
        )
        once = list(dict.fromkeys(named))
        gone = [each for each in once if self.model.conversation(owner, each)]
        assert reply.status == 200
        assert reply.body["deleted_count"] == len(gone)
        assert reply.body["failed_ids"] == [each for each in once if each not in gone]
        for each in gone:
            del self.model.conversations[each]

    @rule(owner=owners, limit=st.integers(1, 3), order=st.sampled_from(["asc", "desc"]))
    def list_conversations(self, owner: str, limit: int, order: str) -> None:
        found: list[Any] = self._all_pages(owner, "/v1/conversations", limit, order, archived="all")
        expected = self.model.owned(owner)
        ids = [*expected] if order == "desc" else [*expected][::-1]
        assert [each["id"] for each in found] == ids
        counts = {each["id"]: each["item_count"] for each in found}
        assert counts == {each: len(kept.messages) for each, kept in expected.items()}

    # Messages

    @rule(
        pick=picks,
        drafts=st.lists(messages, min_size=1, max_size=3),
    )
    def append(self, pick: int, drafts: list[Any]) -> None:
        owner, conversation_id = self.model.choose_conversation(pick)
        path = f"/v1/conversations/{conversation_id}/items"
        reply = self._post_twice(owner, path, {"items": drafts})
        conversation = self.model.conversation(owner, conversation_id)
        if conversation is None:
            assert reply.status == 404
            return
        assert reply.status == 201, reply.text
        ids = [item["id"] for item in reply.body["data"]]
        self._add(conversation_id, ids, drafts)

    @rule(pick=picks, text=texts)
    def edit(self, pick: int, text: str) -> None:
        owner, *at = self.model.choose_message(pick)
        reply = self._post_twice(owner, f"{_path(*at)}/edit", {"content": text})
        message = self.model.message(owner, *at)
        assert reply.status == (200 if message else 404)
        if message:
            message.texts.append(text)
            assert reply.body["version"] == len(message.texts)

    @rule(pick=picks, version=st.integers(1, 3))
    def restore(self, pick: int, version: int) -> None:
        owner, *at = self.model.choose_message(pick)
        reply = self._post_twice(owner, f"{_path(*at)}/versions/{version}/restore", None)
        message = self.model.message(owner, *at)
        is_possible = message is not None and version <= len(message.texts)
        assert reply.status == (200 if is_possible else 404)
        if message and is_possible:
            message.texts.append(message.texts[version - 1])

    @rule(pick=picks)
    def read_versions(self, pick: int) -> None:
        owner, *at = self.model.choose_message(pick)
        message = self.model.message(owner, *at)
        reply = self.clients[owner].get(f"{_path(*at)}/versions", limit=100)
        assert reply.status == (200 if message else 404)
        if message:
            assert [each["content"] for each in reply.body["data"]] == message.texts[::-1]

    @rule(pick=picks)
    def delete_message(self, pick: int) -> None:
        owner, *at = self.model.choose_message(pick)
        reply = self.clients[owner].delete(_path(*at))
        is_there = self.model.message(owner, *at) is not None
        assert reply.status == (204 if is_there else 404)
        if is_there:
            del self.model.conversations[at[0]].messages[at[1]]

    @rule(
        pick=picks,
        limit=st.integers(1, 4),
        order=st.sampled_from(["asc", "desc"]),
        call_id=call_ids,
    )
    def list_messages(self, pick: int, limit: int, order: str, call_id: str | None) -> None:
        owner, conversation_id = self.model.choose_conversation(pick)
        conversation = self.model.conversation(owner, conversation_id)
        path = f"/v1/conversations/{conversation_id}/items"
        named = {"call_id": call_id} if call_id else {}
        if conversation is None:
            assert self.clients[owner].get(path, **named).status == 404
            return
        found = self._all_pages(owner, path, limit, order, **named)
        ids = conversation.by_call_id(call_id) if call_id else [*conversation.messages]
        assert [each["id"] for each in found] == (ids if order == "asc" else ids[::-1])

    # Projects

    @rule(owner=owners)
    def create_project(self, owner: str) -> None:
        reply = self._post_twice(owner, "/v1/projects", {"title": "Work"})
        assert reply.status == 201
        project_id: str = reply.body["id"]
        self.model.know_project(project_id, owner)

    @rule(pick=picks, project=st.none() | picks)
    def file(self, pick: int, project: int | None) -> None:
        owner, conversation_id = self.model.choose_conversation(pick)
        project_id = self.model.choose_project(project)[1] if project is not None else None
        reply = self.clients[owner].patch(
            f"/v1/conversations/{conversation_id}", {"project_id": project_id}
        )
        conversation = self.model.conversation(owner, conversation_id)
        is_possible = project_id is None or self.model.projects.get(project_id) == owner
        assert reply.status == (200 if conversation and is_possible else 404)
        if conversation and is_possible:
            conversation.project = project_id

    @rule(pick=picks, together=st.booleans())
    def delete_project(self, pick: int, together: bool) -> None:  # noqa: FBT001 - hypothesis passes by name
        owner, project_id = self.model.choose_project(pick)
        query = {"conversations": "delete"} if together else {}
        reply = self.clients[owner].delete(f"/v1/projects/{project_id}", **query)
        is_theirs = self.model.projects.get(project_id) == owner
        assert reply.status == (204 if is_theirs else 404)
        for conversation_id, conversation in self.model.owned(owner).items():
            if is_theirs and conversation.project == project_id:
                conversation.project = None
                if together:
                    del self.model.conversations[conversation_id]
        if is_theirs:
            del self.model.projects[project_id]

    # Links

    @rule(pick=picks, is_read_only=st.booleans())
    def share(self, pick: int, is_read_only: bool) -> None:  # noqa: FBT001 - hypothesis passes by name
        owner, conversation_id = self.model.choose_conversation(pick)
        path = f"/v1/conversations/{conversation_id}/share"
        reply = self._post_twice(owner, path, {"read_only": is_read_only})
        if self.model.conversation(owner, conversation_id) is None:
            assert reply.status == 404
            return
        share_id: str = reply.body["share_id"]
        shown = self.model.snapshot(conversation_id)
        self.model.know_link(share_id, Link(owner, conversation_id, is_read_only, shown))

    @rule(pick=picks)
    def view(self, pick: int) -> None:
        _, share_id = self.model.choose_link(pick)
        reply = self.anyone.get(f"/conversations/share/{share_id}")
        expected = self.model.shown(share_id)
        assert reply.status == (404 if expected is None else 200)
        if expected is not None:
            assert [item["content"] for item in reply.body["items"]] == expected

    @rule(pick=picks, text=texts)
    def write_through(self, pick: int, text: str) -> None:
        _, share_id = self.model.choose_link(pick)
        link = self.model.links[share_id]
        viewer = next(owner for owner in OWNERS if owner != link.owner)
        reply = self._post_twice(viewer, f"/v1/shares/{share_id}/items", {"content": text})
        if self.model.shown(share_id) is None:
            assert reply.status == 404
        elif link.is_read_only:
            assert reply.status == 403
        else:
            assert reply.status == 201, reply.text
            item_id = reply.body["id"]
            self.model.know_message(link.conversation, item_id, Message("user", [text]))
            link.texts[item_id] = text

    @rule(pick=picks)
    def revoke(self, pick: int) -> None:
        owner, share_id = self.model.choose_link(pick)
        link = self.model.links[share_id]
        is_theirs = link.owner == owner and self.model.shown(share_id) is not None
        reply = self.clients[owner].delete(f"/v1/shares/{share_id}")
        # A link of a conversation that is gone may still be known to its owner.
        if self.model.shown(share_id) is not None or link.owner != owner:
            assert reply.status == (204 if is_theirs else 404)
        if link.owner == owner:
            link.is_revoked = True

    # Copies

    @rule(pick=picks)
    def export_and_import(self, pick: int) -> None:
        owner, conversation_id = self.model.choose_conversation(pick)
        source = self.model.conversation(owner, conversation_id)
        client = self.clients[owner]
        if source is None:
            assert client.get(f"/v1/conversations/{conversation_id}/export").status == 404
            return
        new_id = imported(client, exported(client, conversation_id))
        read = client.get(f"/v1/conversations/{new_id}").body["items"]
        copies = [
            Message(kept.role, [*kept.texts], kept.call_id) for kept in source.messages.values()
        ]
        ids = [item["id"] for item in read]
        messages = dict(zip(ids, copies, strict=True))
        copy = Conversation(
            owner, source.title, source.project, source.metadata, source.archived, messages
        )
        self.model.know_conversation(new_id, copy)

    # The stream

    @rule()
    def purge(self) -> None:
        self._purge()

    # What the rules share

    def _post_twice(self, owner: str, path: str, body: Any) -> Reply:
        """Send a request, and again with the same key: the first response comes again."""
        self.keys[owner] += 1
        headers = {"idempotency-key": f"key-{self.keys[owner]}"}
        first = self.clients[owner].post(path, body, headers=headers)
        again = self.clients[owner].post(path, body, headers=headers)
        assert (again.status, again.text) == (first.status, first.text) or first.status >= 400
        assert again.status == first.status
        assert ("idempotent-replayed" in again.headers) == (first.status < 300)
        return first

    def _all_pages(self, owner: str, path: str, limit: int, order: str, **query: Any) -> list[Any]:
        found: list[Any] = []
        after: dict[str, str] = {}
        while True:
            query = {**query, **after, "limit": limit, "order": order}
            page = self.clients[owner].get(path, **query).body
            found += page["data"]
            assert page["has_more"] == (page["next_after"] is not None)
            if not page["has_more"]:
                return found
            after = {"after": page["next_after"]}

    def _add(self, conversation_id: str, ids: list[str], drafts: list[Any]) -> None:
        for item_id, draft in zip(ids, drafts, strict=True):
            message = Message(draft["role"], [draft["content"]], draft.get("call_id"))
            self.model.know_message(conversation_id, item_id, message)

    def _compare(self, conversation_id: str) -> None:
        """Compare a conversation as it is read with what the model holds."""
        expected = self.model.conversations[conversation_id]
        read = self.clients[expected.owner].get(f"/v1/conversations/{conversation_id}").body
        assert read["item_count"] == len(read["items"]) == len(expected.messages)
        assert read["project_id"] == expected.project
        assert read["metadata"] == expected.metadata
        assert read["archived"] == expected.archived
        if expected.title is not None:
            assert (read["title"], read["title_source"]) == (expected.title, "user")
        for item, (item_id, message) in zip(read["items"], expected.messages.items(), strict=True):
            assert (item["id"], item["content"]) == (item_id, message.content)
            assert (item["role"], item["call_id"]) == (message.role, message.call_id)
            assert item["version"] == len(message.texts)

    def _purge(self) -> None:
        (mapping,) = (each for each in declared().streams if each.function == "PurgeFunction")
        while records := [
            record for record in self.database.new_records() if matches_any(mapping.filters, record)
        ]:
            reply = handler_of("PurgeFunction")({"Records": records}, Context())
            assert reply["batchItemFailures"] == []

    def _compare_rows(self) -> None:
        """Compare the rows that are left with what the model holds."""
        rows = self.database.rows()
        kept = {row["id"] for row in rows if row["type"] == "conversation"}
        items = [row["id"] for row in rows if row["type"] == "item"]
        assert kept == set(self.model.conversations)
        assert sorted(items) == sorted(
            item_id for each in self.model.conversations.values() for item_id in each.messages
        )
        versions = sum(row["type"] == "version" for row in rows)
        assert versions == sum(
            len(message.texts) - 1
            for each in self.model.conversations.values()
            for message in each.messages.values()
        )
        linked = {row["conversation_id"] for row in rows if row["type"] == "share"}
        assert linked <= kept


def _path(conversation_id: str, item_id: str) -> str:
    return f"/v1/conversations/{conversation_id}/items/{item_id}"


TestApi = cast("Any", Api).TestCase
TestApi.settings = settings(
    max_examples=int(_EXAMPLES or 80),
    stateful_step_count=40,
    derandomize=_EXAMPLES is None,
    deadline=None,
    database=None,
    # Shrinking a run of forty requests takes minutes: where somebody asked for a longer run.
    phases=[Phase.generate, Phase.shrink] if _EXAMPLES else [Phase.generate],
    suppress_health_check=list(HealthCheck),
)
