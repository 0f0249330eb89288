"""What links show: what was there when they were made, nothing later, nothing that is gone."""

from collections.abc import Iterator, Sequence

from colloquy.domain.errors import NotFoundError
from colloquy.domain.share import ShownItem
from tests.faults.history import Operation
from tests.faults.sharing import shown_by
from tests.faults.verdict.evidence import Evidence, written


def judge(evidence: Evidence) -> Iterator[str]:
    """Every look through a link, on the way and now, shows what it should."""
    links = [*evidence.history.done("share", "share message")]
    views = [*evidence.history.of("view"), *(_look(link) for link in links)]
    for view in views:
        assert view.link is not None
        if view.outcome == "failed":
            yield from _missing(evidence, view, view.link)
        elif view.is_done:
            yield from _shown(evidence, view, view.link)
    for operation in evidence.history.done("write through link"):
        if operation.link and operation.link.is_read_only:
            yield f"links: {operation} writes through a link that is read-only"
    for listing in evidence.history.done("list links"):
        yield from _listed(evidence, listing, links)


def _look(link: Operation) -> Operation:
    """Look through a link once everything is quiet."""
    view = Operation(
        kind="view", owner="anybody", conversation=link.conversation, link=link, call=lambda _: None
    )
    view.started = 10**9
    view.ended = 10**9
    try:
        view.value, view.outcome = shown_by(link), "done"
    except NotFoundError as error:
        view.error, view.outcome = str(error), "failed"
    return view


def _may_be_gone(evidence: Evidence, reader: Operation, link: Operation) -> bool:
    revocations = [
        each
        for each in evidence.history.of("revoke")
        if each.link is link and each.may_be_done and each.started < reader.ended
    ]
    return bool(
        revocations
        or evidence.was_deleted_by(link.conversation, reader)
        or (link.item and evidence.was_removed_by(link.item, reader))
    )


def _missing(evidence: Evidence, view: Operation, link: Operation) -> Iterator[str]:
    if not _may_be_gone(evidence, view, link):
        yield f"links: {view} finds nothing: {view.error}"


def _shown(evidence: Evidence, view: Operation, link: Operation) -> Iterator[str]:
    shown: Sequence[ShownItem] = view.value
    yield from _gone(evidence, view, link)
    ids = [item.id for item in shown]
    if ids != sorted(set(ids)):
        yield f"links: {view} shows messages twice or out of order"
    if not {item.role for item in shown} <= {"user", "assistant"}:
        yield f"links: {view} shows what is neither a user's nor an assistant's"
    for removal in evidence.history.done("delete message"):
        if removal.precedes(view) and removal.item in ids:
            yield f"links: {view} shows a message after {removal}"
    for appended in evidence.history.appends():
        if appended.conversation == link.conversation:
            yield from _cut(evidence, view, link, appended)
    for item in shown:
        yield from _words(evidence, view, link, item)


def _gone(evidence: Evidence, view: Operation, link: Operation) -> Iterator[str]:
    revocations = [each for each in evidence.history.done("revoke") if each.link is link]
    for end in [*revocations, *evidence.history.sure_deletions(link.conversation)]:
        if end.precedes(view):
            yield f"links: {view} shows something after {end}"


def _cut(
    evidence: Evidence, view: Operation, link: Operation, appended: Operation
) -> Iterator[str]:
    ids = {item.id for item in view.value}
    is_through = appended.kind == "write through link" and appended.link is link
    for item in written(appended):
        is_expected = appended.precedes(link) or (is_through and appended.precedes(view))
        if link.item:
            is_expected = item.id == link.item
        if link.precedes(appended) and item.id in ids and not is_through:
            yield f"links: {view} of {link} shows {appended}"
        is_shown = item.id in ids or item.role not in {"user", "assistant"}
        may_be_gone = _may_be_gone(evidence, view, link) or evidence.was_removed_by(item.id, view)
        if is_expected and not is_shown and not may_be_gone:
            yield f"links: {view} of {link} misses {appended}"


def _words(evidence: Evidence, view: Operation, link: Operation, item: ShownItem) -> Iterator[str]:
    """A message is shown in the words it had when the link was made."""
    texts = evidence.texts.get(item.id)
    # Which words those were, a link knows by the clock: within the clocks' skew it may be wrong.
    if texts is None or evidence.has_skewed_clocks:
        return
    numbers = [number for number, text in texts.items() if text == item.content]
    rewrites = [each for each in evidence.history.rewrites(item.id) if each.is_done]
    before = [each.value.value.version for each in rewrites if each.precedes(link)]
    after = [each.value.value.version for each in rewrites if link.precedes(each)]
    least, most = max(before, default=1), min(after, default=10**9) - 1
    if item.guest:
        least = most = 1
    if not any(least <= number <= most for number in numbers):
        yield f"links: {view} of {link} shows {item.content} of {texts}, not {least} to {most}"


def _listed(evidence: Evidence, listing: Operation, links: Sequence[Operation]) -> Iterator[str]:
    for link in links:
        is_listed = link.value.value.id in listing.value
        if is_listed and link.owner != listing.owner:
            yield f"isolation: {listing} has {link}"
        is_its = link.owner == listing.owner and link.precedes(listing)
        if is_its and not is_listed and not _may_be_gone(evidence, listing, link):
            yield f"links: {listing} misses {link}"
        for revocation in evidence.history.done("revoke"):
            if revocation.link is link and revocation.precedes(listing) and is_listed:
                yield f"links: {listing} has {link} after {revocation}"
