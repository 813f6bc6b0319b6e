"""How S3 misbehaves, and when: a plan that is drawn from a seed, so that a run can be repeated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random


class Fault(StrEnum):
    """What becomes of one answer of S3's."""

    NONE = "none"
    SLOW = "slow"  # it begins late, and comes in drops
    RESET = "reset"  # the connection is reset in the middle of it
    TRUNCATED = "truncated"  # the connection is closed before as many bytes as it promised
    FORGED = "forged"  # of the right length, with other bytes: only its checksum tells
    BUSY = "busy"  # 503 SlowDown
    SILENT = "silent"  # it never comes


# In seconds. Long enough to pile readers up, short enough for a few retries.
_SLOWEST_S = 1.5


@dataclass(frozen=True)
class Dose:
    """One answer's fate.

    Parameters
    ----------
    fault
        What happens to it.
    at
        Where in the body, as a share of it from 0 to 1.
    delay_s
        How late it begins.
    """

    fault: Fault
    at: float = 0.0
    delay_s: float = 0.0


@dataclass(frozen=True)
class Plan:
    """The fates of all answers.

    Parameters
    ----------
    seed
        What they are drawn from.
    shares
        How often each fault happens, of 1; what is left of 1 goes well.
    """

    seed: int = 0
    shares: Mapping[Fault, float] | None = None

    def dose(self, number: int) -> Dose:
        """Return the fate of the answer to request ``number``."""
        random = Random(f"{self.seed}/{number}")
        point, at, delay = random.random(), random.random(), random.random()
        for fault, share in (self.shares or {}).items():
            if point < share:
                return Dose(fault, at, delay * _SLOWEST_S if fault is Fault.SLOW else 0.0)
            point -= share
        return Dose(Fault.NONE)
