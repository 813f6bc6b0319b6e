"""Samples that the training host makes on its own cores, alone or with an overflow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from jitprep.costs.ways.bill import HOST, HOST_DISK, Missing, Way
from jitprep.costs.ways.case import Case
from jitprep.costs.ways.remote import Remote


def own_cores(case: Case) -> Way:
    """Return the bill of a host that fetches and transforms each object itself."""
    return _mixed(HOST, case, None, 0.0)


def own_cores_from_disk(case: Case) -> Way | Missing:
    """Return the bill of a host that copies the originals to its own disk once."""
    measured = case.measured
    if (reason := case.crowded(case.plan.objects * measured.bytes_in)) is not None:
        return Missing(HOST_DISK, reason)
    host_ms = measured.ms + case.overheads.disk_copy.receiving_ms(measured.bytes_in)
    return Way(
        name=HOST_DISK,
        once=case.downloads(),
        each_epoch=(case.idle(host_ms),),
        host_ms=host_ms,
        idle_s=case.idle_s(host_ms),
        remote=0.0,
    )


@dataclass(frozen=True, slots=True)
class OverflowShare:
    """What the host cannot make in time, made elsewhere.

    Parameters
    ----------
    remote : Remote
    share : float
        Share of the samples, from 0 to 1.
    """

    remote: Remote
    share: float


def best_overflow(case: Case, remotes: Iterable[Remote]) -> OverflowShare | None:
    """Return the remote and the share of samples that cost least together; None without remotes.

    An epoch's cost is a convex, piecewise linear function of the share: each further sample pays its way
    elsewhere, and saves idle time only until the host keeps up. So the least is at no sample, at all of
    them, or where the host just keeps up, at ``(L - v t) / (L - R)``. L and R are the host's CPU times
    to make and to receive a sample, and v t is what its vCPUs have while the GPUs train on one.
    """
    choices = [
        OverflowShare(remote, share) for remote in remotes for share in _candidates(case, remote)
    ]
    return min(
        choices,
        key=lambda choice: (price_overflow_way("", case, choice).slope, choice.share),
        default=None,
    )


def keeping_up(case: Case, remote: Remote) -> float:
    """Return the share from which the host keeps up; 1 where it never does."""
    saved = case.own_ms - remote.receive_ms
    short = case.own_ms - case.paced_ms
    if short <= 0:
        return 0.0
    return 1.0 if short >= saved else short / saved


def price_overflow_way(name: str, case: Case, overflow: OverflowShare) -> Way:
    """Return the bill of a host that makes samples itself, and has a share of them made elsewhere."""
    return _mixed(name, case, overflow.remote, overflow.share)


def overflow_way(name: str, case: Case, remotes: Iterable[Remote]) -> Way | Missing:
    """Return the bill of the overflow that costs least, or why there is none."""
    best = best_overflow(case, remotes)
    if best is None:
        return Missing(name, "there is nothing to overflow to")
    if best.share == 0.0:
        keeps_up = case.own_ms <= case.paced_ms
        reason = "the host keeps up" if keeps_up else "waiting GPUs cost less than an overflow"
        return Missing(name, reason)
    if best.share == 1.0:
        return Missing(name, f"it costs least to make every sample elsewhere: {best.remote.name}")
    return price_overflow_way(name, case, best)


def _candidates(case: Case, remote: Remote) -> tuple[float, ...]:
    return 0.0, keeping_up(case, remote), 1.0


def _mixed(name: str, case: Case, remote: Remote | None, share: float) -> Way:
    receive_ms = remote.receive_ms if remote else 0.0
    host_ms = (1 - share) * case.own_ms + share * receive_ms
    away = (
        remote.charges(share * case.plan.objects, case.hours(host_ms)) if remote and share else ()
    )
    called = remote if share else None
    return Way(
        name=name,
        once=(case.listing(case.plan.objects),),
        each_epoch=(*case.gets((1 - share) * case.own_gets), *away, case.idle(host_ms)),
        host_ms=host_ms,
        idle_s=case.idle_s(host_ms),
        remote=share,
        via=called.name if called else None,
        memory_mb=called.memory_mb if called else None,
        ms=called.ms if called else None,
        objects=called.objects if called else 1,
    )
