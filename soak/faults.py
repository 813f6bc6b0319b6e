"""The faults of S3, drawn from a seed so that a run can be repeated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random


class Fault(StrEnum):
    """What happens to one answer from S3."""

    NONE = "none"
    SLOW = "slow"  # starts late and arrives in small pieces
    RESET = "reset"  # the connection is reset in the middle of the body
    TRUNCATED = "truncated"  # the connection is closed before the end of the body
    FORGED = "forged"  # the length is right and the bytes are not: only a checksum shows it
    BUSY = "busy"  # 503 SlowDown
    SILENT = "silent"  # no answer comes


# Long enough that readers queue up, short enough for a few retries.
_SLOWEST_S = 1.5


@dataclass(frozen=True)
class Dose:
    """The fault of one answer.

    Parameters
    ----------
    fault
        What happens to the answer.
    at
        The position in the body, from 0 to 1.
    delay_s
        The delay before the answer starts, in seconds.
    """

    fault: Fault
    at: float = 0.0
    delay_s: float = 0.0


@dataclass(frozen=True)
class Plan:
    """The faults of all answers.

    Parameters
    ----------
    seed
        The seed of the random draws.
    shares
        The probability of each fault, from 0 to 1. The rest of the answers are good.
    forges_all
        Whether to forge answers without a checksum too, which no client can notice by S3's means.
    """

    seed: int = 0
    shares: Mapping[Fault, float] | None = None
    forges_all: bool = False

    def dose(self, number: int) -> Dose:
        """Return the fault of the answer to request ``number``."""
        random = Random(f"{self.seed}/{number}")
        point, at, delay = random.random(), random.random(), random.random()
        for fault, share in (self.shares or {}).items():
            if point < share:
                return Dose(fault, at, delay * _SLOWEST_S if fault is Fault.SLOW else 0.0)
            point -= share
        return Dose(Fault.NONE)
