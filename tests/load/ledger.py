"""What was acknowledged under load, and whether exactly that is there afterwards."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Acknowledged:
    """A message whose 201 came, between when it was sent and when that was."""

    id: str
    text: str
    sent: float
    received: float


@dataclass
class Conversation:
    """What clients know of a conversation; ``unknown`` texts were sent and never acknowledged."""

    owner: str
    id: str
    acknowledged: dict[str, Acknowledged] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    edited: dict[str, set[str]] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)

    def violations(self, item_count: int, read: Sequence[dict[str, Any]]) -> Iterator[str]:
        """Yield what is wrong with the messages that were read after the load, in order."""
        ids = [item["id"] for item in read]
        if ids != sorted(set(ids)):
            yield f"{self.id}: messages are read twice or out of order"
        if item_count != len(ids):
            yield f"{self.id}: item_count is {item_count}, and {len(ids)} messages are there"
        for item_id in self.acknowledged.keys() - set(ids) - self.deleted:
            yield f"{self.id}: lost {self.acknowledged[item_id].text}, which was acknowledged"
        yield from self._texts(read)
        yield from self._order(ids)

    def _texts(self, read: Sequence[dict[str, Any]]) -> Iterator[str]:
        for item in read:
            known = self.acknowledged.get(item["id"])
            if known is None and item["content"] not in self.unknown:
                yield f"{self.id}: nobody wrote {item['content']}"
            elif known and item["content"] not in {known.text, *self.edited.get(known.id, ())}:
                yield f"{self.id}: {known.text} became {item['content']}"
        for text, times in Counter(item["content"] for item in read).items():
            if times > 1:
                yield f"{self.id}: {text} is there {times} times"

    def _order(self, ids: Sequence[str]) -> Iterator[str]:
        """A message whose 201 came before another's request was sent is before it."""
        latest_sent = 0.0
        for each in (self.acknowledged[item_id] for item_id in ids if item_id in self.acknowledged):
            if each.received < latest_sent:
                yield f"{self.id}: {each.text} is after a message that was sent later"
            latest_sent = max(latest_sent, each.sent)
