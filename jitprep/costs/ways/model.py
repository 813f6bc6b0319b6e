"""Cost of each way, as pure functions of measurements, AWS's prices and the user's plan.

Storage of the originals costs the same for each way and is left out. docs/cost/model.md explains the
formulas.
"""

from __future__ import annotations

import math

from jitprep.costs.inputs.measure import Measured
from jitprep.costs.inputs.prices import Prices
from jitprep.costs.ways.bill import (
    BACKFILL,
    FUNCTION_URL,
    GPU,
    INVOKE,
    OBJECT_LAMBDA,
    Charge,
    Missing,
    TrainingPlan,
    Way,
    charge_gets,
    charge_idle,
    charge_returned,
)
from jitprep.costs.ways.invocation import (
    LIMIT_MS,
    READ_LIMIT_MS,
    BilledInvocation,
    charge_calls,
    function_mb,
    no_size,
    price_calls,
    sizes,
)
from jitprep.costs.ways.server import price_servers
from jitprep.costs.ways.shards import price_shards
from jitprep.service.lambda_limits import max_body_bytes

# AWS's examples of storage use units of 2^30 bytes.
GIB = 2**30
# The largest result that Lambda returns whole.
ANSWER_BYTES = max_body_bytes()
# Bytes of JSON per row, for its key and ETag; and the function's limit of rows.
ROW_BYTES, MOST_ROWS = 128, 1000
# A batched invocation reads eight objects at once per vCPU, and transforms one on each. The largest
# function has six vCPUs.
READS_AT_ONCE, MOST_VCPUS = 8, 6


def ways(measured: Measured, plan: TrainingPlan, prices: Prices) -> tuple[Way | Missing, ...]:
    """Return every way: those that store nothing, copies, the training host itself, and shards.

    `plan.gpu` and `plan.server` must be of ``prices.instances``.
    """
    return (
        price_object_lambda(measured, plan, prices),
        price_function_url(measured, plan, prices),
        price_invoke(measured, plan, prices),
        *price_servers(measured, plan, prices),
        price_backfill(measured, plan, prices),
        price_gpu(measured, plan, prices),
        *price_shards(measured, plan, prices),
    )


def price_object_lambda(measured: Measured, plan: TrainingPlan, prices: Prices) -> Way | Missing:
    """Price reads through an access point: a GET, an invocation, and the returned data per GB."""
    call = _one(measured, plan, requests=2, limit_ms=READ_LIMIT_MS)  # GET, WriteGetObjectResponse
    returned = charge_returned(measured, plan, prices)
    return price_calls(OBJECT_LAMBDA, call, plan, prices, returned, gets=plan.objects)


def price_function_url(measured: Measured, plan: TrainingPlan, prices: Prices) -> Way | Missing:
    """Price reads through a Function URL, which adds nothing to the price of the invocation."""
    if measured.bytes_out > ANSWER_BYTES:
        return _too_large(FUNCTION_URL, measured)
    call = _one(measured, plan, requests=1, limit_ms=LIMIT_MS)
    return price_calls(FUNCTION_URL, call, plan, prices, gets=plan.objects)


def price_invoke(measured: Measured, plan: TrainingPlan, prices: Prices) -> Way | Missing:
    """Price invocations that each return as many rows of a tensor as fit into Lambda's response."""
    if not plan.stackable:
        reason = "results can be stacked only with one shape, in npy or safetensors"
        return Missing(INVOKE, reason)
    rows = min(MOST_ROWS, int(ANSWER_BYTES // (measured.bytes_out + ROW_BYTES * 3 / 4)))
    if rows < 1:
        return _too_large(INVOKE, measured)
    call = BilledInvocation(
        cpu_ms=rows * (measured.ms + plan.overhead_ms) / plan.speed,
        wait_ms=math.ceil(rows / READS_AT_ONCE) * plan.s3_ms,
        threads=min(rows, MOST_VCPUS),
        # The stack exists as an array, bytes, base64 and JSON.
        memory_mb=function_mb(measured, threads=min(rows, MOST_VCPUS))
        + rows * (measured.bytes_in + 5 * measured.bytes_out) / 2**20,
        limit_ms=LIMIT_MS,
    )
    return price_calls(INVOKE, call, plan, prices, gets=plan.objects, objects=rows)


def price_backfill(measured: Measured, plan: TrainingPlan, prices: Prices) -> Way | Missing:
    """Price an S3 Batch Operations job that writes each result once, and plain GETs of them."""
    call = _one(measured, plan, requests=3, limit_ms=LIMIT_MS)  # HEAD of the copy, GET, PUT
    memory = call.cheapest(sizes(plan))
    if memory is None:
        return Missing(BACKFILL, no_size(call))
    n, stored = plan.objects, plan.objects * measured.bytes_out / GIB
    once = (
        Charge("job", prices.batch_job.usd + n * prices.batch_object.usd),
        *charge_calls(n, call, memory, plan, prices),
        Charge("S3 HEAD and GET", 2 * n * prices.s3_get.usd),
        Charge("S3 PUT", n * prices.s3_put.usd),
        Charge("storage", stored * plan.months * prices.s3_gb_month.usd),
    )
    return Way(BACKFILL, once, (charge_gets(n, prices),), memory, call.ms(memory))


def price_gpu(measured: Measured, plan: TrainingPlan, prices: Prices) -> Way:
    """Price the time in which the instance's GPU waits for its own vCPUs."""
    idle = charge_idle(measured, plan, prices)
    return Way(GPU, (), (charge_gets(plan.objects, prices), idle))


def _one(
    measured: Measured, plan: TrainingPlan, *, requests: int, limit_ms: int
) -> BilledInvocation:
    """Return an invocation for one object, with a number of requests to S3 in sequence."""
    return BilledInvocation(
        cpu_ms=(measured.ms + plan.overhead_ms) / plan.speed,
        wait_ms=requests * plan.s3_ms,
        threads=1,
        memory_mb=function_mb(measured),
        limit_ms=limit_ms,
    )


def _too_large(name: str, measured: Measured) -> Missing:
    reason = (
        f"results of {measured.bytes_out:,.0f} bytes exceed the {ANSWER_BYTES:,} that Lambda returns "
        "whole; a function that streams returns 200 MB, and JITPREP_SPILL stores each result at each "
        "read, but neither is priced"
    )
    return Missing(name, reason)
