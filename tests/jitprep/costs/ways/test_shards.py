"""Cost of shards: rows by hand, and laws."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitprep.costs.ways.bill import (
    COPIES_DISK,
    COPIES_SHARDS,
    SHARD_WAYS,
    SHARDS_HOST,
    SHARDS_OBJECT_LAMBDA,
    SHARDS_SERVER,
    SHARDS_STREAMED_URL,
    Missing,
    Way,
)
from jitprep.costs.ways.model import ways
from tests.jitprep.costs.given import MEASURED, OVERHEADS, PLAN, PRICES
from tests.jitprep.costs.ways.drawn import measured, plans

# A sample takes 5 ms of CPU through the function: 0.5 of its own, and 0.5 for each 10^6 bytes.
TAKES_5_MS = replace(MEASURED, ms=5 - 0.5 - 0.05, bytes_out=100_000)


def shards(took=MEASURED, prices=PRICES, **plan):
    found = ways(took, replace(PLAN, lambda_speed=1.0, **plan), prices, OVERHEADS)
    return {way.name: way for way in found if way.name in SHARD_WAYS}


def test_a_million_samples_through_object_lambda_by_hand():
    """A thousand shards. Each takes 5 s for its samples, and waits for two requests."""
    way = shards(TAKES_5_MS, memory_mb=1769)[SHARDS_OBJECT_LAMBDA]
    assert (way.memory_mb, way.ms, way.objects) == (1769, 5_100, 1000)
    bill = {charge.what: charge.usd for charge in way.each_epoch if charge.kind != "idle"}
    assert bill == pytest.approx(
        {
            "S3 GET": 1000 * 0.0000004,
            "Lambda requests": 1000 * 0.0000002,
            "Lambda GB-seconds": 1000 * 5.1 * 1769 / 1024 * 0.0000133334,
            "data returned": 1e6 * 100_000 / 1e9 * 0.005,
            "CloudWatch Logs": (1e6 * 2 + 1000 * 280) / 1e9 * 0.50,
        }
    )


def test_a_stream_of_a_shard_is_billed_while_it_leaves():
    """100 MB: 6 MiB at once, the rest at 2 MiB a second, which is longer than its 5 s of CPU."""
    way = shards(TAKES_5_MS, memory_mb=1769)[SHARDS_STREAMED_URL]
    assert way.ms == pytest.approx((100e6 - 6 * 2**20) / (2 * 2**20) * 1000 + 50, abs=1)


def test_packing_is_paid_once():
    """GETs, a LIST per thousand keys, parts of 8 MiB and two requests a shard, a month of 180 GB."""
    way, packed = shards()[SHARDS_HOST], shards(packed=True)[SHARDS_HOST]
    parts = 180e9 / (8 * 2**20) + 2 * 1000
    hours = 1e6 * 0.58 / 3.6e6 / 0.7
    assert way.fixed == pytest.approx(
        0.40 + 1000 * 0.000005 + parts * 0.000005 + 180e9 / 2**30 * 0.023 + hours / 2 * 0.0319,
        rel=1e-4,
    )
    assert packed.fixed == pytest.approx(0.000005)
    assert packed.slope == way.slope


def test_copies_of_packed_originals_read_the_shards():
    """A sample of a shard takes 4.28 ms, and one of the disk 0.13; 4 vCPUs prepare while GPUs wait."""
    found = ways(MEASURED, replace(PLAN, packed=True), PRICES, OVERHEADS)
    disk, stored = (
        next(way for way in found if way.name == name) for name in (COPIES_DISK, COPIES_SHARDS)
    )
    read = 0.000005 + 1000 * 0.0000004
    waited_hours = 1e6 * (4.28 - 0.1 - 0.2 * 0.150656) / 4 / 3.6e6
    assert disk.fixed == pytest.approx(read + waited_hours * 1.006)
    made = [charge.usd for charge in stored.once if charge.kind == "compute"]
    assert made == pytest.approx([1e6 * 4.28 / 3.6e6 / 0.7 / 2 * 0.0319])


@pytest.mark.parametrize(
    ("ms", "plan", "said"),
    [
        (31.2, {}, "must end within 30 s; pass --shard 958 or less"),
        (31.2, {"shard": 958}, None),
        (31.2, {"shard": 959}, "pass --shard 958 or less"),
        (31.2, {"shard": 10**9}, "pass --shard 958 or less"),
    ],
)
def test_a_shard_that_takes_too_long_has_a_size_that_does_not(ms, plan, said):
    """All is done in 29,900 ms: 29,900 / 31.2 = 958.3 samples."""
    took = replace(MEASURED, ms=ms - 0.5 - 0.5 * 0.150656)
    way = shards(took, **plan)[SHARDS_OBJECT_LAMBDA]
    if said is None:
        assert isinstance(way, Way)
    else:
        assert isinstance(way, Missing)
        assert way.reason.endswith(said)


@pytest.mark.parametrize("took", [{"ms": 31_000.0}, {"working_mb": 11_000.0}])
def test_where_no_size_helps_none_is_named(took):
    way = shards(replace(MEASURED, **took))[SHARDS_OBJECT_LAMBDA]
    assert isinstance(way, Missing)
    assert way.reason.endswith("must end within 30 s")


def test_results_beyond_a_stream_name_a_size_that_fits():
    way = shards(replace(MEASURED, bytes_out=2**20))[SHARDS_STREAMED_URL]
    assert isinstance(way, Missing)
    assert way.reason.endswith("pass --shard 200 or less")
    assert isinstance(
        shards(replace(MEASURED, bytes_out=2**20), shard=200)[SHARDS_STREAMED_URL], Way
    )


def test_a_machine_without_a_spot_price_is_left_out():
    found = shards(prices=replace(PRICES, spot={}))[SHARDS_SERVER]
    assert found == Missing(SHARDS_SERVER, "the price file has no spot price for c8g.large")


@given(measured, plans, st.integers(2, 100), st.integers(1, 1000))
def test_larger_shards_cost_no_more(took, plan, factor, count):
    """Where the memory is given, and but for streams, whose first bytes are free in each shard."""
    size = plan.shard
    plan = replace(plan, objects=size * factor * count, memory_mb=plan.memory_mb or 1769)
    small, large = (
        {w.name: w for w in ways(took, replace(plan, shard=shard), PRICES, OVERHEADS)}
        for shard in (size, size * factor)
    )
    for name in {*SHARD_WAYS} - {SHARDS_STREAMED_URL}:
        if isinstance(large[name], Way):
            assert large[name].slope <= small[name].slope * (1 + 1e-9)
