"""Cost of shards: each row by hand, and laws."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jitprep.costs.ways.bill import (
    EC2_SPOT,
    GPU,
    OBJECT_LAMBDA,
    SHARD_WAYS,
    SHARDS_EC2_SPOT,
    SHARDS_GPU,
    SHARDS_OBJECT_LAMBDA,
    Missing,
    Way,
)
from jitprep.costs.ways.model import ways
from jitprep.costs.ways.server import SERVER_OVERHEAD_MS
from jitprep.costs.ways.shards import FUNCTION_SAMPLE_MS, SERVER_SAMPLE_MS, price_shards

from tests.jitprep.costs.given import MEASURED, PLAN, PRICES
from .test_model import measured, plans

# A sample takes 5 ms of CPU through the function.
TAKES_5_MS = replace(MEASURED, ms=5 - FUNCTION_SAMPLE_MS, bytes_out=100_000)


def by_name(found):
    return {way.name: way for way in found}


def test_a_million_samples_through_object_lambda_by_hand():
    """A thousand shards. Each takes 5 s for its samples, 5 ms and two requests for itself."""
    plan = replace(PLAN, memory_mb=1769, overhead_ms=5.0, s3_ms=50.0)
    way = by_name(price_shards(TAKES_5_MS, plan, PRICES))[SHARDS_OBJECT_LAMBDA]
    assert (way.memory_mb, way.ms, way.objects, way.fixed) == (1769, 5_105, 1000, 0)
    bill = {charge.what: charge.usd for charge in way.each_epoch}
    assert bill == pytest.approx(
        {
            "S3 GET": 1000 * 0.0000004,
            "Lambda requests": 1000 * 0.0000002,
            "Lambda GB-seconds": 1000 * 5.105 * 1769 / 1024 * 0.0000133334,
            "data returned": 1e6 * 100_000 / 1e9 * 0.005,
        }
    )


def test_the_cheapest_memory_makes_a_shard_in_half_of_object_lambdas_minute():
    """5,005 ms of CPU are 5,005 × 1769 / 296 = 29.9 s on 296 MB, after which 320 is the next size.

    There they are 5,005 × 1769 / 320 + 100 = 27,768.3 ms.
    """
    way = by_name(price_shards(TAKES_5_MS, PLAN, PRICES))[SHARDS_OBJECT_LAMBDA]
    assert (way.memory_mb, way.ms) == (320, 27_769)


def test_a_million_samples_through_a_spot_server_by_hand():
    """2.9 ms for each of a thousand requests, and 30% of the machine's two vCPUs idle."""
    took = replace(MEASURED, ms=7 - SERVER_SAMPLE_MS)
    way = by_name(price_shards(took, PLAN, PRICES))[SHARDS_EC2_SPOT]
    hours = (1e6 * 0.007 + 1000 * SERVER_OVERHEAD_MS / 1000) / 3600 / 0.7
    assert way.slope == pytest.approx(1000 * 0.0000004 + hours / 2 * 0.0319)
    assert (way.fixed, way.memory_mb, way.ms, way.objects) == (0, None, None, 1000)


def test_shards_save_the_instance_its_gets():
    found = by_name(ways(MEASURED, PLAN, PRICES))
    assert found[GPU].slope - found[SHARDS_GPU].slope == pytest.approx(0.40 - 0.0004)


@pytest.mark.parametrize(
    ("ms", "plan", "said"),
    [
        (31.2, {}, "must end within 30 s; pass --shard 958 or less"),
        (31.2, {"shard": 958}, None),
        (31.2, {"shard": 959}, "pass --shard 958 or less"),
        (31.2, {"shard": 10**9}, "pass --shard 958 or less"),
        (4.2, {"memory_mb": 192, "speed": 0.5}, "pass --shard 385 or less"),
    ],
)
def test_a_shard_that_takes_too_long_has_a_size_that_does_not(ms, plan, said):
    """All is done in 29,900 ms: (29,900 − 5) / 31.2 = 958.2 samples.

    At 192 MB and half the speed, (29,900 × 192 / 1769 × 0.5 − 5) / 4.2 = 385.1.
    """
    took = replace(MEASURED, ms=ms - FUNCTION_SAMPLE_MS)
    way = by_name(price_shards(took, replace(PLAN, **plan), PRICES))[SHARDS_OBJECT_LAMBDA]
    if said is None:
        assert isinstance(way, Way)
    else:
        assert isinstance(way, Missing)
        assert way.reason.endswith(said)


@pytest.mark.parametrize("took", [{"ms": 31_000.0}, {"working_mb": 11_000.0}])
def test_where_no_size_helps_none_is_named(took):
    found = price_shards(replace(MEASURED, **took), PLAN, PRICES)
    way = by_name(found)[SHARDS_OBJECT_LAMBDA]
    assert isinstance(way, Missing)
    assert way.reason.endswith("must end within 30 s")


def test_a_machine_without_a_spot_price_is_left_out():
    found = by_name(price_shards(MEASURED, PLAN, replace(PRICES, spot={})))
    assert found[SHARDS_EC2_SPOT] == Missing(
        SHARDS_EC2_SPOT, "the price file has no spot price for c8g.large"
    )


@given(measured, plans)
def test_a_shard_of_one_sample_costs_no_less_than_a_read(took, plan):
    found = by_name(ways(took, replace(plan, shard=1), PRICES))
    for single, shards in zip((OBJECT_LAMBDA, EC2_SPOT, GPU), SHARD_WAYS, strict=True):
        if isinstance(found[shards], Way):
            assert found[shards].slope >= found[single].slope * (1 - 1e-9)


@given(measured, plans, st.integers(2, 100), st.integers(1, 1000))
def test_larger_shards_cost_no_more(took, plan, factor, shards):
    """Where the memory is given. Otherwise more may be needed, in which waiting costs more."""
    size = plan.shard
    plan = replace(plan, objects=size * factor * shards, memory_mb=plan.memory_mb or 1769)
    small, large = (
        by_name(price_shards(took, replace(plan, shard=shard), PRICES))
        for shard in (size, size * factor)
    )
    for name in SHARD_WAYS:
        if isinstance(large[name], Way):
            assert large[name].slope <= small[name].slope * (1 + 1e-9)


@given(measured, plans)
def test_a_data_set_smaller_than_a_shard_is_one_shard(took, plan):
    assume(plan.objects <= plan.shard)
    found = price_shards(took, plan, PRICES)
    assert found == price_shards(took, replace(plan, shard=plan.objects), PRICES)
    for way in found:
        if isinstance(way, Way):
            gets = next(charge.usd for charge in way.each_epoch if charge.what == "S3 GET")
            assert gets == PRICES.s3_get.usd
            assert way.objects == plan.objects
