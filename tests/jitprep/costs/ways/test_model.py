"""Cost of every way: AWS's own example, and laws."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitprep.costs.inputs.overheads import Overhead
from jitprep.costs.inputs.prices import Price
from jitprep.costs.ways.bill import (
    COPIES_DISK,
    COPY_WAYS,
    FARGATE,
    FUNCTION_URL,
    HOST_DISK,
    HOST_WAYS,
    INVOKE,
    KINDS,
    LAMBDA_WAYS,
    MANAGED,
    NAMES,
    OBJECT_LAMBDA,
    SHARD_WAYS,
    SHARDS_OBJECT_LAMBDA,
    SHARDS_STREAMED_URL,
    STREAMED_URL,
    Missing,
    Way,
)
from jitprep.costs.ways.invocation import LIMIT_MS, SIZES, VCPU_MB, BilledInvocation
from jitprep.costs.ways.model import ways
from tests.jitprep.costs.given import MEASURED, OVERHEADS, PLAN, PRICES
from tests.jitprep.costs.ways.drawn import measured, plans


def by_name(found):
    return {way.name: way for way in found}


def test_awss_own_example():
    """One million objects, 512 MB for one second each, 500 KB returned: $11.45.

    https://aws.amazon.com/s3/pricing/, "S3 Object Lambda pricing example". It rounds Lambda's
    $0.0000166667 to $0.0000167; with the price that is charged it is two cents less. It has no logs.
    """
    took = replace(MEASURED, ms=1000 * 512 / VCPU_MB, bytes_out=500_000, base_mb=0, working_mb=0)
    plan = replace(PLAN, arch="x86_64", memory_mb=512, s3_ms=0)
    unlogged = replace(PRICES, logs_gb=Price(0.0, "2025-12", "the example"))
    rounded = replace(unlogged, lambda_gb_second_x86_64=Price(0.0000167, "2025-12", "the example"))
    bare = replace(OVERHEADS, object_lambda=Overhead(0, 0, 0, 0, 0))
    way = by_name(ways(took, plan, rounded, bare))[OBJECT_LAMBDA]
    assert (way.memory_mb, way.ms) == (512, 1000)
    bill = {charge.what: charge.usd for charge in way.each_epoch if charge.usd}
    assert bill == pytest.approx(
        {
            "S3 GET": 0.40,
            "Lambda GB-seconds": 8.35,
            "Lambda requests": 0.20,
            "data returned": 2.50,
        },
        abs=1e-9,
    )
    assert way.slope == pytest.approx(11.45, abs=1e-9)
    charged = by_name(ways(took, plan, unlogged, bare))[OBJECT_LAMBDA]
    assert f"{charged.slope:.2f}" == "11.43"


@pytest.mark.parametrize(
    ("took", "plan", "missing"),
    [
        ({"bytes_out": 5e6}, {"shard": 40, "disk_gb": 6000}, {FUNCTION_URL, INVOKE, MANAGED}),
        (
            {"bytes_out": 3e8},
            {"disk_gb": 310_000},
            {FUNCTION_URL, STREAMED_URL, INVOKE, MANAGED, *SHARD_WAYS[1:3], FARGATE},
        ),
        ({}, {"stackable": False}, {INVOKE, MANAGED}),
        (
            {"working_mb": 11_000},
            {},
            {*LAMBDA_WAYS, FARGATE, SHARDS_OBJECT_LAMBDA, SHARDS_STREAMED_URL} - {MANAGED},
        ),
        ({}, {"memory_mb": 128}, {*LAMBDA_WAYS, *SHARD_WAYS[1:3]} - {MANAGED}),
        ({"ms": 70_000}, {}, {OBJECT_LAMBDA, *SHARD_WAYS[1:3]}),
        ({}, {"random": True}, set(COPY_WAYS)),
        ({}, {"disk_gb": 330}, {COPIES_DISK}),  # of 180 and 150.656 GB
        ({}, {"disk_gb": 170}, {HOST_DISK, COPIES_DISK}),
        ({}, {"disk_gb": None, "objects": 750_000}, set()),  # 248.0 GB of 250
        ({}, {"disk_gb": None, "objects": 1_390_000}, {HOST_DISK, COPIES_DISK}),  # 250.2 GB
        ({}, {"packed": True}, set(NAMES) - {HOST_DISK, *SHARD_WAYS, *COPY_WAYS}),
    ],
)
def test_a_way_that_is_not_possible_has_a_reason(took, plan, missing):
    found = ways(replace(MEASURED, **took), replace(PLAN, **plan), PRICES, OVERHEADS)
    closed = {way.name: way.reason for way in found if isinstance(way, Missing)}
    assert closed.keys() - set(HOST_WAYS) == missing - set(HOST_WAYS)
    assert all(closed.values())


@given(measured, plans)
def test_every_way_is_listed_and_no_bill_is_negative(took, plan):
    found = ways(took, plan, PRICES, OVERHEADS)
    assert tuple(way.name for way in found) == NAMES
    for way in found:
        if isinstance(way, Way):
            assert all(charge.usd >= 0 for charge in way.each_epoch)
            assert way.total(1) >= 0
            assert way.host_ms >= 0
            assert way.idle_s >= 0
            assert 0 <= way.remote <= 1
            for epochs in (1, plan.epochs):
                by_kind = way.by_kind(epochs)
                assert by_kind.keys() == set(KINDS)
                assert math.fsum(by_kind.values()) == pytest.approx(way.total(epochs))


@given(
    measured,
    plans,
    st.sampled_from(["objects", "ms", "bytes_out", "s3_ms", "months", "gets"]),
    st.integers(1, 4),
    st.integers(1, 50),
)
def test_more_never_costs_less(took, plan, what, factor, epochs):
    """Objects, CPU, bytes, waiting, months, requests and epochs. Fewer large rows fit into a batch."""
    if what in {"ms", "bytes_out", "gets"}:
        more = (replace(took, **{what: getattr(took, what) * factor}), plan)
    else:
        more = (took, replace(plan, **{what: getattr(plan, what) * factor}))
    after = by_name(ways(*more, PRICES, OVERHEADS))
    for way in ways(took, plan, PRICES, OVERHEADS):
        same = after[way.name]
        if isinstance(way, Way) and isinstance(same, Way):
            in_batches = way.name in {INVOKE, MANAGED, *HOST_WAYS[1:]}
            if not (in_batches and what == "bytes_out"):
                assert same.total(epochs) >= way.total(epochs) * (1 - 1e-9) - 1e-6
            assert way.total(epochs + 1) >= way.total(epochs)


@given(measured, plans)
def test_options_only_add_what_they_are_for(took, plan):
    """KMS, a private subnet, a load balancer and another zone change no other kind of charge."""
    bare = replace(
        plan,
        kms=False,
        private_subnet=False,
        load_balancer=False,
        across_zones=False,
        memory_mb=1769,
    )
    plain = by_name(ways(took, bare, PRICES, OVERHEADS))
    for options, kind in (
        ({"kms": True}, "KMS"),
        ({"private_subnet": True}, "network"),
        ({"load_balancer": True, "across_zones": True}, "network"),
    ):
        for way in ways(took, replace(bare, **options), PRICES, OVERHEADS):
            before = plain[way.name]
            if way.name in HOST_WAYS or not (isinstance(way, Way) and isinstance(before, Way)):
                continue  # an overflow may choose another remote
            kinds = zip(before.by_kind(1).items(), way.by_kind(1).values(), strict=True)
            for (name, less), more in kinds:
                assert more == pytest.approx(less) or (name == kind and more > less)


@given(
    st.builds(
        BilledInvocation,
        cpu_ms=st.floats(0.01, 1e6),
        wait_ms=st.floats(0, 1e4),
        threads=st.integers(1, 8),
        memory_mb=st.floats(1, 11_000),
        limit_ms=st.just(LIMIT_MS),
        least_ms=st.floats(0, 1e4),
    )
)
def test_the_cheapest_size_is_the_cheapest_that_fits(call):
    chosen = call.cheapest()
    costs = {size: size * call.ms(size) for size in SIZES if call.fits(size)}
    if chosen is None:
        assert not costs
    else:
        assert costs[chosen] == min(costs.values())
        assert call.memory_mb <= chosen


def test_cpu_comes_with_memory_up_to_what_the_threads_can_use():
    one = BilledInvocation(cpu_ms=100, wait_ms=20, threads=1, memory_mb=1, limit_ms=LIMIT_MS)
    many = replace(one, threads=4)
    assert one.ms(VCPU_MB) == one.ms(10_240) == 120
    assert one.ms(256) == math.ceil(100 * VCPU_MB / 256 + 20)
    assert many.ms(2 * VCPU_MB) == 70
    assert many.ms(256) == one.ms(256)
    assert replace(one, least_ms=300).ms(VCPU_MB) == 320


def test_the_template_takes_the_sizes_that_are_suggested():
    text = (Path(__file__).parents[4] / "deploy/template.yaml").read_text(encoding="utf-8")
    (memory,) = re.findall(r"  MemorySize:.*?MinValue: (\d+).*?MaxValue: (\d+)", text, re.DOTALL)
    assert tuple(map(int, memory)) == (SIZES[0], SIZES[-1])
