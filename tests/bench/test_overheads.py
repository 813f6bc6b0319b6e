"""The measured overheads: lines over two sizes, the file, and every way; no test depends on a timing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.doors.cpu_time import cpu_s, in_rounds
from bench.overheads.figures import dump_overheads, line, lower_quartile, overheads
from bench.overheads.measuring import Spent
from jitprep.costs.inputs.overheads import OVERHEADS, load_overheads

sizes = st.floats(1e-3, 10)
times = st.floats(0, 100)
OCCASION = {
    "date": "2026-12-01",
    "commit": "abc1234",
    "python": "3.11.7",
    "machine": {"processor": 'a "fast" one', "cores": 2, "system": "Linux x86_64"},
}
MEASURE = """
import json
from dataclasses import asdict
from bench.overheads.measuring import measure
print(json.dumps([asdict(one) for one in measure(2, count=8, shard=33)]))
"""
# Nothing is made elsewhere.
HERE = {"original", "shard_original", "copy", "shard_copy", "disk_copy"}


@given(times, times, sizes, sizes.filter(lambda step: step > 1e-2))
def test_a_line_that_rises_from_above_nothing_is_found(intercept, slope, x, step):
    points = [(at, intercept + slope * at) for at in (x, x + step)]
    found = line(points)
    assert min(found) >= 0
    assert found == pytest.approx((intercept, slope), rel=1e-3, abs=1e-6)


@given(sizes, sizes.filter(lambda step: step > 1e-2), times, times, times, times)
def test_no_other_line_without_negative_parts_fits_better(x, step, y0, y1, intercept, slope):
    points = [(x, y0), (x + step, y1)]

    def misses(a, b):
        return sum((a + b * at - y) ** 2 for at, y in points)

    found = line(points)
    assert min(found) >= 0
    assert misses(*found) <= misses(intercept, slope) + 1e-6


@given(st.lists(st.floats(-1, 100), min_size=2), st.floats(0, 100))
def test_a_quartile_is_between_the_least_and_the_median(spent, more):
    found = lower_quartile(spent)
    assert max(min(spent), 0) <= found <= max(sorted(spent)[len(spent) // 2], 0)
    assert lower_quartile([*spent, *[max(spent) + more] * len(spent)]) >= found


def test_the_file_is_what_the_command_reads(tmp_path):
    spent = [
        Spent(name, nbytes, [ms, ms + 1, ms + 9], [2 * ms, 3 * ms, 9 * ms], 600.0 + ms)
        for name in OVERHEADS
        for nbytes, ms in ((150_000, 1.0), (600_000, 2.5))
    ]
    found = overheads("2026-12-01", OCCASION["machine"]["processor"], spent, 250)
    path = tmp_path / "overheads.toml"
    path.write_text(dump_overheads(found, OCCASION, 12), encoding="utf-8")
    assert load_overheads(path) == found
    assert found.invoke.log_bytes == 601
    assert found.shard_server.log_bytes == pytest.approx(601 / 4, abs=0.1)


def test_every_way_is_measured_and_returns_what_the_pipeline_does():
    """In a process of its own, whose transforms are counted until it ends."""
    done = subprocess.run([sys.executable, "-c", MEASURE], stdout=subprocess.PIPE, check=True)
    spent = [Spent(**one) for one in json.loads(done.stdout)]
    assert Counter(one.field for one in spent) == dict.fromkeys(OVERHEADS, 2)
    found = overheads("2026-12-01", "some processor", spent, 33)
    for name in OVERHEADS:
        one = getattr(found, name)
        assert one.receive_ms + one.receive_mb_ms > 0
        elsewhere = name not in HERE
        assert (one.ms + one.mb_ms > 0) == (one.log_bytes > 0) == elsewhere


def test_rounds_that_count_come_after_those_that_warm_up():
    ran, seen = [], []
    found = in_rounds(
        {"a": lambda: ran.append("a"), "b": lambda: ran.append("b")},
        {"a": lambda: float(len(ran)), "b": lambda: 0.0},
        3,
        2,
        warm=1,
        check=lambda name, made: seen.append(name),
    )
    assert found == {"a": [500.0] * 3, "b": [0.0] * 3}
    assert seen == ran
    assert {*ran[:2]} == {*ran[2:4]} == {"a", "b"}
    assert len(ran) == 8


def test_the_clock_of_a_process_is_its_cpu_time():
    before = cpu_s(os.getpid()), time.process_time()
    sum(range(10**6))
    after = cpu_s(os.getpid()), time.process_time()
    assert after[0] - before[0] == pytest.approx(after[1] - before[1], rel=0.1, abs=1e-3)
