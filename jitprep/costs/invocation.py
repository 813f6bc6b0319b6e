"""How long an invocation lasts at a size of memory, and which size is the cheapest."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

# "At 1,769 MB, a function has the equivalent of one vCPU":
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
VCPU_MB = 1769
# Lambda's smallest and largest. Any megabyte between them may be had; nobody tunes finer than this.
SIZES = range(128, 10_240 + 1, 64)
# For results that are kept (JITPREP_CACHE_BYTES, 32 MiB), and as much again for larger objects.
MARGIN_MB = 64
READ_LIMIT_MS = 60_000  # Object Lambda's own
LIMIT_MS = 900_000  # Lambda's own


@dataclass(frozen=True, slots=True)
class BilledInvocation:
    """One call of the function.

    Parameters
    ----------
    cpu_ms : float
        Of one vCPU, for all its objects.
    wait_ms : float
        In which it waits for S3, whatever its size.
    threads : int
        How many vCPUs it can use at once.
    memory_mb : float
        What it needs.
    limit_ms : int
        The longest it may last.
    """

    cpu_ms: float
    wait_ms: float
    threads: int
    memory_mb: float
    limit_ms: int

    def ms(self, memory_mb: int) -> int:
        """Return the milliseconds that are billed at a size of memory: begun ones count whole.

        The share of the CPU is that of the memory, so that less than 1,769 MB take longer in proportion;
        above, one thread gains nothing.
        """
        vcpus = min(memory_mb / VCPU_MB, self.threads)
        return math.ceil(round(self.cpu_ms / vcpus + self.wait_ms, 6))

    def fits(self, memory_mb: int) -> bool:
        """Whether it has the memory and the time that it needs."""
        return self.memory_mb <= memory_mb and self.ms(memory_mb) <= self.limit_ms

    def cheapest(self, sizes: Iterable[int] = SIZES) -> int | None:
        """Return the size of memory at which it costs least; of those that cost the same, the largest.

        GB-seconds alone decide: a request costs the same at any size. None where it fits into no size.
        """
        fitting = [size for size in sizes if self.fits(size)]
        return min(fitting, key=lambda size: (size * self.ms(size), -size), default=None)
