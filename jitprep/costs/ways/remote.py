"""A way to make samples elsewhere: what some of them cost, and what they take of the training host."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jitprep.costs.ways.bill import Charge, Way
from jitprep.costs.ways.case import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """A way to make samples elsewhere.

    Parameters
    ----------
    name : str
    receive_ms : float
        CPU time of the training host per sample.
    charges : callable
        Maps a number of samples, and the hours in which they are read, to charges.
    once : tuple of Charge
        What is paid before the first epoch.
    memory_mb, ms : int or None
        Memory and duration of an invocation, where there is one.
    objects : int
        Samples per request.
    """

    name: str
    receive_ms: float
    charges: Callable[[float, float], tuple[Charge, ...]]
    once: tuple[Charge, ...] = ()
    memory_mb: int | None = None
    ms: int | None = None
    objects: int = 1


def price_remote(remote: Remote, case: Case) -> Way:
    """Return the bill of a way that makes every sample elsewhere."""
    paid = remote.charges(case.plan.objects, case.hours(remote.receive_ms))
    return Way(
        name=remote.name,
        once=remote.once,
        each_epoch=(*paid, case.idle(remote.receive_ms)),
        host_ms=remote.receive_ms,
        idle_s=case.idle_s(remote.receive_ms),
        memory_mb=remote.memory_mb,
        ms=remote.ms,
        objects=remote.objects,
    )
