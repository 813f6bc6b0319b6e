"""The epoch that a dataset is in, in memory that DataLoader's workers share."""

from __future__ import annotations

import warnings
from typing import Any

import torch

# Of how many reads of each object in one epoch it is clear that a second one has begun: looking at some
# samples beforehand, and a sampler that draws some of them twice, are less.
_MANY = 1.5


class Epoch:
    """The epoch's number, and how much of it was read, by all workers together.

    Copies have a number of their own, which their workers share: also where they were pickled.

    Parameters
    ----------
    number : int
    """

    def __init__(self, number: int) -> None:
        # Number, objects read, whether an iteration has ended, whether the user was warned. Workers add
        # to the second without a lock: a few may be lost.
        self._shared = torch.tensor([number, 0, 0, 0]).share_memory_()

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        # A pickle, and a deep copy, have memory of their own; one that goes to a worker has not.
        self._shared.share_memory_()

    def __copy__(self) -> Epoch:
        return Epoch(self.number)

    @property
    def number(self) -> int:
        """What random transforms draw from."""
        return int(self._shared[0])

    def begin(self, number: int) -> None:
        """Begin an epoch."""
        self._shared[:3] = torch.tensor([number, 0, 0])

    def read(self, count: int, of: int) -> None:
        """Count objects that were read, of as many as there are; warn where that is a second time."""
        self._shared[1] += count
        if self._shared[1] > _MANY * of:
            self._warn()

    def start(self) -> None:
        """Warn where an iteration of the epoch has ended before."""
        if self._shared[2]:
            self._warn()

    def end(self) -> None:
        """Note that an iteration of the epoch has ended."""
        self._shared[2] = 1

    def _warn(self) -> None:
        if not self._shared[3]:
            self._shared[3] = 1
            warnings.warn(
                f"epoch {self.number} is read again, with the same order and the same crops: call "
                "set_epoch(n) on the dataset before each epoch",
                stacklevel=2,
            )
