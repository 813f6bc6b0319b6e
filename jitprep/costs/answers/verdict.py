"""Where the work belongs, in two sentences: the best place and its dollars, and what changes it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from jitprep.costs.answers.breakeven import (
    CheapestFrom,
    cheapest_by_epochs,
    idle_share,
    keeping_up_ms,
    own_way,
)
from jitprep.costs.answers.wording import (
    count_of,
    dollars,
    percent,
    rounded_down,
    rounded_up,
    three_digits,
    what_to_do,
)
from jitprep.costs.estimate import Estimate
from jitprep.costs.ways.bill import (
    COPY_WAYS,
    FUNCTION_URL,
    HOST,
    HOST_DISK,
    INVOKE,
    OBJECT_LAMBDA,
    OVERFLOW_LAMBDA,
    OVERFLOW_SERVER,
    SERVER_WAYS,
    SHARDS_HOST,
    SHARDS_OBJECT_LAMBDA,
    SHARDS_SERVER,
    SHARDS_STREAMED_URL,
    STREAMED_URL,
    Way,
)

# Ways that prepare nothing elsewhere at the read.
_AT_HOME = frozenset({HOST, HOST_DISK, SHARDS_HOST, *COPY_WAYS})
# Functions that are billed while they run, which those on Managed Instances are not: they are billed as
# servers are.
FUNCTIONS, SHARD_FUNCTIONS = (
    (OBJECT_LAMBDA, FUNCTION_URL, STREAMED_URL, INVOKE),
    (SHARDS_OBJECT_LAMBDA, SHARDS_STREAMED_URL),
)
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
    host : Way
        The training host's own cores.
    against_remote : str or None
        Why preparing elsewhere at each read makes no sense; None where it does.
    keeping_up_ms : float
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
        The cheapest function and the cheapest server, of those that read originals as they are stored.
    """

    epochs: int
    best: Way
    host: Way
    against_remote: str | None
    keeping_up_ms: float
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
        return self.host.idle_s == 0

    @property
    def lambda_ratio(self) -> float | None:
        """Cost of the cheapest function, in multiples of the cheapest server's."""
        if self.in_lambda is None or self.on_server is None:
            return None
        server = self.on_server.total(self.epochs)
        return self.in_lambda.total(self.epochs) / server if server > 0 else None


def decide(estimate: Estimate) -> Decision:
    """Return where the work belongs, and what would change it."""
    epochs, host, least = estimate.plan.epochs, own_way(estimate), keeping_up_ms(estimate)
    train_ms = _BELOW * least if host.idle_s == 0 else estimate.plan.train_ms
    by_epochs = cheapest_by_epochs(estimate.open)
    now = max(i for i, each in enumerate(by_epochs) if each.epochs <= epochs)
    packed = estimate.plan.packed
    return Decision(
        epochs=epochs,
        best=estimate.best,
        host=host,
        against_remote=_against_remote(estimate),
        keeping_up_ms=least,
        overflow=_overflow(estimate, train_ms),
        overflow_ms=train_ms,
        sooner=by_epochs[now - 1].way if now else None,
        best_from=by_epochs[now].epochs,
        later=by_epochs[now + 1] if now + 1 < len(by_epochs) else None,
        in_lambda=cheapest_of(estimate, SHARD_FUNCTIONS if packed else FUNCTIONS),
        on_server=cheapest_of(estimate, (SHARDS_SERVER,) if packed else SERVER_WAYS),
    )


def two_sentences(estimate: Estimate, decision: Decision) -> tuple[str, str]:
    """Return where the work belongs with its dollars, and the thresholds that would change it."""
    return _first(estimate, decision), _second(estimate, decision)


def cheapest_of(estimate: Estimate, names: Collection[str]) -> Way | None:
    """Return the cheapest way of these names for the planned epochs; None where none is possible."""
    found = [way for way in estimate.open if way.name in names]
    return min(found, key=lambda way: way.total(estimate.plan.epochs), default=None)


def _overflow(estimate: Estimate, train_ms: float) -> Way | None:
    asked = replace(estimate, plan=replace(estimate.plan, train_ms=train_ms))
    return cheapest_of(asked, (OVERFLOW_LAMBDA, OVERFLOW_SERVER))


def _against_remote(estimate: Estimate) -> str | None:
    """Return why preparing elsewhere at each read makes no sense; None where it costs least."""
    best, host, measured = estimate.best, own_way(estimate), estimate.measured
    if best.name not in _AT_HOME:
        return None
    if host.idle_s == 0:
        return "your host keeps up"
    if best.name in COPY_WAYS:
        return "stored results cost less"
    if best.name == SHARDS_HOST != host.name and best.idle_s == 0:
        return "it keeps up if it reads shards"
    if best.name == HOST_DISK and best.idle_s == 0:
        return "it keeps up if originals are on its own disk"
    remote = cheapest_of(estimate, (*FUNCTIONS, *SHARD_FUNCTIONS, *SERVER_WAYS, SHARDS_SERVER))
    if remote is not None and remote.host_ms >= host.host_ms:
        return "receiving a result takes your host as long as preparing it"
    if measured.bytes_out >= measured.bytes_in:
        return "results are as large as the originals, or larger"
    return "it costs more than GPUs that wait"


def _first(estimate: Estimate, decision: Decision) -> str:
    best, host, plan = decision.best, decision.host, estimate.plan
    amount = f"for {dollars(best.total(plan.epochs))} over {count_of(plan.epochs, 'epoch')}"
    place = f"{what_to_do(best, plan, estimate.measured)}, {amount}"
    if best != host:
        requests = ", all of it for requests to S3" if decision.keeps_up else ""
        place += f"; preparing from S3 costs {dollars(host.total(plan.epochs))}{requests}"
    if decision.keeps_up:
        reason = ", so do not prepare remotely" if decision.against_remote else ""
        return f"Your host keeps up{reason}: {place}."
    if plan.train_ms == 0:
        least = three_digits(decision.keeping_up_ms)
        return (
            f"It depends on the training time, which is not given: from {least} ms per object "
            f"on one GPU, your host keeps up, and nothing should be prepared remotely; below, {place}."
        )
    why = decision.against_remote
    reason = f", but do not prepare remotely, because {why}" if why else ""
    share = percent(idle_share(host, estimate))
    opening = f"Your host does not keep up, and its GPUs would wait for {share} of the time"
    return f"{opening}{reason}: {place}."


def _second(estimate: Estimate, decision: Decision) -> str:
    parts = [
        _by_training(decision),
        *_by_number_of_epochs(estimate, decision),
        *_lambda_or_server(decision),
    ]
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def _by_training(decision: Decision) -> str:
    least, overflow = decision.keeping_up_ms, decision.overflow
    changed = (
        f"below {rounded_down(least)} ms of training per object, it no longer keeps up"
        if decision.keeps_up
        else f"from {rounded_up(least)} ms of training per object on, your host keeps up"
    )
    if overflow is None or overflow.name == decision.best.name:
        return changed
    amount = dollars(overflow.total(decision.epochs))
    costs = f"an overflow of {percent(overflow.remote)} costs {amount}"
    if decision.keeps_up:
        return f"{changed}, and at {three_digits(decision.overflow_ms)} ms {costs}"
    return f"{changed}; at {three_digits(decision.overflow_ms)} ms, {costs}"


def _by_number_of_epochs(estimate: Estimate, decision: Decision) -> list[str]:
    parts, plan, later = [], estimate.plan, decision.later
    if decision.sooner is not None:
        todo = what_to_do(decision.sooner, plan, estimate.measured)
        most = count_of(decision.best_from - 1, "epoch")
        parts.append(f"up to {most}, it costs less to {todo}")
    if later is None:
        parts.append("for more epochs, this remains the cheapest way")
    elif later.epochs > _MOST_EPOCHS:
        parts.append(f"up to {_MOST_EPOCHS:,} epochs, this remains the cheapest way")
    else:
        todo = what_to_do(later.way, plan, estimate.measured)
        parts.append(f"from {later.epochs:,} epochs on, it costs less to {todo}")
    return parts


def _lambda_or_server(decision: Decision) -> list[str]:
    ratio, function, server = decision.lambda_ratio, decision.in_lambda, decision.on_server
    if ratio is None or function is None or server is None:
        return []
    costs = (
        f"the cheapest function ({function.name}) costs {three_digits(ratio)} times the cheapest"
    )
    advice = ", so do not use Lambda" if ratio > 1 else ""
    return [f"{costs} server ({server.name}){advice}"]
