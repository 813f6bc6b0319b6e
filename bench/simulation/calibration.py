"""Service times of a door: the CPU time of each process for one request, measured with one reader.

The clocks of the processes are read at four moments of a request: when it is sent, when the worker asks
the store, when the reader has the answer, and a moment later, when all work on it has ended. That
divides its CPU time into what precedes the wait for the store, what follows it until the answer, and
what follows the answer. The endpoint also forwards the worker's GET to the store, and the original to
the worker: the same GETs, sent by the reader, show the CPU time of that.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from statistics import fmean
from typing import Self

from bench.simulation.clients import Reader, connect, requests_of
from bench.simulation.clocks import Clocks
from bench.simulation.doors import OpenDoor
from bench.simulation.slow_store import Noted, SlowStore

# What follows an answer ends within this time.
_REST_S = 0.003
_WARM = 40


@dataclass(frozen=True)
class ServiceTimes:
    """Milliseconds of requests, one value for each.

    Parameters
    ----------
    front_before_ms, front_after_ms, front_rest_ms : tuple of float
        CPU time of the process in front of the workers: before the wait for the store, after it, and
        after the answer. Empty without such a process.
    front_get_ms, front_got_ms : tuple of float
        The parts of the first two that forward a GET to the store, and the original to the worker.
    worker_before_ms, worker_after_ms, worker_rest_ms : tuple of float
        CPU time of the worker.
    wait_ms : tuple of float
        From the store's receipt of a GET to its answer.
    client_ms : tuple of float
        CPU time of the reader.
    latency_ms : tuple of float
        From sending to the end of the answer. Nothing is predicted from it.
    """

    front_before_ms: tuple[float, ...]
    front_after_ms: tuple[float, ...]
    front_rest_ms: tuple[float, ...]
    front_get_ms: tuple[float, ...]
    front_got_ms: tuple[float, ...]
    worker_before_ms: tuple[float, ...]
    worker_after_ms: tuple[float, ...]
    worker_rest_ms: tuple[float, ...]
    wait_ms: tuple[float, ...]
    client_ms: tuple[float, ...]
    latency_ms: tuple[float, ...]

    def with_those(self, other: Self) -> Self:
        """Return the values of both."""
        names = [field.name for field in fields(self)]
        return type(self)(*(getattr(self, name) + getattr(other, name) for name in names))

    def means(self) -> dict[str, float]:
        """Return the mean of each, in milliseconds; zero where there is none."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: round(fmean(values or (0.0,)), 3) for name, values in found.items()}


@dataclass(frozen=True)
class _Request:
    sent: Sequence[float]
    answered: Sequence[float]
    ended: Sequence[float]
    client_s: float
    latency_s: float


@dataclass(frozen=True)
class _Phases:
    """CPU milliseconds of each process in each phase of a request, and its other times."""

    before: Sequence[float]
    after: Sequence[float]
    rest: Sequence[float]
    wait_ms: float
    client_ms: float
    latency_ms: float


def calibrate(door: OpenDoor, store: SlowStore, seconds: float) -> ServiceTimes:
    """Measure a door that has one worker.

    Parameters
    ----------
    door : OpenDoor
    store : SlowStore
        That it reads from.
    seconds : float
        How long.

    Raises
    ------
    RuntimeError
        Where the store was not asked once per request.
    """
    front = len(door.front)
    read = _read_all(door, store, door.targets, seconds)
    forwarded = _read_all(door, store, door.forwarded, seconds / 2) if front else []

    def of_front(phases: Sequence[Sequence[float]]) -> tuple[float, ...]:
        return tuple(sum(each[:front]) for each in phases) if front else ()

    def of_worker(phases: Sequence[Sequence[float]]) -> tuple[float, ...]:
        return tuple(sum(each[front:]) for each in phases)

    return ServiceTimes(
        front_before_ms=of_front([one.before for one in read]),
        front_after_ms=of_front([one.after for one in read]),
        front_rest_ms=of_front([one.rest for one in read]),
        front_get_ms=of_front([one.before for one in forwarded]),
        front_got_ms=of_front([one.after for one in forwarded]),
        worker_before_ms=of_worker([one.before for one in read]),
        worker_after_ms=of_worker([one.after for one in read]),
        worker_rest_ms=of_worker([one.rest for one in read]),
        wait_ms=tuple(one.wait_ms for one in read),
        client_ms=tuple(one.client_ms for one in read),
        latency_ms=tuple(one.latency_ms for one in read),
    )


def _read_all(
    door: OpenDoor, store: SlowStore, targets: Sequence[tuple[str, str]], seconds: float
) -> list[_Phases]:
    pids = door.front + door.workers
    clocks, link = Clocks(pids), connect(door.port)
    try:
        reader = Reader(link, requests_of(targets))
        for _ in range(_WARM):
            _read(reader, clocks)
        store.note(pids)
        ends = time.perf_counter() + seconds
        requests = []
        while time.perf_counter() < ends:
            requests.append(_read(reader, clocks))
        noted = store.noted()
        store.note(())
    finally:
        link.close()
    if len(requests) != len(noted):
        raise RuntimeError(f"{len(requests)} requests made {len(noted)} GETs; need one for each")
    return [_divided(*both) for both in zip(requests, noted, strict=True)]


def _read(reader: Reader, clocks: Clocks) -> _Request:
    sent, began = clocks.read(), time.thread_time()
    reader.send()
    reader.receive()
    latency, spent = time.perf_counter() - reader.began, time.thread_time() - began
    answered = clocks.read()
    time.sleep(_REST_S)
    return _Request(sent, answered, clocks.read(), spent, latency)


def _divided(request: _Request, noted: Noted) -> _Phases:
    return _Phases(
        _spent(request.sent, noted.asked),
        _spent(noted.asked, request.answered),
        _spent(request.answered, request.ended),
        noted.wait_s * 1000,
        request.client_s * 1000,
        request.latency_s * 1000,
    )


def _spent(start: Sequence[float], stop: Sequence[float]) -> list[float]:
    """Return the milliseconds between two readings of each clock."""
    return [(b - a) * 1000 for a, b in zip(start, stop, strict=True)]
