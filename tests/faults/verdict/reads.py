"""What was read on the way: complete, in order, without what was deleted, at one with itself."""

from collections.abc import Iterator

from tests.faults.history import Operation, Reading
from tests.faults.verdict.evidence import Evidence, written

_OF_MESSAGES = ("list", "open", "find by call")


def judge(evidence: Evidence) -> Iterator[str]:
    """Every answer to a read is true."""
    for reader in evidence.history.of(*_OF_MESSAGES, "versions", "export"):
        yield from _of_deleted(evidence, reader)
    for reader in evidence.history.done(*_OF_MESSAGES):
        yield from _in_order(reader)
        yield from _complete(evidence, reader)
        yield from _as_stored(evidence, reader)
    for reader in evidence.history.done("versions"):
        numbers = [version.number for version in reader.value.data]
        if numbers != list(range(len(numbers), 0, -1)):
            yield f"versions: {reader} has {numbers}"
    for reader in evidence.history.done("list conversations"):
        yield from _conversations(evidence, reader)


def _of_deleted(evidence: Evidence, reader: Operation) -> Iterator[str]:
    deletions = evidence.history.sure_deletions(reader.conversation)
    if reader.is_done:
        for deletion in deletions:
            if deletion.precedes(reader):
                yield f"deleted: {reader} reads what was gone after {deletion}"
    elif reader.outcome == "failed":
        may_be_gone = evidence.was_deleted_by(reader.conversation, reader) or (
            reader.item and evidence.was_removed_by(reader.item, reader)
        )
        if not may_be_gone:
            yield f"lost: {reader} {reader.error}"


def _in_order(reader: Operation) -> Iterator[str]:
    ids = [item.id for item in reader.value.items]
    if ids != sorted(set(ids), reverse=reader.order == "desc"):
        yield f"order: {reader} reads {[item.content for item in reader.value.items]}"


def _complete(evidence: Evidence, reader: Operation) -> Iterator[str]:
    reading: Reading = reader.value
    ids = {item.id for item in reading.items}
    for appended in evidence.history.appends():
        is_asked_for = reader.kind != "find by call" or appended.named == reader.named
        if appended.conversation != reader.conversation or not is_asked_for:
            continue
        for item in written(appended):
            may_be_gone = evidence.was_deleted_by(
                reader.conversation, reader
            ) or evidence.was_removed_by(item.id, reader)
            if appended.precedes(reader) and item.id not in ids and not may_be_gone:
                yield f"lost: {reader} misses {item.content} of {appended}"
    for removal in evidence.history.done("delete message"):
        if removal.precedes(reader) and removal.item in ids:
            yield f"deleted: {reader} has a message after {removal}"
    if reading.header is not None and reading.header.item_count != len(ids):
        yield f"agreement: {reader} counts {reading.header.item_count} of {len(ids)} messages"


def _as_stored(evidence: Evidence, reader: Operation) -> Iterator[str]:
    for item in reader.value.items:
        texts = evidence.texts.get(item.id)
        if texts is not None and texts.get(item.version) != item.content:
            yield f"versions: {reader} has {item.content} as version {item.version} of {texts}"
        known = [
            each.value.value.version
            for each in evidence.history.rewrites(item.id)
            if each.is_done and each.precedes(reader)
        ]
        if item.version < max(known, default=1):
            yield f"lost: {reader} has version {item.version} after {max(known)}"


def _conversations(evidence: Evidence, reader: Operation) -> Iterator[str]:
    found: list[str] = reader.value
    if found != sorted(set(found), reverse=True):
        yield f"order: {reader} lists {found}"
    for created in evidence.history.done("create"):
        is_listed, its = created.conversation in found, created.owner == reader.owner
        if is_listed and not its:
            yield f"isolation: {reader} lists {created}"
        may_be_gone = evidence.was_deleted_by(created.conversation, reader)
        if its and not is_listed and created.precedes(reader) and not may_be_gone:
            yield f"lost: {reader} misses {created}"
    for conversation_id in found:
        for deletion in evidence.history.sure_deletions(conversation_id):
            if deletion.precedes(reader):
                yield f"deleted: {reader} lists what was gone after {deletion}"
