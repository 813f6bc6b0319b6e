"""Laws of an epoch: conservation, determinism, limits of Lambda and of S3, autoscaling."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jitprep.costs.simulation.advice import advise
from jitprep.costs.simulation.pictures import render_readers, render_timeline
from jitprep.costs.simulation.scenario import (
    Autoscaling,
    FunctionDoor,
    ManagedDoor,
    ServerDoor,
    ServiceTime,
    Store,
)
from jitprep.costs.simulation.simulate import simulate
from tests.jitprep.costs.simulation.small import DOORS, SERVICE, scenario


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(sorted(DOORS)),
    readers=st.integers(1, 30),
    samples=st.integers(1, 400),
    gets_per_s=st.floats(30, 3000),
    cores=st.none() | st.integers(1, 3),
    seed=st.integers(0, 10),
)
def test_each_sample_is_received_once(name, readers, samples, gets_per_s, cores, seed) -> None:
    door = DOORS[name]
    asked = scenario(
        door,
        readers=readers,
        samples=samples,
        store=Store(gets_per_s=gets_per_s),
        cores=cores,
        receive_ms=1.0,
        seed=seed,
    )
    made = simulate(asked)
    requests = -(-samples // door.samples_per_request)
    assert made.samples == samples == sum(each.samples for each in made.timeline)
    assert made.throttled_429 == sum(each.throttled_429 for each in made.timeline)
    assert made.slow_503 == sum(each.slow_503 for each in made.timeline)
    assert made.retries == made.throttled_429 + made.slow_503 - made.store_503
    assert requests <= made.usage.requests <= requests + made.retries
    assert made.timeline[-1].under_way == 0
    assert made == simulate(asked)


@pytest.mark.parametrize("name", ["function", "server"])
def test_a_larger_door_does_not_slow_an_epoch(name) -> None:
    """Up to noise of 5%, with the burst, cold starts and the store's limit."""
    store = Store(gets_per_s=400.0)
    before = float("inf")
    for size in (4, 8, 16, 32, 64):
        door = (
            FunctionDoor(service=SERVICE, concurrency=size, cold_start_ms=200.0, burst=100)
            if name == "function"
            else ServerDoor(service=SERVICE, workers=size, threads=8)
        )
        epoch_s = simulate(scenario(door, readers=40, samples=8000, store=store)).epoch_s
        assert epoch_s <= before * 1.05
        before = epoch_s


def test_the_burst_limits_environments() -> None:
    """At no time are there more environments than the burst, and its rate since then, allow."""
    service = ServiceTime(cpu_ms=1000.0)
    door = FunctionDoor(service=service, concurrency=400, burst=100, cold_start_ms=500.0)
    made = simulate(scenario(door, readers=400, samples=8000))
    for each in made.timeline:
        assert each.environments <= 100 + 10 * each.end_s + 1e-6
    assert made.timeline[-1].environments > 250
    assert made.throttled_429
    ramped = simulate(scenario(door, readers=400, samples=8000, ramp_s=31.0))
    assert not ramped.throttled_429


def test_short_requests_are_throttled_by_their_rate() -> None:
    """Lambda takes ten requests per second for each unit of concurrency."""
    door = FunctionDoor(service=ServiceTime(cpu_ms=1.0), concurrency=10)
    made = simulate(scenario(door, readers=10, samples=2000))
    assert made.samples_per_s == pytest.approx(100, rel=0.1)
    assert made.throttled_429
    free = replace(door, requests_per_s_each=None)
    assert simulate(scenario(free, readers=10, samples=2000)).samples_per_s > 5000


def test_the_store_splits_under_load() -> None:
    door = FunctionDoor(service=SERVICE, concurrency=100, burst=None)
    never = Store(gets_per_s=100.0, split_s=None)
    slow = simulate(scenario(door, readers=60, samples=9000, store=never))
    split = simulate(scenario(door, readers=60, samples=9000, store=replace(never, split_s=20.0)))
    assert slow.samples_per_s == pytest.approx(100, rel=0.05)
    assert split.epoch_s < 0.7 * slow.epoch_s
    assert slow.store_503


def test_autoscaling_follows_the_load() -> None:
    """Workers come after they boot, up to the most, and none where the target is met."""
    door = ServerDoor(
        service=ServiceTime(cpu_ms=10.0),
        workers=2,
        scaling=Autoscaling(most=10, target=0.7, boot_s=20.0, every_s=5.0),
    )
    made = simulate(scenario(door, readers=100, samples=40_000))
    assert made.timeline[-1].environments == 10
    booting = sum(each.samples for each in made.timeline if each.end_s <= 20)
    assert booting <= 2 / 0.010 * 20
    assert made.samples_per_s > 2 * 2 / 0.010
    idle = simulate(scenario(door, readers=1, samples=500, step_ms=10.0))
    assert idle.timeline[-1].environments == 2


def test_managed_instances_throttle_where_traffic_more_than_doubles() -> None:
    door = ManagedDoor(
        service=ServiceTime(cpu_ms=5.0, wait_ms=50.0),
        environments=3,
        requests_at_once=4,
        vcpus=2.0,
    )
    assert not simulate(scenario(door, readers=12, samples=3000)).throttled_429
    assert simulate(scenario(door, readers=30, samples=3000)).throttled_429


@pytest.mark.parametrize("name", ["function", "server"])
def test_the_advice_does_not_throttle_and_is_near_the_best(name) -> None:
    store = Store(gets_per_s=1000.0)
    doors = {
        "function": FunctionDoor(service=SERVICE, concurrency=50, cold_start_ms=300.0),
        "server": ServerDoor(service=SERVICE, workers=1),
    }
    asked = scenario(doors[name], readers=512, samples=40_000, store=store)
    advice = advise(asked)
    assert not advice.outcome.throttled_429
    assert advice.size < 512
    assert advice.outcome.epoch_s <= 1.15 * 40_000 / 1000


def test_pictures_show_what_happened() -> None:
    door = FunctionDoor(service=SERVICE, concurrency=4, cold_start_ms=300.0)
    made = simulate(scenario(door, readers=30, store=Store(gets_per_s=30.0)))
    drawn = render_timeline("an <epoch>", made)
    assert "an &lt;epoch&gt;" in drawn
    for name in ("429 from Lambda", "503 SlowDown", "requests under way"):
        assert f">{name}<" in drawn
    over = render_readers("readers", [(3, made), (30, made)])
    assert over.startswith("<svg")
    assert ">10<" in over
    assert "nan" not in drawn + over


@pytest.mark.parametrize("name", sorted(DOORS))
def test_an_epoch_of_many_years_ends(name) -> None:
    """The clock's numbers are then farther apart than what is left of a request by rounding."""
    a_year_ms = 3.2e10
    made = simulate(scenario(DOORS[name], readers=2, samples=600, step_ms=a_year_ms))
    assert made.samples == 600
    assert made.p50_ms == pytest.approx(57, abs=100)
