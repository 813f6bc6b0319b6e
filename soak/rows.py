"""The result of a phase: its requests, its answers, and the state of the workers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from soak.load.reads import Outcome, Verdict

_SHOWN = 5


@dataclass(frozen=True)
class Answers:
    """The answers of a phase.

    Parameters
    ----------
    requests, right, refused, wrong, hung
        The number of requests, and of answers with each verdict.
    unexpected
        The number of refused answers with a code that the phase does not explain.
    kinds
        The number of requests of each kind.
    codes
        The number of answers with each error code, including the expected ones.
    p50_ms, p99_ms
        Percentiles of the duration of a request, including the wait for a free worker.
    details
        Descriptions of the first few answers that are neither right nor explained.
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
        """Count the outcomes; `explained` has the codes that the phase may return unexpectedly."""
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
    """The state of the workers after a phase.

    Parameters
    ----------
    peak
        The most memory that a worker used, in bytes.
    growth
        How much a worker grew in every quarter, in bytes; None if no worker lived through the phase.
    lost, killed
        The number of workers that ended by themselves, and that we killed.
    most
        The limit of `peak`, if the phase has one.
    descriptors
        How many more files and sockets a worker has open than before, once all clients have left; None
        if they were not counted.
    """

    peak: int
    growth: int | None
    lost: int
    killed: int
    most: int | None = None
    descriptors: int | None = None


@dataclass(frozen=True)
class Row:
    """The result of one phase.

    Parameters
    ----------
    name
        The name of the phase.
    answers, processes
        Its results.
    seconds
        Its duration.
    secrets
        The lines of the workers' log that contain a secret.
    deeds
        The faults of the phase, and how often each happened.
    least_right
        The share of answers that must be right, from 0 to 1.
    tracebacks
        The lines of the server's log that begin a traceback.
    under_way
        The requests that the server still works on, once all clients have left.
    """

    name: str
    answers: Answers
    processes: Processes
    seconds: float
    secrets: Sequence[str] = ()
    deeds: Mapping[str, int] = field(default_factory=dict)
    least_right: float = 1.0
    tracebacks: Sequence[str] = ()
    under_way: int = 0


def _percentile(ordered: Sequence[float], share: float) -> float:
    """Return the time in milliseconds within which that share of the requests ended."""
    if not ordered:
        return 0.0
    return round(ordered[min(int(share * len(ordered)), len(ordered) - 1)] * 1000, 1)
