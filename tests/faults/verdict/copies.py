"""Copies: forks and imports are whole, made once, and hold what they were made of."""

from collections.abc import Iterator

from colloquy.domain.conversation import Conversation
from colloquy.domain.export import ExportedItem, ExportPart
from tests.faults.history import Operation
from tests.faults.verdict.evidence import Evidence, written


def judge(evidence: Evidence) -> Iterator[str]:
    """Every copy is what it was made of."""
    for fork in evidence.history.done("fork"):
        yield from _fork(evidence, fork)
    for taken in evidence.history.done("finish import"):
        if isinstance(taken.value.value, Conversation):
            yield from _import(evidence, taken, taken.value.value.id)
    for exported in evidence.history.done("export"):
        yield from _export(evidence, exported)
    yield from _once(evidence)


def _fork(evidence: Evidence, fork: Operation) -> Iterator[str]:
    header = evidence.headers.get(fork.conversation)
    if header is None:
        if not evidence.history.deletions(fork.conversation):
            yield f"lost: {fork}"
        return
    assert fork.link is not None
    if header["owner"] != fork.owner or header["item_count"] != fork.value.value.item_count:
        yield f"copies: {fork} is {header}"
    source = {item for texts in evidence.texts.values() for item in texts.values()}
    texts = [row["content"] for row in evidence.messages[fork.conversation]]
    if len(set(texts)) != len(texts) or not set(texts) <= source:
        yield f"copies: {fork} holds {texts}"


def _import(evidence: Evidence, taken: Operation, conversation_id: str) -> Iterator[str]:
    header = evidence.headers.get(conversation_id)
    if header is None:
        if not evidence.history.deletions(conversation_id):
            yield f"lost: {taken} as {conversation_id}"
        return
    if header["owner"] != taken.owner:
        yield f"isolation: {taken} is {header['owner']}'s"
    parts: list[ExportPart] = taken.source
    there = [evidence.texts[row["id"]] for row in evidence.messages[conversation_id]]
    if there != _texts_of(parts):
        yield f"copies: {taken} holds {there}, not {_texts_of(parts)}"


def _texts_of(parts: list[ExportPart]) -> list[dict[int, object]]:
    found: dict[str, dict[int, object]] = {}
    for part in parts:
        for entry in part.items:
            found.setdefault(entry.item.id, {}).update(_texts(entry))
    return [*found.values()]


def _texts(entry: ExportedItem) -> dict[int, object]:
    texts: dict[int, object] = {each.number: each.content for each in entry.versions}
    return texts | ({entry.item.version: entry.item.content} if entry.is_whole else {})


def _export(evidence: Evidence, exported: Operation) -> Iterator[str]:
    """An export has every message that stayed, with every text it had."""
    parts: list[ExportPart] = exported.value
    ids = [entry.item.id for part in parts for entry in part.items if entry.is_whole]
    if ids != sorted(set(ids)):
        yield f"copies: {exported} is out of order"
    if evidence.was_deleted_by(exported.conversation, exported):
        return
    for appended in evidence.history.appends():
        if appended.conversation == exported.conversation and appended.precedes(exported):
            for item in written(appended):
                if item.id not in ids and not evidence.was_removed_by(item.id, exported):
                    yield f"lost: {exported} misses {item.content}"


def _once(evidence: Evidence) -> Iterator[str]:
    """No request makes more than one conversation."""
    for owner in ("alice", "bob"):
        there = sum(header["owner"] == owner for header in evidence.headers.values())
        makers = [
            each
            for each in evidence.history.of("create", "fork", "import", "finish import")
            if each.owner == owner and each.may_be_done and not each.item
        ]
        if there > len(makers):
            yield f"twice: {len(makers)} requests made {there} conversations of {owner}"
