"""The shipped overheads, and what follows from one."""

from __future__ import annotations

from dataclasses import asdict, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitprep.costs.inputs.overheads import (
    OVERHEADS,
    Overhead,
    load_overheads,
    parse_overheads,
)

figures = st.floats(0, 1e3)
kinds = st.builds(Overhead, *[figures] * len(fields(Overhead)))
nbytes = st.floats(0, 1e9)


def test_the_shipped_file_has_every_figure_with_date_and_machine():
    shipped = load_overheads()
    assert shipped.date
    assert shipped.machine
    for name in OVERHEADS:
        figures = asdict(getattr(shipped, name))
        assert min(figures.values()) >= 0
        assert figures["receive_ms"] + figures["receive_mb_ms"] > 0


def test_what_this_host_reads_without_a_function_or_server_is_made_nowhere_else():
    shipped = load_overheads()
    for name in ("original", "shard_original", "copy", "shard_copy", "disk_copy"):
        one = getattr(shipped, name)
        assert (one.cpu_ms(10**6), one.log_bytes) == (0, 0)


def test_a_sample_of_a_shard_takes_less_than_a_read_of_its_own():
    shipped, size = load_overheads(), 150_656
    for name in ("object_lambda", "streamed_url", "server", "original", "copy"):
        alone, shared = getattr(shipped, name), getattr(shipped, f"shard_{name}")
        assert shared.receiving_ms(size) < alone.receiving_ms(size)
        assert shared.cpu_ms(size) <= alone.cpu_ms(size)
        assert shared.log_bytes <= alone.log_bytes


@given(kinds, nbytes, nbytes)
def test_time_grows_with_bytes_by_a_straight_line(one, a, b):
    for spent in (one.cpu_ms, one.receiving_ms):
        assert spent(a) + spent(b) == pytest.approx(spent(a + b) + spent(0))


@given(st.lists(kinds, min_size=len(OVERHEADS), max_size=len(OVERHEADS)))
def test_a_table_is_read_back(made):
    table = {"date": "2026-12-01", "machine": "some processor"}
    named = dict(zip(OVERHEADS, made, strict=True))
    found = parse_overheads(table | {name: asdict(one) for name, one in named.items()})
    assert asdict(found) == table | {name: asdict(one) for name, one in named.items()}
