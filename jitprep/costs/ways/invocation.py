"""Duration of an invocation by memory size, the cheapest size, and what a number of them costs."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from jitprep.costs.inputs.measure import Measured
from jitprep.costs.inputs.plan import TrainingPlan
from jitprep.costs.inputs.prices import Prices
from jitprep.costs.ways.bill import Charge

# "At 1,769 MB, a function has the equivalent of one vCPU":
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
VCPU_MB = 1769
# Memory sizes that deploy/template.yaml takes, in steps that are fine enough.
SIZES = range(256, 10_240 + 1, 64)
# For the result cache (JITPREP_CACHE_BYTES, 32 MiB), and as much again for larger objects.
MARGIN_MB = 64
# What an object may not use of the function's memory, as the template says of MemorySize.
RESERVED_MB = 192
READ_LIMIT_MS = 60_000  # Object Lambda's limit
LIMIT_MS = 900_000  # Lambda's limit
_MB_PER_GB = 1024  # Lambda's memory is in binary megabytes


@dataclass(frozen=True, slots=True)
class BilledInvocation:
    """One invocation of the function.

    Parameters
    ----------
    cpu_ms : float
        CPU time on one vCPU, for all its samples.
    wait_ms : float
        Time that it waits before it computes, at any memory size.
    least_ms : float
        Time that it takes at least, however fast it computes.
    threads : int
        vCPUs that it can use at once.
    memory_mb : float
        Memory that it needs.
    limit_ms : int
        Limit of its duration.
    """

    cpu_ms: float
    wait_ms: float
    threads: int
    memory_mb: float
    limit_ms: int
    least_ms: float = 0.0

    def ms(self, memory_mb: int) -> int:
        """Return the billed duration at a memory size, in whole milliseconds, rounded up.

        CPU is proportional to memory: below 1,769 MB, the duration grows in proportion. Above, one
        thread gains nothing.
        """
        vcpus = min(memory_mb / VCPU_MB, self.threads)
        return math.ceil(round(max(self.cpu_ms / vcpus, self.least_ms) + self.wait_ms, 6))

    def fits(self, memory_mb: int) -> bool:
        """Whether the memory and the time limit suffice."""
        return self.memory_mb <= memory_mb and self.ms(memory_mb) <= self.limit_ms

    def cheapest(self, sizes: Iterable[int] = SIZES) -> int | None:
        """Return the cheapest memory size; of equally cheap ones, the largest.

        Only GB-seconds matter, because a request costs the same at any size. None where no size fits.
        """
        fitting = [size for size in sizes if self.fits(size)]
        return min(fitting, key=lambda size: (size * self.ms(size), -size), default=None)


def function_mb(measured: Measured, *, threads: int = 1) -> float:
    """Return the memory in MiB of a function that transforms `threads` objects at once."""
    held = measured.base_mb + threads * measured.working_mb + MARGIN_MB
    return max(held, measured.working_mb + RESERVED_MB)


def sizes(plan: TrainingPlan) -> Iterable[int]:
    """Return the memory sizes that the plan allows."""
    return SIZES if plan.memory_mb is None else (plan.memory_mb,)


def charge_calls(
    calls: float, call: BilledInvocation, memory_mb: int, plan: TrainingPlan, prices: Prices
) -> tuple[Charge, ...]:
    """Return the charges of a number of equal invocations."""
    gb_seconds = calls * call.ms(memory_mb) / 1000 * memory_mb / _MB_PER_GB
    return (
        Charge("requests", "Lambda requests", calls * prices.lambda_request.usd),
        Charge("compute", "Lambda GB-seconds", gb_seconds * prices.lambda_gb_second(plan.arch)),
    )


def no_size(call: BilledInvocation) -> str:
    """Return why no memory size suffices."""
    reason = f"it needs {call.memory_mb:.0f} MB, and must end within {call.limit_ms / 1000:g} s"
    return f"no memory size suffices: {reason}"
