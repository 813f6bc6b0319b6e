"""What a simulation of one machine adds: a process in front, cold and shared caches."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitprep.costs.simulation.outcome import Outcome
from jitprep.costs.simulation.scenario import (
    Front,
    FunctionDoor,
    Scenario,
    ServerDoor,
    ServiceTime,
    Store,
)
from jitprep.costs.simulation.simulate import simulate

_SERVICE = ServiceTime(cpu_ms=4.0, wait_ms=6.0)
_FREE = Store(gets_per_s=float("inf"))
ms = st.floats(0.1, 20)


def function(front: Front | None, environments: int = 2, **service: float) -> FunctionDoor:
    return FunctionDoor(
        service=replace(_SERVICE, **service),
        concurrency=environments,
        warm=environments,
        burst=None,
        requests_per_s_each=None,
        queue=1000,
        front=front,
    )


def run(door: Any, readers: int, samples: int = 400) -> Outcome:
    return simulate(Scenario(door=door, store=_FREE, readers=readers, samples=samples))


def server(**service: float) -> ServerDoor:
    return ServerDoor(service=replace(_SERVICE, **service), workers=1)


@given(ms, ms)
def test_one_reader_passes_the_front_twice(before, after):
    found = run(function(Front(before_ms=before, after_ms=after)), 1)
    assert found.p50_ms == pytest.approx(before + 10 + after)


@given(st.floats(2, 20), ms, st.integers(1, 4))
def test_throughput_is_that_of_the_front_or_of_the_environments(front_ms, rest_ms, environments):
    parts = dict.fromkeys(("before_ms", "get_ms", "got_ms", "after_ms"), front_ms / 4)
    front = Front(**parts, rest_ms=rest_ms)
    found = run(function(front, environments), 40, 1500)
    occupied_ms = 10 + front_ms * 3 / 4 + rest_ms
    most = min(1000 / (front_ms + rest_ms), environments * 1000 / occupied_ms)
    assert found.samples_per_s <= most * 1.03
    alone = run(function(front, environments=30), 60, 1500)
    assert alone.samples_per_s == pytest.approx(1000 / (front_ms + rest_ms), rel=0.05)


@pytest.mark.parametrize("rest_ms", [0.0, 3.0])
def test_the_rest_follows_the_answer_and_occupies_the_environment(rest_ms):
    assert run(function(None, 2, rest_ms=rest_ms), 1).p50_ms == pytest.approx(10)
    busy = run(function(None, 2, rest_ms=rest_ms), 8, 1500)
    assert busy.samples_per_s == pytest.approx(2000 / (10 + rest_ms), rel=0.01)
    worker = run(server(rest_ms=rest_ms), 8, 1500)
    assert worker.samples_per_s == pytest.approx(1000 / (4 + rest_ms), rel=0.01)


@given(ms, ms)
def test_a_worker_is_as_cold_as_it_was_idle(cold_ms, cold_after_ms):
    door = server(cold_ms=cold_ms, cold_after_ms=cold_after_ms)
    idle_ms = 6.0  # one reader: the worker is idle while the store is asked
    more = cold_ms * min(1, idle_ms / cold_after_ms)
    assert run(door, 1).p50_ms == pytest.approx(10 + more)
    assert run(door, 20, 1500).samples_per_s == pytest.approx(250, rel=0.02)


@given(st.floats(1, 3), st.integers(1, 4))
def test_workers_take_longer_the_more_of_them_work(crowding, workers):
    door = replace(server(wait_ms=0.0), workers=workers)
    factors = [1 + (crowding - 1) * number / 4 for number in range(1, workers + 1)]
    scene = Scenario(
        door=door, store=_FREE, readers=workers, samples=400, cores=2, crowding=factors
    )
    expected = min(workers, 2) * 1000 / 4 / factors[-1]
    assert simulate(scene).samples_per_s == pytest.approx(expected, rel=0.02)
