"""What the API is expected to hold: a conversation store in memory, as simple as can be."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

OWNERS: Final = ("alice", "bob")


@dataclass
class Message:
    """A message, and every text it has had."""

    role: str
    texts: list[str]
    call_id: str | None = None

    @property
    def content(self) -> str:
        return self.texts[-1]


@dataclass
class Conversation:
    """A conversation with its messages by id, in reading order."""

    owner: str
    title: str | None
    project: str | None
    metadata: dict[str, str]
    archived: bool = False
    messages: dict[str, Message] = field(default_factory=dict)

    def by_call_id(self, call_id: str) -> list[str]:
        """Return the ids of the messages that have a call_id."""
        return [each for each, message in self.messages.items() if message.call_id == call_id]


@dataclass
class Link:
    """A link, and what was there when it was made."""

    owner: str
    conversation: str
    is_read_only: bool
    texts: dict[str, str]
    is_revoked: bool = False


@dataclass
class Model:
    """Everything that owners have, and everything they ever had: what is gone must look absent."""

    conversations: dict[str, Conversation] = field(default_factory=dict)
    projects: dict[str, str] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    known: dict[str, list[tuple[str, ...]]] = field(default_factory=lambda: defaultdict(list))

    def know_conversation(self, conversation_id: str, conversation: Conversation) -> None:
        """Take in a new conversation, and the messages it begins with."""
        self.conversations[conversation_id] = conversation
        self.known["conversations"].append((conversation.owner, conversation_id))
        for item_id, message in conversation.messages.items():
            self.know_message(conversation_id, item_id, message)

    def know_message(self, conversation_id: str, item_id: str, message: Message) -> None:
        """Take in a new message."""
        conversation = self.conversations[conversation_id]
        conversation.messages[item_id] = message
        self.known["messages"].append((conversation.owner, conversation_id, item_id))

    def know_project(self, project_id: str, owner: str) -> None:
        """Take in a new project."""
        self.projects[project_id] = owner
        self.known["projects"].append((owner, project_id))

    def know_link(self, share_id: str, link: Link) -> None:
        """Take in a new link."""
        self.links[share_id] = link
        self.known["links"].append((link.owner, share_id))

    def choose_conversation(self, pick: int) -> tuple[str, str]:
        """Return who asks for which conversation: mostly an owner for one that is there."""
        caller, conversation_id = self._choose("conversations", pick, self.conversation)
        return caller, conversation_id

    def choose_message(self, pick: int) -> tuple[str, str, str]:
        """Return who asks for which message of which conversation."""
        caller, conversation_id, item_id = self._choose("messages", pick, self.message)
        return caller, conversation_id, item_id

    def choose_project(self, pick: int) -> tuple[str, str]:
        """Return who asks for which project."""
        caller, project_id = self._choose("projects", pick, lambda _, each: each in self.projects)
        return caller, project_id

    def choose_link(self, pick: int) -> tuple[str, str]:
        """Return who asks for which link."""
        caller, share_id = self._choose("links", pick, lambda _, each: self.shown(each) is not None)
        return caller, share_id

    def _choose(self, kind: str, pick: int, is_there: Callable[..., object]) -> tuple[str, ...]:
        known = self.known[kind]
        there = [each for each in known if is_there(*each)]
        among = there if there and pick % 8 else known
        owner, *rest = among[pick // 8 % len(among)]
        caller = next(each for each in OWNERS if each != owner) if pick % 11 == 0 else owner
        return caller, *rest

    def conversation(self, owner: str, conversation_id: str) -> Conversation | None:
        """Return an owner's conversation, None where it is absent or somebody else's."""
        found = self.conversations.get(conversation_id)
        return found if found is not None and found.owner == owner else None

    def message(self, owner: str, conversation_id: str, item_id: str) -> Message | None:
        """Return a message in an owner's conversation, None where it is absent."""
        found = self.conversation(owner, conversation_id)
        return found.messages.get(item_id) if found else None

    def owned(self, owner: str) -> dict[str, Conversation]:
        """Return an owner's conversations by id, newest first."""
        return {
            each: self.conversations[each]
            for each in sorted(self.conversations, reverse=True)
            if self.conversations[each].owner == owner
        }

    def shown(self, share_id: str) -> list[str] | None:
        """Return the texts a link shows in reading order, None where it is gone."""
        link = self.links[share_id]
        conversation = self.conversations.get(link.conversation)
        if conversation is None or link.is_revoked:
            return None
        return [text for each, text in link.texts.items() if each in conversation.messages]

    def snapshot(self, conversation_id: str) -> dict[str, str]:
        """Return the messages that a link made now would show."""
        messages: dict[str, Any] = self.conversations[conversation_id].messages
        return {
            each: message.content
            for each, message in messages.items()
            if message.role in {"user", "assistant"}
        }
