"""Closed forms of queueing theory: M/M/c, Little's law, bounds of throughput."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jitprep.costs.simulation.scenario import (
    FunctionDoor,
    ManagedDoor,
    Scenario,
    ServerDoor,
    ServiceTime,
    Store,
)
from jitprep.costs.simulation.simulate import simulate
from tests.jitprep.costs.simulation.small import DOORS, ENDLESS, SERVICE, scenario

MEAN_MS = 10.0
EXPONENTIAL = ServiceTime(cpu_ms=MEAN_MS, spread="exponential")
ROOM = 10**9


def erlang_c(servers: int, load: float) -> float:
    """Return the probability that a request of an M/M/c queue waits, by Erlang's formula."""
    blocked = 1.0
    for count in range(1, servers + 1):
        blocked = load * blocked / (count + load * blocked)
    return servers * blocked / (servers - load * (1 - blocked))


def sojourn_p50_ms(servers: int, load: float) -> float:
    """Return the median time in an M/M/c queue in order of arrival, by bisection.

    A request takes its service, of rate 1, and with Erlang's probability a wait of rate c - load:
    P(T > t) = (1 - C) exp(-t) + C (r exp(-t) - exp(-r t)) / (r - 1), where r = c - load.
    """
    waits, rate = erlang_c(servers, load), servers - load

    def longer(t: float) -> float:
        both = (rate * math.exp(-t) - math.exp(-rate * t)) / (rate - 1)
        return (1 - waits) * math.exp(-t) + waits * both

    low, high = 0.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if longer(middle) > 0.5 else (low, middle)
    return low * MEAN_MS


@pytest.mark.parametrize(("servers", "busy"), [(1, 0.5), (2, 0.7), (4, 0.6), (16, 0.8)])
def test_doors_of_c_servers_are_mmc_queues(servers: int, busy: float) -> None:
    """Function with a queue, server, and environments that share processors: within 3% of Erlang C."""
    load = servers * busy
    mean_ms = MEAN_MS * (1 + erlang_c(servers, load) / (servers - load))
    in_order = (
        FunctionDoor(
            service=EXPONENTIAL,
            concurrency=servers,
            warm=servers,
            burst=None,
            queue=ROOM,
            requests_per_s_each=None,
        ),
        ServerDoor(service=EXPONENTIAL, workers=servers, threads=ROOM, balance="free"),
    )
    # Processor sharing has the mean of first come, first served, and another median.
    shared = ManagedDoor(
        service=EXPONENTIAL, environments=1, requests_at_once=ROOM, vcpus=float(servers)
    )
    for door in (*in_order, shared):
        rate = load / MEAN_MS * 1000
        made = simulate(
            Scenario(door=door, store=ENDLESS, samples=100_000, arrivals_per_s=rate, seed=3)
        )
        assert made.mean_ms == pytest.approx(mean_ms, rel=0.03), door
        if door is not shared:
            assert made.p50_ms == pytest.approx(sojourn_p50_ms(servers, load), rel=0.03), door
        assert made.retries == 0


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS.keys())
def test_littles_law(door) -> None:
    """Requests under way are their rate times their time: the timeline counts them on its own."""
    made = simulate(scenario(door, samples=20_000, readers=5, step_ms=30.0))
    under_way = fmean(each.under_way for each in made.timeline[:-1])
    requests_per_s = made.samples_per_s / door.samples_per_request
    assert under_way == pytest.approx(requests_per_s * made.mean_ms / 1000, rel=0.05)


@settings(max_examples=25, deadline=None)
@given(
    name=st.sampled_from(("function", "server")),
    servers=st.integers(1, 12),
    readers=st.integers(1, 40),
    gets_per_s=st.floats(20, 2000),
    step_ms=st.floats(0, 100),
)
def test_throughput_has_bounds(name, servers, readers, gets_per_s, step_ms) -> None:
    """A closed system is never faster than its servers, its store, or its readers."""
    door = (
        FunctionDoor(service=SERVICE, concurrency=servers, burst=None)
        if name == "function"
        else ServerDoor(service=SERVICE, workers=servers, threads=4)
    )
    store = Store(gets_per_s=gets_per_s, split_s=None)
    made = simulate(scenario(door, readers=readers, store=store, step_ms=step_ms, samples=1500))
    cpu_s, wait_s = fmean((4.0, 6.0, 11.0)) / 1000, 0.05
    each_s = cpu_s + wait_s if name == "function" else cpu_s
    saved = gets_per_s  # a second of the rate
    assert made.samples_per_s <= 1.05 * servers / each_s
    assert made.samples_per_s <= (made.samples / (made.samples - saved)) * gets_per_s * 1.01 or (
        made.samples <= saved + 1
    )
    assert made.samples_per_s <= 1.05 * readers / (cpu_s + wait_s + step_ms / 1000)


def test_processors_that_everything_shares_bound_the_throughput() -> None:
    for door in DOORS.values():
        service = ServiceTime(cpu_ms=20.0)
        made = simulate(
            scenario(replace(door, service=service), cores=2, receive_ms=5.0, samples=4000)
        )
        together_s = (20.0 + 5.0 / door.samples_per_request) / 1000
        assert made.samples_per_s <= 2 / together_s * 1.01
