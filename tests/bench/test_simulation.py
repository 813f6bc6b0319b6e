"""The comparison of simulated and measured figures: its parts; no test depends on a timing."""

from __future__ import annotations

import itertools
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.simulation.calibration import ServiceTimes, calibrate
from bench.simulation.clients import Load, Reader, read_under, requests_of
from bench.simulation.comparison import compare, is_within_goal, result, table
from bench.simulation.doors import DOORS
from bench.simulation.measurement import Figures, Measured, undisturbed
from bench.simulation.page import BEGIN, END, page
from bench.simulation.quiet import QUIET
from bench.simulation.scenes import SCENES, WORKERS, Point, readers_of
from bench.simulation.slow_store import slow_store

_MADE = {
    "date": "2026-01-01",
    "commit": "0",
    "machine": {"processor": "one", "cores": 2},
    "python": "3.11",
    "rounds": 1,
    "seconds": 1,
}


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    folder = tmp_path_factory.mktemp("originals")
    return folder, SCENES[0].write(folder)


@pytest.mark.parametrize("name", DOORS)
def test_a_door_is_calibrated_and_read(name, originals):
    folder, keys = originals
    with slow_store(folder, 0.001) as store, DOORS[name](store, keys, 1) as door:
        times = calibrate(door, store, 0.2)
        reading = read_under(Load(door.port, door.targets, 3, 0.3, 0.1, door.accepting))
    requests = len(times.latency_ms)
    assert requests == len(times.wait_ms) == len(times.worker_after_ms) > 0
    assert len(times.front_before_ms) == (requests if door.front else 0)
    assert all(wait >= 1 for wait in times.wait_ms)
    assert all(
        0 < wait < latency for wait, latency in zip(times.wait_ms, times.latency_ms, strict=True)
    )
    assert sum(times.worker_after_ms) > 0
    assert len(reading.latencies_s) > 0


@given(st.lists(st.integers(0, 999), max_size=6), st.integers(0, 900))
def test_an_answer_is_whole_however_it_is_cut(cuts, size):
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + bytes(size)
    ends = sorted({*(cut for cut in cuts if 0 < cut < len(answer)), len(answer)})
    here, there = socket.socketpair()
    with here, there:
        here.setblocking(False)
        reader = Reader(here, requests_of([("/a", "localhost")]))
        reader.send()
        for start, end in itertools.pairwise([0, *ends]):
            assert not reader.receive()
            there.sendall(answer[start:end])
        assert reader.receive()


def times(**known: float) -> ServiceTimes:
    names = ServiceTimes.__dataclass_fields__
    return ServiceTimes(**{name: (known[name],) * 4 if name in known else () for name in names})


def measured(per_s: float, p50_ms: float) -> Measured:
    """Return one point of a server whose requests wait 9 ms and take 1 ms of CPU."""
    service = times(
        worker_before_ms=0.25, worker_after_ms=0.75, worker_rest_ms=0.0, wait_ms=9.0, client_ms=0.0
    )
    of, point = {("waiting", "server"): [(service, 0.0)]}, Point("waiting", "server", 2, 1)
    figures = Figures(per_s, p50_ms, p50_ms, 0.0)
    return Measured({point: [figures]}, of, of, {"waiting": [([1.0], 0.0)]})


def test_one_reader_waits_for_the_store_and_the_worker():
    (row,) = compare(measured(100.0, 10.0))
    assert (row.per_s, row.p50_ms) == (pytest.approx(100, rel=1e-3), pytest.approx(10, rel=1e-3))
    assert not row.is_calibration


@pytest.mark.parametrize(("per_s", "p50_ms"), [(80.0, 10.0), (100.0, 12.0)])
def test_a_figure_beyond_the_goal_is_bold_and_fails(per_s, p50_ms):
    beyond, within = measured(per_s, p50_ms), measured(100.0, 10.0)
    found = result(compare(beyond), beyond, _MADE)
    assert not is_within_goal(found)
    assert table(found).count("**") == 2
    found = result(compare(within), within, _MADE)
    assert is_within_goal(found)
    assert "**" not in table(found)


def test_the_page_keeps_what_is_outside_of_the_marks():
    done = measured(100.0, 10.0)
    found = result(compare(done), done, _MADE)
    once = page(f"before\n{BEGIN}\nold\n{END}\nafter\n", found)
    assert once.startswith(f"before\n{BEGIN}\n")
    assert once.endswith(f"\n{END}\nafter\n")
    assert "\nold\n" not in once
    assert page(once, found) == once
    with pytest.raises(ValueError, match="lacks the lines"):
        page("no marks", found)


@given(st.lists(st.tuples(st.integers(), st.floats(0, 2)), min_size=1))
def test_disturbed_rounds_count_only_where_there_is_no_other(rounds):
    kept = undisturbed(rounds)
    quiet = [found for found, others in rounds if others <= QUIET]
    assert kept == (
        quiet
        or [found for found, others in rounds if others == min(rounds, key=lambda one: one[1])[1]]
    )


def test_readers_are_one_a_few_and_more_than_the_workers():
    for workers in WORKERS:
        readers = list(readers_of(workers))
        assert readers[0] == 1
        assert readers == sorted(set(readers))
        assert readers[-1] > workers
