"""A phase's result: what was asked, what came back, and what became of the workers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from soak.load.reads import Outcome, Verdict

_SHOWN = 5


@dataclass(frozen=True)
class Answers:
    """What came back.

    Parameters
    ----------
    requests, right, refused, wrong, hung
        How many there were, and how many were judged how.
    unexpected
        Of those refused, how many with a code that nothing in the phase explains.
    kinds
        Requests by sort.
    codes
        Answers by error code, those included that had to come.
    p50_ms, p99_ms
        Of a request, the waiting for a free worker included.
    details
        The first few that are neither right nor explained.
    """

    requests: int
    right: int
    refused: int
    wrong: int
    hung: int
    unexpected: int
    kinds: Mapping[str, int]
    codes: Mapping[str, int]
    p50_ms: float
    p99_ms: float
    details: Sequence[str]

    @classmethod
    def of(cls, outcomes: Sequence[Outcome], explained: Sequence[str]) -> Answers:
        """Count outcomes, given the codes that may come where another answer was wanted."""
        verdicts = Counter(outcome.verdict for outcome in outcomes)
        refused = [outcome for outcome in outcomes if outcome.verdict is Verdict.REFUSED]
        unexpected = [outcome for outcome in refused if outcome.code not in explained]
        bad = [o for o in outcomes if o.verdict in (Verdict.WRONG, Verdict.HUNG)] + unexpected
        codes = Counter(outcome.code for outcome in outcomes if outcome.code is not None)
        seconds = sorted(outcome.seconds for outcome in outcomes)
        return cls(
            requests=len(outcomes),
            right=verdicts[Verdict.RIGHT],
            refused=len(refused),
            wrong=verdicts[Verdict.WRONG],
            hung=verdicts[Verdict.HUNG],
            unexpected=len(unexpected),
            kinds=dict(sorted(Counter(outcome.kind for outcome in outcomes).items())),
            codes=dict(codes.most_common()),
            p50_ms=_percentile(seconds, 0.50),
            p99_ms=_percentile(seconds, 0.99),
            details=[f"{o.kind} {o.verdict}: {o.code or ''} {o.detail}" for o in bad[:_SHOWN]],
        )


@dataclass(frozen=True)
class Processes:
    """What became of the workers.

    Parameters
    ----------
    peak
        The most memory that one had, in bytes.
    growth
        By how much one kept growing from quarter to quarter; None where none lived through.
    lost, killed
        How many ended of themselves, and by our hand.
    most
        What `peak` must not exceed, where that is stated.
    """

    peak: int
    growth: int | None
    lost: int
    killed: int
    most: int | None = None


@dataclass(frozen=True)
class Row:
    """One phase.

    Parameters
    ----------
    name
        What was done.
    answers, processes
        What came of it.
    seconds
        How long it took.
    secrets
        The lines of the workers' log that hold something secret.
    deeds
        What was done to them all, and how often.
    least_right
        The share of answers, of 1, that must be right.
    """

    name: str
    answers: Answers
    processes: Processes
    seconds: float
    secrets: Sequence[str] = ()
    deeds: Mapping[str, int] = field(default_factory=dict)
    least_right: float = 1.0


def _percentile(ordered: Sequence[float], share: float) -> float:
    """Return the time, in milliseconds, within which that share of all requests ended."""
    if not ordered:
        return 0.0
    return round(ordered[min(int(share * len(ordered)), len(ordered) - 1)] * 1000, 1)
