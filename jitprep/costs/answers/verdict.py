"""Where the work belongs, in two sentences: the best place with its dollars, and what would change it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from jitprep.costs.answers.breakeven import (
    CheapestFrom,
    cheapest_by_epochs,
    idle_share,
    keeping_up_ms,
)
from jitprep.costs.answers.wording import count_of, dollars, percent, rounded, what_to_do
from jitprep.costs.estimate import Estimate
from jitprep.costs.ways.bill import (
    COPY_WAYS,
    HOST,
    LAMBDA_WAYS,
    OVERFLOW_LAMBDA,
    OVERFLOW_SERVER,
    SERVER_WAYS,
    SHARDS_HOST,
    Way,
)

# Ways that prepare nothing elsewhere at the read.
_AT_HOME = frozenset({HOST, SHARDS_HOST, *COPY_WAYS})
# Just below the training time at which the host keeps up, where an overflow is priced as an example.
_BELOW = 0.9
# Epochs beyond which a change is not mentioned.
_MOST_EPOCHS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Where the work belongs, and what would change it.

    Parameters
    ----------
    epochs : int
        As planned.
    best : Way
        The cheapest way for them.
    host : Way or None
        The training host's own cores; None where they cannot prepare at all.
    against_remote : str or None
        Why preparing elsewhere at each read makes no sense; None where it does.
    keeping_up_ms : float or None
        Training time per object on one GPU from which the host's own cores keep up, in ms.
    overflow : Way or None
        The cheapest overflow where the host falls behind, if it is possible: with the planned training
        time, or where the host keeps up with that, with `overflow_ms`.
    overflow_ms : float
        Training time per object of `overflow`, in ms.
    sooner : Way or None
        The way that is cheapest for fewer epochs than `best` is.
    best_from : int
        Number of epochs from which `best` is cheapest.
    later : CheapestFrom or None
        The way that is cheapest for more epochs, and from how many.
    in_lambda, on_server : Way or None
        The cheapest way through Lambda and through a server, of those that read single objects.
    """

    epochs: int
    best: Way
    host: Way | None
    against_remote: str | None
    keeping_up_ms: float | None
    overflow: Way | None
    overflow_ms: float
    sooner: Way | None
    best_from: int
    later: CheapestFrom | None
    in_lambda: Way | None
    on_server: Way | None

    @property
    def keeps_up(self) -> bool:
        """Whether no GPU waits for the host's own cores."""
        return self.host is not None and self.host.idle_s == 0

    @property
    def lambda_ratio(self) -> float | None:
        """Cost of the cheapest way through Lambda, in multiples of the cheapest server's."""
        if self.in_lambda is None or self.on_server is None:
            return None
        server = self.on_server.total(self.epochs)
        return self.in_lambda.total(self.epochs) / server if server > 0 else None


def decide(estimate: Estimate) -> Decision:
    """Return where the work belongs, and what would change it."""
    best, epochs, host = estimate.best, estimate.plan.epochs, estimate.way(HOST)
    least = keeping_up_ms(estimate)
    at = estimate.plan.train_ms
    if host is not None and least is not None and host.idle_s == 0:
        at = _BELOW * least
    by_epochs = cheapest_by_epochs(estimate.open)
    now = max(i for i, each in enumerate(by_epochs) if each.epochs <= epochs)
    return Decision(
        epochs=epochs,
        best=best,
        host=host,
        against_remote=_against_remote(estimate),
        keeping_up_ms=least,
        overflow=_overflow(estimate, at),
        overflow_ms=at,
        sooner=by_epochs[now - 1].way if now else None,
        best_from=by_epochs[now].epochs,
        later=by_epochs[now + 1] if now + 1 < len(by_epochs) else None,
        in_lambda=_cheapest(estimate, LAMBDA_WAYS),
        on_server=_cheapest(estimate, SERVER_WAYS),
    )


def two_sentences(estimate: Estimate, decision: Decision) -> tuple[str, str]:
    """Return where the work belongs with its dollars, and the thresholds that would change it."""
    return _first(estimate, decision), _second(estimate, decision)


def _cheapest(estimate: Estimate, names: Collection[str]) -> Way | None:
    found = [way for way in estimate.open if way.name in names]
    return min(found, key=lambda way: way.total(estimate.plan.epochs), default=None)


def _overflow(estimate: Estimate, train_ms: float) -> Way | None:
    asked = replace(estimate, plan=replace(estimate.plan, train_ms=train_ms))
    return _cheapest(asked, (OVERFLOW_LAMBDA, OVERFLOW_SERVER))


def _against_remote(estimate: Estimate) -> str | None:
    """Return why preparing elsewhere at each read makes no sense; None where it costs least."""
    best, host, measured = estimate.best, estimate.way(HOST), estimate.measured
    if best.name not in _AT_HOME:
        return None
    if host is not None and host.idle_s == 0:
        return "your host keeps up"
    if best.name in COPY_WAYS:
        return "stored results cost less"
    remote = _cheapest(estimate, (*LAMBDA_WAYS, *SERVER_WAYS))
    if host is not None and remote is not None and remote.host_ms >= host.host_ms:
        return "receiving a result takes your host as long as preparing it"
    if measured.bytes_out >= measured.bytes_in:
        return "results are larger than the originals"
    return "it costs more than GPUs that wait"


def _first(estimate: Estimate, decision: Decision) -> str:
    best, host, plan = decision.best, decision.host, estimate.plan
    todo = what_to_do(best, plan)
    amount = f"for {dollars(best.total(plan.epochs))} over {count_of(plan.epochs, 'epoch')}"
    if host is None or best.name == HOST:
        beside = ""
    else:
        beside = f"; its own cores alone cost {dollars(host.total(plan.epochs))}"
    if decision.keeps_up:
        opening = "Your host keeps up"
    elif host is None:
        opening = "Your host cannot prepare these objects"
    else:
        waits = percent(idle_share(host, estimate))
        opening = f"Your host does not keep up, and its GPUs would wait for {waits} of the time"
    if decision.against_remote is None:
        return f"{opening}: {todo}, {amount}{beside}."
    if decision.keeps_up:
        return f"{opening}, so do not prepare remotely: {todo}, {amount}{beside}."
    why = decision.against_remote
    return f"{opening}, but do not prepare remotely, because {why}: {todo}, {amount}{beside}."


def _second(estimate: Estimate, decision: Decision) -> str:
    parts = [
        *_by_training(estimate, decision),
        *_by_number_of_epochs(estimate, decision),
        *_lambda_or_server(decision),
    ]
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def _by_training(estimate: Estimate, decision: Decision) -> list[str]:
    if decision.keeping_up_ms is None:
        return []
    least = f"{rounded(decision.keeping_up_ms)} ms of training per object"
    told = (
        f"below {least} it no longer keeps up"
        if decision.keeps_up
        else f"from {least} on your host keeps up"
    )
    overflow = decision.overflow
    if overflow is None or overflow.name == decision.best.name:
        return [told]
    at = f"at {rounded(decision.overflow_ms)} ms, " if decision.keeps_up else ""
    amount = dollars(overflow.total(estimate.plan.epochs))
    return [f"{told}, and {at}an overflow of {percent(overflow.remote)} costs {amount}"]


def _by_number_of_epochs(estimate: Estimate, decision: Decision) -> list[str]:
    parts, plan, later = [], estimate.plan, decision.later
    if decision.sooner is not None:
        todo = what_to_do(decision.sooner, plan)
        parts.append(f"for fewer than {decision.best_from:,} epochs, it costs less to {todo}")
    if later is None:
        parts.append("for more epochs, this remains the cheapest way")
    elif later.epochs > _MOST_EPOCHS:
        parts.append(f"up to {_MOST_EPOCHS:,} epochs, this remains the cheapest way")
    else:
        parts.append(
            f"from {later.epochs:,} epochs on, it costs less to {what_to_do(later.way, plan)}"
        )
    return parts


def _lambda_or_server(decision: Decision) -> list[str]:
    ratio, found, server = decision.lambda_ratio, decision.in_lambda, decision.on_server
    if ratio is None or found is None or server is None:
        return []
    return [
        f"the cheapest way through Lambda ({found.name}) costs {rounded(ratio)} times the cheapest "
        f"server ({server.name})"
    ]
