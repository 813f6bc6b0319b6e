"""State that a copy of this process must make anew: connections, and what threads hold.

A copy is a forked process, or one that was restored from a snapshot.
"""

from __future__ import annotations

import os
from collections.abc import Callable

_renewals: list[Callable[[], object]] = []


def renewed_in_copies(renew: Callable[[], object]) -> None:
    """Call `renew` in each copy of this process."""
    _renewals.append(renew)
    os.register_at_fork(after_in_child=renew)


def renew_state() -> None:
    """Make anew what a process restored from a snapshot must not share with others."""
    for renew in _renewals:
        renew()
