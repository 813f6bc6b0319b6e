"""Cost of each way: AWS's own example, and laws."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitprep.costs.answers.breakeven import (
    cheaper_from,
    cheapest_just_in_time,
    crossing,
    worthwhile_ms,
)
from jitprep.costs.inputs.measure import Measured
from jitprep.costs.inputs.prices import Price
from jitprep.costs.ways.bill import (
    BACKFILL,
    FARGATE,
    FUNCTION_URL,
    GPU,
    INVOKE,
    LAMBDA_WAYS,
    OBJECT_LAMBDA,
    SERVER_WAYS,
    SHARD_WAYS,
    SHARDS_OBJECT_LAMBDA,
    Charge,
    Missing,
    TrainingPlan,
    Way,
)
from jitprep.costs.ways.invocation import LIMIT_MS, SIZES, VCPU_MB, BilledInvocation
from jitprep.costs.ways.model import price_object_lambda, ways
from jitprep.service.lambda_limits import max_body_bytes
from tests.jitprep.costs.given import MEASURED, PLAN, PRICES

measured = st.builds(
    Measured,
    ms=st.floats(0.01, 2000),
    bytes_in=st.floats(1, 5e7),
    bytes_out=st.floats(1, 2e7),
    base_mb=st.floats(40, 200),
    working_mb=st.floats(0, 500),
    samples=st.just(6),
)
plans = st.builds(
    TrainingPlan,
    objects=st.integers(1, 10**9),
    arch=st.sampled_from(["x86_64", "arm64"]),
    memory_mb=st.none() | st.sampled_from([1769, 10_240]),
    gpu=st.sampled_from(sorted(PRICES.instances)),
    train_ms=st.floats(0, 10),
    months=st.floats(0, 24),
    stackable=st.booleans(),
    overhead_ms=st.floats(0, 50),
    s3_ms=st.floats(0, 200),
    speed=st.floats(0.2, 5),
    server=st.sampled_from(sorted(PRICES.spot)),
    utilisation=st.floats(0.01, 1),
    shard=st.integers(1, 10_000),
)
lines = st.builds(
    lambda once, each: Way("", (Charge("", once),), (Charge("", each),)),
    st.floats(0, 1e6),
    st.floats(0, 1e6),
)


def by_name(found):
    return {way.name: way for way in found}


def test_awss_own_example():
    """One million objects, 512 MB for one second each, 500 KB returned: $11.45.

    https://aws.amazon.com/s3/pricing/, "S3 Object Lambda pricing example". It rounds Lambda's
    $0.0000166667 to $0.0000167; with the price that is charged it is two cents less.
    """
    took = replace(MEASURED, ms=1000 * 512 / VCPU_MB, bytes_out=500_000, base_mb=0, working_mb=0)
    plan = replace(PLAN, arch="x86_64", memory_mb=512, overhead_ms=0, s3_ms=0)
    rounded = replace(PRICES, lambda_gb_second_x86_64=Price(0.0000167, "2025-12", "the example"))
    way = price_object_lambda(took, plan, rounded)
    assert isinstance(way, Way)
    assert (way.memory_mb, way.ms) == (512, 1000)
    bill = {charge.what: charge.usd for charge in way.each_epoch}
    assert bill == pytest.approx(
        {
            "S3 GET": 0.40,
            "Lambda GB-seconds": 8.35,
            "Lambda requests": 0.20,
            "data returned": 2.50,
        },
        abs=1e-9,
    )
    assert way.total(1) == pytest.approx(11.45, abs=1e-9)
    charged = price_object_lambda(took, plan, PRICES)
    assert isinstance(charged, Way)
    assert f"{charged.total(1):.2f}" == "11.43"


def test_a_backfill_by_hand():
    """1 M objects of 100 kB for two months: the job, three requests to S3, Lambda, storage."""
    took = replace(MEASURED, ms=10.0, bytes_out=100_000)
    plan = replace(PLAN, memory_mb=1769, months=2.0, overhead_ms=0, s3_ms=30)
    way = by_name(ways(took, plan, PRICES))[BACKFILL]
    seconds = 1e6 * 0.100  # 10 ms of CPU, and 30 for HEAD, GET and PUT each
    assert way.fixed == pytest.approx(
        0.25 + 1.00  # the job
        + 0.40 + 0.40 + 5.00  # HEAD, GET, PUT
        + 0.20 + seconds * 1769 / 1024 * 0.0000133334
        + 1e11 / 2**30 * 0.023 * 2
    )  # fmt: skip
    assert way.slope == pytest.approx(0.40)


def test_an_instance_waits_for_what_its_training_does_not_hide():
    took = replace(MEASURED, ms=8.0)
    for train_ms, idle_ms in ((0.0, 2.0), (0.5, 1.5), (2.0, 0.0), (9.0, 0.0)):
        way = by_name(ways(took, replace(PLAN, train_ms=train_ms), PRICES))[GPU]
        assert way.total(1) == pytest.approx(0.40 + 1e6 * idle_ms / 3.6e6 * 1.006)


def test_a_batch_fills_one_response():
    found = by_name(ways(MEASURED, PLAN, PRICES))[INVOKE]
    assert found.objects == max_body_bytes() // (150_656 + 96)
    tiny = by_name(ways(replace(MEASURED, bytes_out=200), PLAN, PRICES))[INVOKE]
    assert tiny.objects == 1000  # the limit of keys per call
    requests = next(c.usd for c in found.each_epoch if c.what == "Lambda requests")
    assert requests == pytest.approx(math.ceil(1e6 / found.objects) * 0.0000002)


@pytest.mark.parametrize(
    ("took", "plan", "missing"),
    [
        ({"bytes_out": 5e6}, {}, {FUNCTION_URL, INVOKE}),
        ({}, {"stackable": False}, {INVOKE}),
        (
            {"working_mb": 11_000},
            {},
            {OBJECT_LAMBDA, FUNCTION_URL, INVOKE, FARGATE, BACKFILL, SHARDS_OBJECT_LAMBDA},
        ),
        (
            {},
            {"memory_mb": 128},
            {OBJECT_LAMBDA, FUNCTION_URL, INVOKE, BACKFILL, SHARDS_OBJECT_LAMBDA},
        ),
        ({"ms": 70_000}, {}, {OBJECT_LAMBDA, SHARDS_OBJECT_LAMBDA}),
        ({"ms": 31}, {}, {SHARDS_OBJECT_LAMBDA}),
    ],
)
def test_a_way_that_is_not_possible_has_a_reason(took, plan, missing):
    found = ways(replace(MEASURED, **took), replace(PLAN, **plan), PRICES)
    closed = {way.name: way.reason for way in found if isinstance(way, Missing)}
    assert closed.keys() == missing
    assert all(closed.values())


@given(measured, plans)
def test_nothing_is_negative_and_every_way_is_listed(took, plan):
    found = ways(took, plan, PRICES)
    assert [way.name for way in found] == [*LAMBDA_WAYS, *SERVER_WAYS, BACKFILL, GPU, *SHARD_WAYS]
    for way in found:
        if isinstance(way, Way):
            assert all(charge.usd >= 0 for charge in (*way.once, *way.each_epoch))
            assert way.total(1) > 0


@given(
    measured,
    plans,
    st.sampled_from(["objects", "ms", "bytes_out", "overhead_ms", "s3_ms", "months"]),
    st.floats(1, 3),
    st.integers(1, 50),
)
def test_more_never_costs_less(took, plan, what, factor, epochs):
    """Objects, CPU, bytes, waiting, months and epochs. Fewer large rows fit into a batch."""
    if what == "objects":
        more = (took, replace(plan, objects=math.ceil(plan.objects * factor)))
    elif what in {"ms", "bytes_out"}:
        more = (replace(took, **{what: getattr(took, what) * factor}), plan)
    else:
        more = (took, replace(plan, **{what: getattr(plan, what) * factor}))
    after = by_name(ways(*more, PRICES))
    for way in ways(took, plan, PRICES):
        same = after[way.name]
        if isinstance(way, Missing):
            assert what == "bytes_out" or isinstance(same, Missing)
        elif isinstance(same, Way) and not (way.name == INVOKE and what == "bytes_out"):
            assert same.total(epochs) >= way.total(epochs) * (1 - 1e-9)
            assert way.total(epochs + 1) >= way.total(epochs)


@given(
    st.builds(
        BilledInvocation,
        cpu_ms=st.floats(0.01, 1e6),
        wait_ms=st.floats(0, 1e4),
        threads=st.integers(1, 8),
        memory_mb=st.floats(1, 11_000),
        limit_ms=st.just(LIMIT_MS),
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


@given(lines, lines, st.integers(1, 1000))
def test_a_break_even_is_where_the_lines_cross(first, second, epoch):
    epochs = crossing(first, second)
    if epochs is not None:
        assert first.total(epochs) == pytest.approx(second.total(epochs), rel=1e-6, abs=1e-6)
    start = cheaper_from(first, second)
    if start is not None and start < 2**50:  # beyond that, floats do not resolve single epochs
        assert second.total(start) <= first.total(start) * (1 + 1e-9)
    slack = 1e-9 * (first.total(epoch) + second.total(epoch))
    if start is None or 1 <= epoch < start - 1:
        assert first.total(epoch) <= second.total(epoch) + slack


def test_a_break_even_counts_whole_epochs():
    read, copy = Way("", (), (Charge("", 2.0),)), Way("", (Charge("", 9.0),), (Charge("", 0.5),))
    assert crossing(read, copy) == 6.0
    assert cheaper_from(read, copy) == 7  # after the sixth, both have cost the same
    assert cheaper_from(copy, read) == 1
    assert cheaper_from(read, read) is None


@pytest.mark.parametrize("names", [LAMBDA_WAYS, SERVER_WAYS])
@pytest.mark.parametrize("gpu", ["g5.xlarge", "g6.xlarge", "p5.48xlarge"])
def test_above_some_cpu_time_a_read_is_worth_it(gpu, names):
    plan = replace(PLAN, gpu=gpu)
    least = worthwhile_ms(MEASURED, plan, PRICES, names)
    assert least is not None
    for ms, worth in ((least * 0.9, False), (least * 1.1, True)):
        found = ways(replace(MEASURED, ms=ms), plan, PRICES)
        read = cheapest_just_in_time(found, 1, names)
        assert read is not None
        assert (read.slope < by_name(found)[GPU].slope) is worth


def test_a_read_is_never_worth_it_where_training_hides_preparation():
    plan = replace(PLAN, train_ms=1e6)
    assert [worthwhile_ms(MEASURED, plan, PRICES, [name]) for name in SERVER_WAYS] == [None] * 3
    assert worthwhile_ms(MEASURED, plan, PRICES, LAMBDA_WAYS) is None
