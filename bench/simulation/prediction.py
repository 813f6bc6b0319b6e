"""The scenario of a point, from service times that were measured with one worker and one reader."""

from __future__ import annotations

import os
from collections.abc import Sequence
from statistics import fmean

from bench.simulation.calibration import ServiceTimes
from bench.simulation.scenes import Point
from jitprep.costs.simulation.scenario import (
    Door,
    Front,
    FunctionDoor,
    Scenario,
    ServerDoor,
    ServiceTime,
    Store,
)

_REQUESTS = 6000
_ANY = 1_000_000


def scenario(
    point: Point, times: ServiceTimes, warm: ServiceTimes, crowding: Sequence[float]
) -> Scenario:
    """Return what is simulated for a point.

    Parameters
    ----------
    point : Point
    times : ServiceTimes
        Of the point's scene and door.
    warm : ServiceTimes
        The same without a wait, so that the worker is not idle between its requests.
    crowding : sequence of float
        How much longer a transform takes with 1, 2, 3 ... processes at once.
    """
    return Scenario(
        door=_door(point, times, warm),
        store=Store(gets_per_s=float("inf")),
        readers=point.readers,
        samples=_REQUESTS,
        receive_ms=fmean(times.client_ms),
        receivers=1,
        cores=os.cpu_count(),
        crowding=crowding,
    )


def _door(point: Point, times: ServiceTimes, warm: ServiceTimes) -> Door:
    if not times.front_before_ms:
        return ServerDoor(service=_of_server(times, warm), workers=point.workers)
    service = ServiceTime(
        cpu_ms=_cpu(times), rest_ms=fmean(times.worker_rest_ms), wait_ms=times.wait_ms
    )
    get_ms, got_ms = fmean(times.front_get_ms), fmean(times.front_got_ms)
    front = Front(
        before_ms=fmean(times.front_before_ms) - get_ms,
        get_ms=get_ms,
        got_ms=got_ms,
        after_ms=fmean(times.front_after_ms) - got_ms,
        rest_ms=fmean(times.front_rest_ms),
    )
    return FunctionDoor(
        service=service,
        concurrency=point.workers,
        warm=point.workers,
        burst=None,
        requests_per_s_each=None,
        queue=_ANY,
        front=front,
    )


def _of_server(times: ServiceTimes, warm: ServiceTimes) -> ServiceTime:
    more = fmean(_cpu(times)) - fmean(_cpu(warm))
    return ServiceTime(
        cpu_ms=warm.worker_after_ms,
        ask_ms=fmean(warm.worker_before_ms),
        rest_ms=fmean(warm.worker_rest_ms),
        wait_ms=times.wait_ms,
        cold_ms=max(0.0, more),
        cold_after_ms=fmean(times.wait_ms),
    )


def _cpu(times: ServiceTimes) -> tuple[float, ...]:
    pairs = zip(times.worker_before_ms, times.worker_after_ms, strict=True)
    return tuple(before + after for before, after in pairs)
