"""What the cost page prices: operations as calls of the API, whoever serves it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from tests.support.client import Client, Reply

Call = Callable[[], Reply]

MESSAGE: Final = "x" * 500
PAGE: Final = 20


class Ground(Protocol):
    """Where operations are run: a user's client, and a conversation there is."""

    client: Client
    path: str

    def talk(self) -> str:
        """Return the path of a new conversation of 20 messages."""


@dataclass(frozen=True)
class Operation:
    """A call, and what makes ready for it."""

    name: str
    function: str
    """The function that answers, by its logical id in template.yaml."""
    prepare: Callable[[Ground], Call]
    later: str | None = None
    """The function that goes on when it has been answered."""
    size: int = 1
    """How many of its kind one call does."""


def _create(ground: Ground) -> Call:
    return partial(ground.client.post, "/v1/conversations", {"title": "A title"})


def _append(role: str, ground: Ground) -> Call:
    body = {"role": role, "content": MESSAGE}
    return partial(ground.client.post, f"{ground.path}/items", body)


def _edit(ground: Ground) -> Call:
    path = f"{ground.path}/items/{_append('user', ground)().body['id']}/edit"
    return partial(ground.client.put, path, {"content": MESSAGE[::-1]})


def _list_messages(ground: Ground) -> Call:
    return partial(ground.client.get, f"{ground.path}/items")


def _open(ground: Ground) -> Call:
    return partial(ground.client.get, ground.talk())


def _list_conversations(ground: Ground) -> Call:
    while ground.client.get("/v1/conversations").body["next_after"] is None:
        title = "What people call a conversation, in a line"
        ground.client.post("/v1/conversations", {"title": title})
    return partial(ground.client.get, "/v1/conversations")


def _share(ground: Ground) -> Call:
    return partial(ground.client.post, f"{ground.path}/share")


def _view(form: str, ground: Ground) -> Call:
    share = _share(ground)().body["share_id"]
    return partial(ground.client.get, f"/conversations/share/{share}", format=form)


def delete(ground: Ground) -> Call:
    """Make ready for deleting one conversation of 20 messages."""
    return partial(ground.client.delete, ground.talk())


def _delete_many(ground: Ground) -> Call:
    ids = [ground.talk().rpartition("/")[2] for _ in range(100)]
    body = {"conversation_ids": ids}
    return partial(ground.client.post, "/v1/conversations/bulk-delete", body)


CONVERSATIONS: Final = "ConversationsFunction"
ITEMS: Final = "ItemsFunction"
SHARES: Final = "SharesFunction"
PUBLIC: Final = "PublicFunction"
TITLES: Final = "TitlesFunction"
PURGE: Final = "PurgeFunction"
VIEWS: Final = "ViewsFunction"
CLEANUP: Final = "CleanupFunction"

OPERATIONS: Final = (
    Operation("Conversations created", CONVERSATIONS, _create),
    Operation("Messages of users", ITEMS, partial(_append, "user")),
    Operation("Messages of assistants", ITEMS, partial(_append, "assistant"), later=TITLES),
    Operation("Messages edited", ITEMS, _edit),
    Operation("Reads: the 20 newest messages", ITEMS, _list_messages),
    Operation("Reads: a conversation of 20 messages", CONVERSATIONS, _open),
    Operation("Reads: 20 conversations", CONVERSATIONS, _list_conversations),
    Operation("Share links made", SHARES, _share, later=CLEANUP),
    Operation("Share links viewed as a page", PUBLIC, partial(_view, "html"), later=VIEWS),
    Operation("Share links viewed as JSON", PUBLIC, partial(_view, "json"), later=VIEWS),
    Operation("Conversations of 20 messages deleted", CONVERSATIONS, delete, later=PURGE),
    Operation("… 100 with each request", CONVERSATIONS, _delete_many, later=PURGE, size=100),
)

IN_LONG_ONES: Final = (
    "Messages of users",
    "Messages edited",
    "Reads: the 20 newest messages",
    "Share links made",
    "Share links viewed as a page",
)
"""What is counted once more in a conversation as long as one can be."""
