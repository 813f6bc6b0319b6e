"""Measurements that other programs on the machine disturb little: they are repeated while it is busy."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from typing import TypeVar

from bench.simulation.clocks import Clocks, busy_s

_T = TypeVar("_T")
# Processors that others may take before a measurement counts as disturbed: the noise of an idle system.
QUIET, _GLANCE_S = 0.06, 0.25


def least_disturbed(work: Callable[[], _T], clocks: Clocks, patience_s: float) -> tuple[_T, float]:
    """Measure until others take little, or patience ends, and return the least disturbed result.

    Parameters
    ----------
    work : callable
        The measurement.
    clocks : Clocks
        Of the measured processes. This process, and its children that end in `work`, count as well.
    patience_s : float
        Seconds after which no further measurement begins. The first always does.

    Returns
    -------
    result
        What `work` returned.
    others : float
        Processors that others took meanwhile.
    """
    ends, best = time.perf_counter() + patience_s, None
    while best is None or time.perf_counter() < ends:
        while _others(lambda: time.sleep(_GLANCE_S), clocks)[1] > QUIET:
            if time.perf_counter() >= ends:
                break
        found = _others(work, clocks)
        if best is None or found[1] < best[1]:
            best = found
        if best[1] <= QUIET:
            break
    return best


def _others(work: Callable[[], _T], clocks: Clocks) -> tuple[_T, float]:
    """Return what `work` returns, and the processors that others took meanwhile."""
    began, busy, own = time.perf_counter(), busy_s(), _own_s(clocks)
    made = work()
    spent = busy_s() - busy - (_own_s(clocks) - own)
    return made, max(0.0, spent / (time.perf_counter() - began))


def _own_s(clocks: Clocks) -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(clocks.read()) + sum(one.ru_utime + one.ru_stime for one in used)
