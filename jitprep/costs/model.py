"""Cost of each way, as pure functions of measurements, AWS's prices and the user's plan.

Storage of the originals costs the same for each way and is left out. docs/cost/model.md explains the
formulas.
"""

from __future__ import annotations

import math

from jitprep.costs.bill import (
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
)
from jitprep.costs.invocation import LIMIT_MS, MARGIN_MB, READ_LIMIT_MS, SIZES, BilledInvocation
from jitprep.costs.measure import Measured
from jitprep.costs.prices import Arch, Prices
from jitprep.costs.server import price_servers
from jitprep.service.lambda_limits import max_body_bytes

# AWS's example of Object Lambda counts a million times 500 KB as 500 GB. Its examples of storage use
# units of 2^30 bytes, and its memory is in binary megabytes.
GB, GIB, MB_PER_GB = 10**9, 2**30, 1024
# The largest result that Lambda returns.
ANSWER_BYTES = max_body_bytes()
# Bytes of JSON per row, for its key and ETag; and the function's limit of rows.
ROW_BYTES, MOST_ROWS = 128, 1000
# A batched invocation reads eight objects at once per vCPU, and transforms one on each. The largest
# function has six vCPUs.
READS_AT_ONCE, MOST_VCPUS = 8, 6


def ways(measured: Measured, plan: TrainingPlan, prices: Prices) -> tuple[Way | Missing, ...]:
    """Return every way: those that store nothing, copies, and the training host itself.

    `plan.gpu` and `plan.server` must be of ``prices.instances``.
    """
    return (
        price_object_lambda(measured, plan, prices),
        price_function_url(measured, plan, prices),
        price_invoke(measured, plan, prices),
        *price_servers(measured, plan, prices),
        price_backfill(measured, plan, prices),
        price_gpu(measured, plan, prices),
    )


def price_object_lambda(measured: Measured, plan: TrainingPlan, prices: Prices) -> Way | Missing:
    """Price reads through an access point: a GET, an invocation, and the returned data per GB."""
    call = _one(measured, plan, requests=2, limit_ms=READ_LIMIT_MS)  # GET, WriteGetObjectResponse
    returned = plan.objects * measured.bytes_out / GB * prices.object_lambda_gb.usd
    return _just_in_time(OBJECT_LAMBDA, call, plan, prices, Charge("data returned", returned))


def price_function_url(measured: Measured, plan: TrainingPlan, prices: Prices) -> Way | Missing:
    """Price reads through a Function URL, which adds nothing to the price of the invocation."""
    if measured.bytes_out > ANSWER_BYTES:
        return _too_large(FUNCTION_URL, measured)
    call = _one(measured, plan, requests=1, limit_ms=LIMIT_MS)
    return _just_in_time(FUNCTION_URL, call, plan, prices)


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
        memory_mb=_memory(measured, working=min(rows, MOST_VCPUS))
        + rows * (measured.bytes_in + 5 * measured.bytes_out) / 2**20,
        limit_ms=LIMIT_MS,
    )
    return _just_in_time(INVOKE, call, plan, prices, rows=rows)


def price_backfill(measured: Measured, plan: TrainingPlan, prices: Prices) -> Way | Missing:
    """Price an S3 Batch Operations job that writes each result once, and plain GETs of them."""
    call = _one(measured, plan, requests=3, limit_ms=LIMIT_MS)  # HEAD of the copy, GET, PUT
    memory = _size(call, plan)
    if memory is None:
        return _no_size(BACKFILL, call)
    n, stored = plan.objects, plan.objects * measured.bytes_out / GIB
    once = (
        Charge("job", prices.batch_job.usd + n * prices.batch_object.usd),
        *_lambda(n, call.ms(memory), memory, plan.arch, prices),
        Charge("S3 HEAD and GET", 2 * n * prices.s3_get.usd),
        Charge("S3 PUT", n * prices.s3_put.usd),
        Charge("storage", stored * plan.months * prices.s3_gb_month.usd),
    )
    return Way(BACKFILL, once, (charge_gets(n, prices),), memory, call.ms(memory))


def price_gpu(measured: Measured, plan: TrainingPlan, prices: Prices) -> Way:
    """Price the time in which the instance's GPU waits for its own vCPUs."""
    instance = prices.instances[plan.gpu]
    idle_ms = max(0.0, measured.ms / instance.vcpus - plan.train_ms)
    idle = plan.objects * idle_ms / 3_600_000 * instance.usd
    return Way(GPU, (), (charge_gets(plan.objects, prices), Charge("idle instance", idle)))


def _just_in_time(
    name: str,
    call: BilledInvocation,
    plan: TrainingPlan,
    prices: Prices,
    *more: Charge,
    rows: int = 1,
) -> Way | Missing:
    memory = _size(call, plan)
    if memory is None:
        return _no_size(name, call)
    ms, calls = call.ms(memory), math.ceil(plan.objects / rows)
    charges = (
        charge_gets(plan.objects, prices),
        *_lambda(calls, ms, memory, plan.arch, prices),
        *more,
    )
    return Way(name, (), charges, memory, ms, rows)


def _one(
    measured: Measured, plan: TrainingPlan, *, requests: int, limit_ms: int
) -> BilledInvocation:
    """Return an invocation for one object, with a number of requests to S3 in sequence."""
    return BilledInvocation(
        cpu_ms=(measured.ms + plan.overhead_ms) / plan.speed,
        wait_ms=requests * plan.s3_ms,
        threads=1,
        memory_mb=_memory(measured, working=1),
        limit_ms=limit_ms,
    )


def _memory(measured: Measured, *, working: int) -> float:
    return measured.base_mb + working * measured.working_mb + MARGIN_MB


def _size(call: BilledInvocation, plan: TrainingPlan) -> int | None:
    return call.cheapest(SIZES if plan.memory_mb is None else (plan.memory_mb,))


def _lambda(calls: int, ms: int, memory_mb: int, arch: Arch, prices: Prices) -> tuple[Charge, ...]:
    gb_seconds = calls * ms / 1000 * memory_mb / MB_PER_GB
    return (
        Charge("Lambda requests", calls * prices.lambda_request.usd),
        Charge("Lambda GB-seconds", gb_seconds * prices.lambda_gb_second(arch)),
    )


def _too_large(name: str, measured: Measured) -> Missing:
    reason = (
        f"results of {measured.bytes_out:,.0f} bytes exceed Lambda's limit of {ANSWER_BYTES:,}; "
        "JITPREP_SPILL would store each result at each read, which is not priced"
    )
    return Missing(name, reason)


def _no_size(name: str, call: BilledInvocation) -> Missing:
    reason = f"it needs {call.memory_mb:.0f} MB, and must end within {call.limit_ms / 1000:g} s"
    return Missing(name, f"no memory size suffices: {reason}")
