"""Duration of an invocation by memory size, and the cheapest size."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

# "At 1,769 MB, a function has the equivalent of one vCPU":
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
VCPU_MB = 1769
# Memory sizes of Lambda, which allows any megabyte; steps of 64 are fine enough.
SIZES = range(128, 10_240 + 1, 64)
# For the result cache (JITPREP_CACHE_BYTES, 32 MiB), and as much again for larger objects.
MARGIN_MB = 64
READ_LIMIT_MS = 60_000  # Object Lambda's limit
LIMIT_MS = 900_000  # Lambda's limit


@dataclass(frozen=True, slots=True)
class BilledInvocation:
    """One invocation of the function.

    Parameters
    ----------
    cpu_ms : float
        CPU time on one vCPU, for all its objects.
    wait_ms : float
        Time that it waits for S3, at any memory size.
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

    def ms(self, memory_mb: int) -> int:
        """Return the billed duration at a memory size, in whole milliseconds, rounded up.

        CPU is proportional to memory: below 1,769 MB, the duration grows in proportion. Above, one
        thread gains nothing.
        """
        vcpus = min(memory_mb / VCPU_MB, self.threads)
        return math.ceil(round(self.cpu_ms / vcpus + self.wait_ms, 6))

    def fits(self, memory_mb: int) -> bool:
        """Whether the memory and the time limit suffice."""
        return self.memory_mb <= memory_mb and self.ms(memory_mb) <= self.limit_ms

    def cheapest(self, sizes: Iterable[int] = SIZES) -> int | None:
        """Return the cheapest memory size; of equally cheap ones, the largest.

        Only GB-seconds matter, because a request costs the same at any size. None where no size fits.
        """
        fitting = [size for size in sizes if self.fits(size)]
        return min(fitting, key=lambda size: (size * self.ms(size), -size), default=None)
