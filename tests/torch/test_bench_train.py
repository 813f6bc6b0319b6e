"""The benchmark's rows: jitprep's own make whole epochs, and none is left out without a word."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.environment import ROOT
from bench.train.child import measured
from bench.train.rows import BASELINE, ROWS
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


def test_every_row_is_a_function_of_its_own():
    assert len({row.name for row in ROWS}) == len({row.function for row in ROWS}) == len(ROWS)
    assert BASELINE in {row.name for row in ROWS}
    for row in ROWS:
        module, _, name = row.function.partition(":")
        source = Path(ROOT, *module.split(".")).with_suffix(".py").read_text(encoding="utf-8")
        assert f"def {name}(workload: Workload" in source


def test_a_row_names_what_it_needs(tmp_path):
    row = replace(ROWS[0], environment=str(tmp_path))
    assert row.missing == f"the environment {tmp_path}, which make bench-train makes"
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").touch()
    assert row.missing is None
    libraries = ("libnone.so.1", "libnone.so.2")
    assert replace(row, libraries=(*libraries, "libc.so.6")).missing is None
    missing = replace(row, libraries=libraries).missing
    assert missing == "a shared library of the system: libnone.so.1 or libnone.so.2"
