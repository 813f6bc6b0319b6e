"""How much the overflow is asked for, what it bears, and when it is late."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.train.overflow_simulated import compared
from jitprep.reader.loading.overflow.demand import Demand
from jitprep.reader.loading.overflow.reads import RemoteReads
from jitprep.reader.loading.overflow.stragglers import Latency
from jitprep.reader.loading.overflow.window import Window

SECONDS = st.floats(1e-3, 10)


def steady(step: float, here: float, there: float, threads: int = 2) -> Demand:
    """Return the demand after long measurement of equal times."""
    demand = Demand(32, threads)
    for _ in range(200):
        demand.made_here(8, 8 * here)
        demand.computed(step)
        demand.waited(0)
        demand.latency.add(there)
    return demand


@given(SECONDS, SECONDS, SECONDS)
def test_demand_is_littles_law(step, here, there):
    wanted = steady(step, here, there).samples(ready=5, ahead=32)
    short = max(0.0, 32 / step * 1.02 - 2 / here)
    assert wanted == pytest.approx(short * there, rel=1e-6, abs=1e-6)


@given(SECONDS, SECONDS, st.floats(1.03, 50), st.integers(0, 32))
def test_a_machine_that_keeps_up_asks_for_nothing(step, there, spare, ready):
    here = 2 * step / 32 / spare
    assert steady(step, here, there).samples(ready, ahead=32) == 0


@given(SECONDS, SECONDS, SECONDS, st.integers(0, 32), st.integers(0, 32))
def test_more_ready_batches_never_ask_for_more(step, here, there, one, other):
    demand = steady(step, here, there)
    fewer, more = sorted((one, other))
    assert demand.samples(fewer, 32) >= demand.samples(more, 32) >= 0


@given(st.integers(1, 512), st.lists(st.tuples(st.booleans(), st.integers(1, 64)), max_size=200))
def test_a_window_stays_within_its_bounds(most, answers):
    window = Window(most)
    for now, (good, rows) in enumerate(answers):
        if good:
            window.succeeded(rows)
        else:
            before = window.size(now)
            window.failed(now, now)
            assert window.size(now) <= max(before / 2, 1) or before <= 1
        assert window.size(now) <= most
        assert window.size(now + 60) >= 1  # no pause lasts longer


def test_failures_of_one_round_halve_the_window_once():
    window = Window(64)
    for _ in range(20):
        window.succeeded(8)
    for _ in range(30):
        window.failed(began=1.0, now=2.0)
    assert window.size(2.0) == 32


def test_a_remote_that_stays_down_is_tried_ever_more_rarely():
    window, now, tries = Window(64), 0.0, 0
    while now < 600:
        if window.size(now):
            tries += 1
            window.failed(now, now)
        now += 0.01
    assert tries < 40
    window.succeeded(8)
    window.failed(now, now)
    assert window.size(now + 0.2)  # the pauses begin anew


def test_reads_that_hang_leave_their_place_to_others_up_to_the_limit():
    reads = RemoteReads(24)
    for number in range(6):  # failures make the window small
        reads.begin(number, 8, number)
        reads.end(number, number + 0.5, failed=True)
    begun = 0
    for second in range(100, 200):
        if reads.may_begin(64, second):
            reads.begin(1000 + second, 8, second)
            begun += 1
    assert begun == 3
    reads.end(1100, 200, failed=True)
    assert reads.may_begin(64, 260)


@given(st.integers(1, 64), st.floats(0, 64))
def test_no_more_samples_are_under_way_than_are_wanted(most, wanted):
    reads, under_way = RemoteReads(most), 0
    while reads.may_begin(wanted, 0.0):
        reads.begin(under_way, 1, 0.0)
        under_way += 1
    assert under_way <= min(most, wanted + 1)


@given(st.lists(st.floats(0.001, 60), min_size=1, max_size=100))
def test_an_answer_is_late_after_twice_the_usual_time_at_least(times):
    latency = Latency()
    for seconds in times:
        latency.add(seconds)
    assert min(times) * 0.999 <= latency.mean <= max(times) * 1.001
    assert latency.late_after >= max(0.1, 2 * latency.mean)


@pytest.mark.parametrize(("step_ms", "slots"), [(1, 64), (10, 200), (15, 16), (30, 64)])
def test_an_epoch_takes_little_longer_than_the_best_fixed_split(step_ms, slots):
    row = compared(step_ms / 1000, slots)
    assert row["ratio"] <= 1.04
    assert row["remote"] <= 1.15 * row["best_remote"] + 200
