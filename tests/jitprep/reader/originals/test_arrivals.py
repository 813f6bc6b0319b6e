"""Work in I/O threads: every result arrives once, few wait, and none is lost where the caller stops."""

from __future__ import annotations

import threading
import time
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jitprep.reader.transport.arrivals import as_arrived


@settings(max_examples=30)
@given(st.integers(0, 40), st.sampled_from([1, 2, 7, 32]), st.sets(st.integers(0, 39)))
def test_every_key_arrives_once_with_its_result_or_its_error(count, threads, bad):
    def work(key: str) -> int:
        if int(key) in bad:
            raise LookupError(key)
        return int(key) ** 2

    arrived = dict(as_arrived(work, map(str, range(count)), threads, pytest.fail))
    assert len(arrived) == count
    for key, result in arrived.items():
        if int(key) in bad:
            assert isinstance(result, LookupError)
        else:
            assert result == int(key) ** 2


@pytest.mark.parametrize("threads", [1, 3, 8])
def test_so_many_are_under_way_or_wait(threads):
    lock, begun, taken, most = threading.Lock(), 0, 0, 0

    def work(key: str) -> str:
        nonlocal begun, most
        with lock:
            begun += 1
            most = max(most, begun - taken)
        return key

    for _ in as_arrived(work, map(str, range(50)), threads, pytest.fail):
        time.sleep(0.001)
        with lock:
            taken += 1
    assert begun == 50
    assert most <= threads + 1  # the next one begins before this test has counted


@settings(max_examples=30)
@given(st.integers(0, 20), st.sampled_from([1, 4, 16]))
def test_results_that_nobody_takes_are_dropped_once(stop, threads):
    made, dropped, lock = [], [], threading.Lock()

    def work(key: str) -> str:
        time.sleep(0.0002)
        with lock:
            made.append(key)
        return key

    taken = []
    arriving = as_arrived(work, map(str, range(30)), threads, dropped.append)
    with closing(arriving):
        for key, _ in arriving:
            taken.append(key)
            if len(taken) > stop:
                break
    late = time.monotonic() + 5
    while sorted(made) != sorted(taken + dropped) and time.monotonic() < late:
        time.sleep(0.001)
    assert sorted(made) == sorted(taken + dropped)
    assert len(set(made)) == len(made)
