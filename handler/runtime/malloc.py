"""Settings of the C allocator: a warm process keeps freed memory for the next request."""

from __future__ import annotations

import ctypes

# glibc's mallopt(3), and the largest mmap threshold that it accepts.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_LARGEST = 32 * 2**20
_KEPT = 64 * 2**20


def keep() -> None:
    """Make glibc keep up to 64 MiB of freed memory, large buffers included.

    An answer of 6 MB is copied about five times on its way out, mostly by the runtime. By default glibc
    returns each copy to the system, and faulting fresh pages takes longer than the copying. Other C
    libraries are left as they are.

    All threads share one arena. With arenas of their own, each would keep as much, and no thread could
    use what another freed: after a few large images a warm process would run out of memory where a new
    one does not. Threads hardly contend, because large allocations are rare.
    """
    own = getattr(ctypes.CDLL(None), "mallopt", None)
    if own is not None:
        own(_M_ARENA_MAX, 1)
        own(_M_MMAP_THRESHOLD, _LARGEST)
        own(_M_TRIM_THRESHOLD, _KEPT)
