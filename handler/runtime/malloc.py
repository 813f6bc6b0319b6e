"""Memory that a warm process keeps between requests, instead of giving it back and asking anew."""

from __future__ import annotations

import ctypes

# glibc's mallopt(3). A larger mapping than this it does not allow.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_LARGEST = 32 * 2**20
_KEPT = 64 * 2**20


def keep() -> None:
    """Let the C library keep what is freed, up to 64 MB of it, buffers of megabytes included.

    An answer of 6 MB is copied some five times on its way out, most of them by the runtime. Left to
    itself glibc gives each copy back to the system, and to touch as many fresh pages again takes
    longer than all the copying. Other C libraries are left as they are.

    All threads share one arena. Each of its own would keep as much, and what one has freed the others
    could not use: after a few large images a warm process would run out of memory where a new one does
    not. Threads hardly wait for each other, because large blocks are taken seldom.
    """
    own = getattr(ctypes.CDLL(None), "mallopt", None)
    if own is not None:
        own(_M_ARENA_MAX, 1)
        own(_M_MMAP_THRESHOLD, _LARGEST)
        own(_M_TRIM_THRESHOLD, _KEPT)
