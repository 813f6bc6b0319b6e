"""The benchmark of input pipelines: its rows and its sums; no test depends on a timing."""

from __future__ import annotations

import os
import time
from importlib.util import find_spec

import pytest

from bench.train.__main__ import interleaved, summary
from bench.train.child import tree_cpu
from bench.train.rows import BASELINE, ROWS


def test_rows_have_names_of_their_own_and_modules():
    names = [row.name for row in ROWS]
    assert len(set(names)) == len(names)
    assert BASELINE in names
    assert all(find_spec(row.function.partition(":")[0]) for row in ROWS)


def test_a_summary_is_of_all_epochs():
    runs = [
        {"images": 100, "seconds": [1.0, 2.0], "cpu_s": [0.1, 0.2]},
        {"images": 100, "seconds": [4.0], "cpu_s": [0.4]},
    ]
    made = {"images_per_s": 50, "least": 25, "most": 100, "cpu_ms": pytest.approx(2.0)}
    assert summary(runs) == made


def test_every_round_has_every_row(monkeypatch):
    asked = []
    monkeypatch.setattr("bench.train.__main__._in_child", lambda row: asked.append(row) or {})
    runs = interleaved(list(ROWS), 3)
    assert all(len(found) == 3 for found in runs.values())
    for start in range(0, len(asked), len(ROWS)):
        assert set(asked[start:][: len(ROWS)]) == set(ROWS)


def test_the_cpu_time_of_children_counts():
    receive, send = os.pipe()
    before = tree_cpu()
    child = os.fork()
    if not child:
        late = time.process_time() + 0.2
        while time.process_time() < late:
            pass
        os.write(send, b"x")
        time.sleep(10)
        os._exit(0)
    os.read(receive, 1)
    spent = tree_cpu() - before
    os.kill(child, 9)
    os.waitpid(child, 0)
    os.close(receive), os.close(send)
    assert 0.15 < spent < 2
