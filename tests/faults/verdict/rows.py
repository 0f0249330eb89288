"""What holds between rows: counts, versions, references, and that none is left alone."""

from collections.abc import Iterator

from tests.faults.verdict.evidence import Evidence
from tests.support.in_process import TABLE
from tools.operations.orphaned_rows import Pace, Search


def gone_at_once(evidence: Evidence) -> Iterator[str]:
    """What was answered that it is deleted is gone, and named by nobody."""
    for conversation_id in evidence.headers:
        for deletion in evidence.history.sure_deletions(conversation_id):
            yield f"deleted: {conversation_id} is there after {deletion}"
    for deletion in evidence.history.done("delete project"):
        for header in evidence.headers.values():
            if header.get("project_id") == deletion.project:
                yield f"project: {header['id']} is filed in a project after {deletion}"


def judge(evidence: Evidence) -> Iterator[str]:
    """Each row agrees with those it belongs to."""
    yield from gone_at_once(evidence)
    yield from _counts(evidence)
    yield from _versions(evidence)
    yield from _references(evidence)
    yield from _projects(evidence)
    yield from _orphans(evidence)


def left_over(evidence: Evidence) -> Iterator[str]:
    """Nothing is left but what expires by itself and has."""
    now = evidence.clock.true_time()
    for row in evidence.rows:
        is_expired = "ttl" in row and row["ttl"] <= now
        if not is_expired or row["type"] in {"share", "share_ref"}:
            yield f"erased: a row of type {row['type']} is left at {row['PK']} {row['SK']}"


def _counts(evidence: Evidence) -> Iterator[str]:
    for conversation_id, header in evidence.headers.items():
        ids = [row["id"] for row in evidence.messages[conversation_id]]
        if header["item_count"] != len(ids):
            yield f"count: {conversation_id} counts {header['item_count']} of {len(ids)} messages"
        if ids and header.get("newest_item", "") < max(ids):
            yield f"count: the newest message of {conversation_id} is not known to its header"
    for conversation_id in evidence.messages.keys() - evidence.headers.keys():
        yield f"orphans: {conversation_id} has messages and no header"


def _versions(evidence: Evidence) -> Iterator[str]:
    for item_id, row in evidence.items.items():
        kept = sorted(evidence.versions[item_id])
        if kept != list(range(1, int(row["version"]))):
            yield f"versions: {item_id} has {kept} below version {row['version']}"
    for item_id in evidence.versions.keys() - evidence.items.keys():
        if evidence.versions[item_id]:
            yield f"orphans: versions of {item_id}, which is gone"


def _references(evidence: Evidence) -> Iterator[str]:
    named = {row["item_id"] for row in evidence.rows if row["type"] == "reference"}
    with_call = {item_id for item_id, row in evidence.items.items() if "call_id" in row}
    for item_id in named ^ with_call:
        yield f"references: {item_id} and what finds it by its call_id do not belong together"


def _projects(evidence: Evidence) -> Iterator[str]:
    projects = {row["id"]: row for row in evidence.rows if row["type"] == "project"}
    for header in evidence.headers.values():
        project_id = header.get("project_id")
        if project_id is not None and project_id not in projects:
            yield f"project: {header['id']} is filed in a project that is gone"
        if (project_id is None) != ("GSI1PK" not in header):
            yield f"project: {header['id']} is not where its project's index has it"


def _orphans(evidence: Evidence) -> Iterator[str]:
    with evidence.database.direct():
        found = Search(evidence.database.client, TABLE, Pace(1e9)).run(1)
    for name, suspect in found.suspects.items():
        yield f"orphans: {suspect.rows} rows of {name} without {suspect.missing}"
    for row in evidence.rows:
        is_mark = row["type"] in {"fork", "erasure", "lost_versions"} or "deleting" in row
        if is_mark:
            yield f"orphans: {row['type']} is still to be worked off at {row['PK']} {row['SK']}"
