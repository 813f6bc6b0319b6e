"""Cost of reads of shards: archives of many samples, each read by one request.

A shard takes one GET and, in Lambda, one invocation. A sample takes its transform and a little CPU of
its own. Function URLs and Invoke are left out: a shard exceeds what they return whole, and streams at
2 MB/s are not priced.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import replace

from jitprep.costs.inputs.measure import Measured
from jitprep.costs.inputs.prices import Prices
from jitprep.costs.ways.bill import (
    SHARDS_EC2_SPOT,
    SHARDS_GPU,
    SHARDS_OBJECT_LAMBDA,
    Missing,
    TrainingPlan,
    Way,
    charge_gets,
    charge_idle,
    charge_returned,
)
from jitprep.costs.ways.invocation import (
    READ_LIMIT_MS,
    BilledInvocation,
    function_mb,
    price_calls,
    sizes,
)
from jitprep.costs.ways.server import SERVER_OVERHEAD_MS, price_spot, vcpu_hours

# CPU time of a sample in addition to its transform, in ms, through the function and through the server:
# its share of reading the shard, of writing another and of sending it. The figures are round, and not
# below what ``python -m bench.doors.shards --rounds 9`` prints in a quiet hour.
FUNCTION_SAMPLE_MS = 0.5
SERVER_SAMPLE_MS = 0.7
# S3 Object Lambda's limit includes the time in which the client pauses. Half of it is left for that.
SHARD_LIMIT_MS = READ_LIMIT_MS // 2


def price_shards(
    measured: Measured, plan: TrainingPlan, prices: Prices
) -> tuple[Way | Missing, ...]:
    """Price shards through Object Lambda, through a server, and on the training host itself."""
    size = samples_per_shard(plan)
    gets = charge_gets(math.ceil(plan.objects / size), prices)
    server_ms = SERVER_SAMPLE_MS + SERVER_OVERHEAD_MS / size
    spot = price_spot(SHARDS_EC2_SPOT, vcpu_hours(measured, plan, server_ms), gets, plan, prices)
    return (
        _object_lambda(measured, plan, prices),
        replace(spot, objects=size) if isinstance(spot, Way) else spot,
        Way(SHARDS_GPU, (), (gets, charge_idle(measured, plan, prices)), objects=size),
    )


def samples_per_shard(plan: TrainingPlan) -> int:
    """Return the number of samples in a shard of the data set."""
    return min(plan.shard, plan.objects)


def _object_lambda(measured: Measured, plan: TrainingPlan, prices: Prices) -> Way | Missing:
    size = samples_per_shard(plan)
    call = _one_shard(measured, plan, size)
    priced = price_calls(
        SHARDS_OBJECT_LAMBDA,
        call,
        plan,
        prices,
        charge_returned(measured, plan, prices),
        gets=math.ceil(plan.objects / size),
        objects=size,
    )
    if isinstance(priced, Missing) and (most := _most_samples(measured, plan)):
        return replace(priced, reason=f"{priced.reason}; pass --shard {most} or less")
    return priced


def _one_shard(measured: Measured, plan: TrainingPlan, size: int) -> BilledInvocation:
    """Return an invocation for one shard, whose samples follow each other on one thread."""
    return BilledInvocation(
        cpu_ms=(size * (measured.ms + FUNCTION_SAMPLE_MS) + plan.overhead_ms) / plan.speed,
        wait_ms=2 * plan.s3_ms,  # GET, WriteGetObjectResponse
        threads=1,
        memory_mb=function_mb(measured),
        limit_ms=SHARD_LIMIT_MS,
    )


def _most_samples(measured: Measured, plan: TrainingPlan) -> int:
    """Return the most samples of a shard that the function can transform in time."""
    largest = max(sizes(plan))

    def too_many(size: int) -> bool:
        return not _one_shard(measured, plan, size).fits(largest)

    return bisect_left(range(1, samples_per_shard(plan)), True, key=too_many)
