"""What was written: all of it, once, in order, by its owner, and nothing that was refused."""

from collections import Counter
from collections.abc import Iterator

from tests.faults.history import Operation
from tests.faults.verdict.evidence import Evidence, written


def judge(evidence: Evidence) -> Iterator[str]:
    """Every answer to a write is true."""
    yield from _conversations(evidence)
    yield from _messages(evidence)
    yield from _once(evidence)
    yield from _order(evidence)
    yield from _rewrites(evidence)
    yield from _titles(evidence)
    yield from _isolation(evidence)
    yield from _bulk(evidence)


def _conversations(evidence: Evidence) -> Iterator[str]:
    for created in evidence.history.done("create"):
        conversation_id = created.conversation
        if conversation_id not in evidence.headers and not evidence.history.deletions(
            conversation_id
        ):
            yield f"lost: {created}"


def _messages(evidence: Evidence) -> Iterator[str]:
    history = evidence.history
    for appended in history.appends():
        if history.deletions(appended.conversation):
            continue
        for item in written(appended):
            removals = history.removals(item.id)
            if item.id not in evidence.items and not removals:
                yield f"lost: {item.content} of {appended}"
            if item.id in evidence.items and any(each.is_done for each in removals):
                yield f"deleted: {item.content} is there after {removals[0]}"


def _once(evidence: Evidence) -> Iterator[str]:
    """Each text is stored once, those of one request together, and none that was refused."""
    first = Counter(
        evidence.texts[item_id].get(1, "")
        for item_id, row in evidence.items.items()
        if "copied" not in row
    )
    for text, times in first.items():
        if times > 1:
            yield f"twice: {text} is stored {times} times"
    removed = any(each.may_be_done for each in evidence.history.of("delete message"))
    for operation in [*evidence.history.appends(), *evidence.history.of("create")]:
        there = [text for text in operation.texts if first[text]]
        if there and operation.outcome == "failed":
            yield f"refused, and stored: {operation} {operation.error}"
        # A model that was asked again has written another answer, of which one is stored.
        together = 2 if operation.kind == "respond" else len(operation.texts)
        if there and len(there) != together and not removed:
            yield f"all or nothing: {there} of {operation}"


def _order(evidence: Evidence) -> Iterator[str]:
    appends = [(each, [item.id for item in written(each)]) for each in evidence.history.appends()]
    for earlier, before in appends:
        for later, after in appends:
            is_ordered = earlier.conversation == later.conversation and earlier.precedes(later)
            if before and after and is_ordered and before[-1] >= after[0]:
                yield f"order: {earlier} stands after {later}"


def _rewrites(evidence: Evidence) -> Iterator[str]:
    for item_id, texts in evidence.texts.items():
        rewrites = evidence.history.rewrites(item_id)
        done = [each for each in rewrites if each.is_done]
        is_copy = "copied" in evidence.items[item_id]
        if not is_copy and not len(done) <= max(texts) - 1 <= len(rewrites):
            yield f"twice: {len(rewrites)} operations on {item_id} made {max(texts)} versions"
        for operation in done:
            item = operation.value.value
            if texts.get(item.version) != item.content:
                yield f"lost: {operation} was version {item.version}, which is {texts}"
    for operation in evidence.history.of("edit", "regenerate"):
        texts = evidence.texts.get(operation.item, {})
        stored = sum(text in operation.texts for text in texts.values())
        restored = any(each.kind == "restore" for each in evidence.history.rewrites(operation.item))
        if stored > 1 and not restored:
            yield f"twice: {operation} in {texts}"
        if stored and operation.outcome == "failed":
            yield f"refused, and stored: {operation} {operation.error}"


def _titles(evidence: Evidence) -> Iterator[str]:
    for conversation_id, header in evidence.headers.items():
        given = [
            each
            for each in evidence.history.of("retitle")
            if each.conversation == conversation_id and each.may_be_done
        ]
        done = [each for each in given if each.is_done]
        last = [each for each in given if not any(each.precedes(other) for other in done)]
        if done and header.get("title") not in [text for each in last for text in each.texts]:
            yield f"lost: the title of {conversation_id} is {header.get('title')} after {done[-1]}"
        if done and header["title_source"] != "user":
            yield f"title: {conversation_id} has one of its own after {done[-1]}"


def _isolation(evidence: Evidence) -> Iterator[str]:
    for operation in evidence.history.of("intrude"):
        # A deletion that was repeated finds nothing, and cannot know that nothing was there.
        is_in_vain = operation.named == ["delete"]
        if (operation.is_done and not is_in_vain) or not _looks_absent(operation):
            yield f"isolation: {operation} {operation.outcome} {operation.error}"
    for operation in evidence.history.appends():
        for item in written(operation):
            row = evidence.items.get(item.id)
            if row and operation.conversation != row["conversation_id"]:
                yield f"isolation: {operation} is in {row['conversation_id']}"
    for created in evidence.history.done("create"):
        header = evidence.headers.get(created.conversation)
        if header and header["owner"] != created.owner:
            yield f"isolation: {created} is {header['owner']}'s"


def _looks_absent(operation: Operation) -> bool:
    return operation.outcome != "failed" or operation.error.startswith("NotFoundError")


def _bulk(evidence: Evidence) -> Iterator[str]:
    for operation in evidence.history.done("delete many"):
        for conversation_id in operation.value.value.failed:
            others = [
                each
                for each in evidence.history.deletions(conversation_id)
                if each is not operation
            ]
            if conversation_id not in evidence.headers and not others:
                yield f"bulk: {conversation_id} failed and is gone after {operation}"
