"""Retries, the same for every door. The SDKs' own are off, so that they do not multiply."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from jitprep.reader.errors import Unavailable

_T = TypeVar("_T")

TRIES = 8
_FIRST_S, _LONGEST_S = 0.1, 10.0
# Not Python's global generator, which a trainer may have seeded: a retry must not change a run.
_CHANCE = random.SystemRandom()
_tries = TRIES


def try_once() -> None:
    """Let reads of this process fail at their first failure, because others stand in for them."""
    global _tries  # noqa: PLW0603  of a process that does nothing else
    _tries = 1


def with_retries(read: Callable[[], _T]) -> _T:
    """Call `read`, and repeat it while it is `Unavailable`, up to `TRIES` calls in all.

    Waits are random up to a bound that doubles ("full jitter"), so that workers that failed together do
    not retry together. In all they are 13 s at most, and half of that on average.

    Raises
    ------
    Unavailable
        From the last call.
    """
    for attempt in range(_tries - 1):
        try:
            return read()
        except Unavailable:
            bound = min(_FIRST_S * 2**attempt, _LONGEST_S)
            time.sleep(_CHANCE.uniform(0.0, bound))
    return read()
