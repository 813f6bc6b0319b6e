"""Epoch of a dataset or a loader, in memory that DataLoader's workers share."""

from __future__ import annotations

import warnings
from typing import Any

import torch

from jitprep.reader.base import Reader, require_seed

# Reads per object above which a second epoch has begun. A sampler that draws some samples twice stays
# below it.
_MANY = 1.5


class Epoch:
    """Number of the epoch, and the reads in it by all workers.

    A copy has its own number, which its workers share, also after pickling.

    Parameters
    ----------
    number : int
    """

    def __init__(self, number: int) -> None:
        # Number, objects read, whether an iteration has ended, whether the user was warned. Workers
        # count reads without a lock, so that a few may be lost.
        self._shared = torch.tensor([number, 0, 0, 0]).share_memory_()

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        # Pickles and deep copies get memory of their own. What is sent to a worker shares it already.
        self._shared.share_memory_()

    def __copy__(self) -> Epoch:
        return Epoch(self.number)

    @property
    def number(self) -> int:
        """Seed of random transforms."""
        return int(self._shared[0])

    def begin(self, number: int) -> None:
        """Begin an epoch."""
        self._shared[:3] = torch.tensor([number, 0, 0])

    def read(self, count: int, of: int) -> None:
        """Count objects that were read, of `of`; warn where the epoch is read a second time."""
        self._shared[1] += count
        if self._shared[1] > _MANY * of:
            self._warn()

    def start(self) -> None:
        """Warn where an iteration of the epoch has ended already."""
        if self._shared[2]:
            self._warn()

    def end(self) -> None:
        """Note that an iteration of the epoch has ended."""
        self._shared[2] = 1

    def _warn(self) -> None:
        if not self._shared[3]:
            self._shared[3] = 1
            warnings.warn(
                f"epoch {self.number} is read again, with the same order and random transforms; "
                "call set_epoch(n) on the dataset or the loader before each epoch",
                stacklevel=2,
            )


class ReadsByEpoch:
    """Base of the datasets and the loader: a reader, and the epoch that it is read for."""

    _reader: Reader
    _epoch: Epoch

    @property
    def epoch(self) -> int:
        """Seed of random transforms and of the order."""
        return self._epoch.number

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch, the seed of random transforms and shuffling, before iterating.

        Raises
        ------
        CannotOpen
            For a value that is not an integer from 0 to 2**63 - 1.
        """
        number = require_seed(epoch)
        self._reader.for_epoch(number)
        self._epoch.begin(number)
