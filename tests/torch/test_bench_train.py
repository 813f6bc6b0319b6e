"""The benchmark's rows of jitprep's own: whole epochs of the workload's images."""

from __future__ import annotations

import pytest

from bench.train.child import measured
from bench.train.rows import ROWS
from bench.train.workload import Workload

OURS = [row for row in ROWS if row.function.startswith("bench.train.ours:")]


@pytest.mark.filterwarnings("ignore:This DataLoader will create")
@pytest.mark.parametrize("row", OURS, ids=lambda row: row.name)
def test_a_row_gives_every_image(row, thumbnails):
    keys = list(thumbnails.keys())
    workload = Workload(str(thumbnails.path), keys, batch=5, resize=40, crop=32)
    found = measured(row, workload, 1)
    assert found["images"] == 12
    assert len(found["seconds"]) == len(found["cpu_s"]) == 1
