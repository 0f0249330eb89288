"""A conversation: its header, which every read starts from and every message counts into."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal

from colloquy.domain.page import answer_bytes

MAX_MESSAGES: Final = 10_000
"""Messages per conversation: the guide, "Limitations & Known Issues"."""
MAX_ITEMS_PER_WRITE: Final = 20
MAX_TITLE: Final = 256
MAX_PADDED_TITLE: Final = 1_024
"""Characters of a title as it is sent, a project's too: it is kept verbatim, and the spaces around
it would else fill its row (DynamoDB: 400 KB) and every list it stands in."""
UNKNOWN_ITEM: Final = "unknown"
"""``title_item`` of an imported conversation: an export does not name the title's source."""
MAX_METADATA_PAIRS: Final = 16
MAX_METADATA_KEY: Final = 64
MAX_METADATA_VALUE: Final = 512

TitleSource = Literal["user", "auto"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A conversation without its messages.

    ``revision`` goes up with every change, messages included: it is the ETag. ``newest_item`` is
    the id of the last message ever written, and stays when that message is deleted.
    ``title_item`` is the id of the message that the automatic title was taken from, kept when the
    user gives another title; ``title_epoch`` counts how often such a message was edited or deleted,
    so that a link made under an automatic title can tell whether it may still show it.
    ``title_tries`` is how often a model was asked for a better title from that message.
    """

    id: str
    owner_id: str
    created_at: datetime
    updated_at: datetime
    title: str | None = None
    title_source: TitleSource | None = None
    title_tries: int = 0
    title_item: str | None = None
    title_epoch: int = 0
    project_id: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    item_count: int = 0
    archived: bool = False
    revision: int = 1
    newest_item: str | None = None

    @property
    def etag(self) -> str:
        """The entity tag of this state, quotes included."""
        return f'"{self.revision}"'

    @property
    def answer_bytes(self) -> int:
        """What the header takes of an answer (``page.MAX_ANSWER_BYTES``)."""
        return answer_bytes(self.title, dict(self.metadata))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationChanges:
    """What an update changes: a field that is not in ``fields`` stays as it is.

    ``fields`` holds ``title``, ``project_id`` (None takes it out of its project), ``metadata``
    (replaces) and ``archived``, as far as the client sent them.
    """

    fields: Mapping[str, Any]

    @property
    def files_it(self) -> bool:
        """Whether the update puts the conversation into a project, which must then exist."""
        return self.fields.get("project_id") is not None

    def apply_to(self, conversation: Conversation, now: datetime) -> Conversation:
        """Return the conversation as it is after the update."""
        source: Mapping[str, Any] = {"title_source": "user"} if "title" in self.fields else {}
        return replace(
            conversation,
            **self.fields,
            **source,
            updated_at=now,
            revision=conversation.revision + 1,
        )
