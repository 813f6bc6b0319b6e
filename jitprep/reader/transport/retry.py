"""Trying again: the one law for every door, so that tries of two libraries do not multiply."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from jitprep.reader.errors import Unavailable

_T = TypeVar("_T")

TRIES = 8
_FIRST_S, _LONGEST_S = 0.1, 10.0
# Not the generator that the trainer has seeded: a retry must not change what a run draws.
_CHANCE = random.SystemRandom()


def with_retries(read: Callable[[], _T]) -> _T:
    """Call `read` until it is not `Unavailable`, `TRIES` times at most; return what it returned.

    Before each new try a random time passes, up to a bound that doubles: many workers that failed at
    once do not come back at once ("full jitter"). All together it is 13 s at most, half of it expected.

    Raises
    ------
    Unavailable
        The last one.
    """
    for attempt in range(TRIES - 1):
        try:
            return read()
        except Unavailable:
            bound = min(_FIRST_S * 2**attempt, _LONGEST_S)
            time.sleep(_CHANCE.uniform(0.0, bound))
    return read()
