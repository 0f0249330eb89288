"""What must hold whatever went wrong: each judge yields a sentence for everything that does not."""

from collections.abc import Iterator

from tests.faults.verdict import copies, links, reads, replays, rows, writes
from tests.faults.verdict.evidence import Evidence, Trial


def judge_at_once(trial: Trial) -> Iterator[str]:
    """Judge what holds from the moment of an answer, before purge has caught up."""
    evidence = Evidence(trial)
    yield from rows.gone_at_once(evidence)


def judge(trial: Trial) -> Iterator[str]:
    """Judge everything, once the table is quiet."""
    evidence = Evidence(trial)
    for judging in (rows.judge, writes.judge, reads.judge, links.judge, copies.judge):
        yield from judging(evidence)
    yield from replays.judge(evidence)


def judge_emptied(trial: Trial) -> Iterator[str]:
    """Judge that nothing is left once everything was deleted and every time limit is over."""
    yield from rows.left_over(Evidence(trial))
