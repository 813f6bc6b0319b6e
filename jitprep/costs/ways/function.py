"""Samples that a Lambda function makes at each read: by access points, URLs, and in batches."""

from __future__ import annotations

import math
from collections.abc import Callable

from jitprep.costs.inputs.overheads import Overhead
from jitprep.costs.ways.bill import (
    FUNCTION_URL,
    INVOKE,
    OBJECT_LAMBDA,
    STREAMED_URL,
    Charge,
    Missing,
)
from jitprep.costs.ways.case import GB, Case
from jitprep.costs.ways.invocation import (
    LIMIT_MS,
    PLATFORM_LOG_BYTES,
    READ_LIMIT_MS,
    BilledInvocation,
    charge_calls,
    function_mb,
    no_size,
    sizes,
)
from jitprep.costs.ways.remote import Remote
from jitprep.service.lambda_limits import FULL_SPEED_BYTES, STREAMED_BYTES, max_body_bytes

# The largest result that Lambda returns whole.
ANSWER_BYTES = max_body_bytes()
# Lambda sends the rest of a stream at 2 MB/s.
STREAM_BYTES_PER_S = 2 * 2**20
# Bytes of JSON per row, for its key and ETag; and the function's limit of rows.
ROW_BYTES, MOST_ROWS = 128, 1000
# A function sees at least two processors and at most six, reads eight objects at once for each, and
# transforms as many as there are.
READS_PER_VCPU, LEAST_VCPUS, MOST_VCPUS = 8, 2, 6
# Base64 makes 4 bytes of 3.
_BASE64 = 4 / 3

Charges = Callable[[float, float], tuple[Charge, ...]]


def object_lambda(case: Case) -> Remote | Missing:
    """Return reads through an access point: a GET, an invocation, and the returned bytes."""
    call = one_object(case, case.overheads.object_lambda, requests=1, limit_ms=READ_LIMIT_MS)
    nbytes, usd = case.measured.bytes_out, case.prices.object_lambda_gb.usd

    def returned(samples: float, hours: float) -> tuple[Charge, ...]:
        sent = samples * nbytes
        # AWS's example counts a million times 500 KB as 500 GB.
        return Charge("returned", "data returned", sent / GB * usd), *case.nat(sent, hours)

    return _single(OBJECT_LAMBDA, call, case.overheads.object_lambda, case, returned)


def function_url(case: Case) -> Remote | Missing:
    """Return reads of a Function URL that buffers, which adds nothing to the price of the invocation."""
    nbytes = case.measured.bytes_out
    if nbytes > ANSWER_BYTES:
        return _too_large(FUNCTION_URL, nbytes, ANSWER_BYTES, "whole")
    call = one_object(case, case.overheads.function_url, requests=0, limit_ms=LIMIT_MS)
    return _single(FUNCTION_URL, call, case.overheads.function_url, case, _by_nat(case))


def streamed_url(case: Case) -> Remote | Missing:
    """Return reads of a Function URL that streams: the bytes beyond 6 MB leave at 2 MB/s."""
    nbytes = case.measured.bytes_out
    if nbytes > STREAMED_BYTES:
        return _too_large(STREAMED_URL, nbytes, STREAMED_BYTES, "as a stream")
    call = one_object(
        case,
        case.overheads.streamed_url,
        requests=0,
        limit_ms=LIMIT_MS,
        least_ms=streaming_ms(nbytes),
    )
    return _single(STREAMED_URL, call, case.overheads.streamed_url, case, _by_nat(case))


def invoke(case: Case) -> Remote | Missing:
    """Return invocations that each answer as many rows of a tensor as fit into Lambda's response."""
    measured, plan, own = case.measured, case.plan, case.overheads.invoke
    rows = rows_of_a_batch(case)
    if isinstance(rows, Missing):
        return rows
    vcpus = min(rows, MOST_VCPUS)
    read_ms = plan.s3_ms  # one request for each row, which is read whole
    call = BilledInvocation(
        cpu_ms=rows * (measured.ms + own.cpu_ms(measured.bytes_out)) / plan.speed,
        # Nothing is computed before the first original is there; then reading and computing overlap.
        wait_ms=read_ms,
        least_ms=(math.ceil(rows / (READS_PER_VCPU * LEAST_VCPUS)) - 1) * read_ms,
        threads=vcpus,
        # The stack exists as an array, bytes, base64 and JSON.
        memory_mb=function_mb(measured, threads=vcpus)
        + rows * (measured.bytes_in + 5 * measured.bytes_out) / 2**20,
        limit_ms=LIMIT_MS,
    )
    memory = call.cheapest(sizes(plan))
    if memory is None:
        return Missing(INVOKE, no_size(call))

    def charges(samples: float, hours: float) -> tuple[Charge, ...]:
        calls = math.ceil(samples / rows)
        return (
            *charge_batches(case, samples, hours, calls),
            *charge_calls(calls, call, memory, plan, case.prices),
        )

    return Remote(
        name=INVOKE,
        receive_ms=own.receiving_ms(measured.bytes_out),
        charges=charges,
        once=(case.listing(plan.objects),),
        memory_mb=memory,
        ms=call.ms(memory),
        objects=rows,
    )


def charge_batches(case: Case, samples: float, hours: float, calls: int) -> tuple[Charge, ...]:
    """Return the charges of batched invocations beside Lambda's: S3, logs, and the way to Lambda."""
    logged = samples * case.overheads.invoke.log_bytes + calls * PLATFORM_LOG_BYTES
    return (
        *case.gets(samples),
        case.logs(logged),
        *case.private_link(samples * case.measured.bytes_out * _BASE64, hours),
    )


def rows_of_a_batch(case: Case, name: str = INVOKE) -> int | Missing:
    """Return how many samples an invocation answers in one stacked tensor."""
    if not case.plan.stackable:
        return Missing(name, "results can be stacked only with one shape, in npy or safetensors")
    nbytes = case.measured.bytes_out
    rows = min(MOST_ROWS, int(ANSWER_BYTES // (nbytes + ROW_BYTES * 3 / 4)))
    if not rows:
        return _too_large(name, nbytes, ANSWER_BYTES, "whole")
    return min(rows, max(case.plan.objects, 1))


def one_object(
    case: Case, own: Overhead, *, requests: int, limit_ms: int, least_ms: float = 0.0
) -> BilledInvocation:
    """Return an invocation for one object: its reads of S3, one after another, and further requests."""
    measured, plan = case.measured, case.plan
    return BilledInvocation(
        cpu_ms=(measured.ms + own.cpu_ms(measured.bytes_out)) / plan.speed,
        wait_ms=(measured.gets + requests) * plan.s3_ms,
        least_ms=least_ms,
        threads=1,
        memory_mb=function_mb(measured),
        limit_ms=limit_ms,
    )


def streaming_ms(nbytes: float) -> float:
    """Return the time that Lambda takes to send a stream."""
    return max(0.0, nbytes - FULL_SPEED_BYTES) / STREAM_BYTES_PER_S * 1000


def _single(
    name: str, call: BilledInvocation, own: Overhead, case: Case, more: Charges
) -> Remote | Missing:
    """Return reads of single objects, with charges beside those of the invocation."""
    measured, plan = case.measured, case.plan
    memory = call.cheapest(sizes(plan))
    if memory is None:
        return Missing(name, no_size(call))

    def charges(samples: float, hours: float) -> tuple[Charge, ...]:
        return (
            *case.gets(samples * measured.gets),
            *charge_calls(samples, call, memory, plan, case.prices),
            case.logs(samples * (own.log_bytes + PLATFORM_LOG_BYTES)),
            *more(samples, hours),
        )

    return Remote(
        name=name,
        receive_ms=own.receiving_ms(measured.bytes_out),
        charges=charges,
        once=(case.listing(plan.objects),),
        memory_mb=memory,
        ms=call.ms(memory),
    )


def _by_nat(case: Case) -> Charges:
    """Return the charges of results that pass a NAT gateway: Function URLs have no PrivateLink."""
    return lambda samples, hours: case.nat(samples * case.measured.bytes_out, hours)


def _too_large(name: str, nbytes: float, most: int, how: str) -> Missing:
    reason = f"results of {nbytes:,.0f} bytes exceed the {most:,} that Lambda returns {how}"
    return Missing(name, reason)
