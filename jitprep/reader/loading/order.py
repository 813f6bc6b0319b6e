"""`EpochOrder`: which samples each rank takes in an epoch, in which order, and in which batches."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from operator import index
from typing import TypeAlias

import numpy as np
from numpy.random import PCG64
from numpy.typing import NDArray

Indices: TypeAlias = NDArray[np.int64]

# Groups whose samples are mixed. So many of a hundred photographs take about 100 MB in each worker.
_TOGETHER = 8


@dataclass(frozen=True, kw_only=True)
class EpochOrder:
    """Order of an epoch's samples, for each rank.

    It depends on the values here, on the epoch and on nothing else: not on workers, machines or
    versions of libraries.

    Parameters
    ----------
    count : int
        Number of samples.
    batch_size : int
        Samples per batch; the last one may be smaller.
    shuffle : bool
        Whether the order is a permutation, which depends on the epoch.
    drop_last : bool
        Whether to leave out samples that do not fill a batch, or that cannot be divided among the ranks.
    groups : tuple of int
        Sizes of runs of samples that are read together, such as row groups, which add up to `count`. If
        there are any, a permutation keeps them near each other: it permutes the runs, and then the
        samples of each eight of them.
    rank, world_size : int
        Index of this process, and number of processes. Each takes every `world_size`-th sample of the
        epoch's order, and all take equally many: without `drop_last`, some of the first samples are
        taken twice, as by torch's DistributedSampler.

    Raises
    ------
    ValueError
        For numbers that are out of range or not integers, and where `drop_last` leaves no batch.
    """

    count: int
    batch_size: int
    shuffle: bool = False
    drop_last: bool = False
    groups: tuple[int, ...] = ()
    rank: int = 0
    world_size: int = 1

    def __post_init__(self) -> None:
        for name in ("batch_size", "rank", "world_size"):
            value = getattr(self, name)
            if not hasattr(value, "__index__"):  # such as 2.5, or a rank of None
                raise ValueError(f"{name} must be an integer, got {value!r}")
            object.__setattr__(self, name, index(value))
        if self.batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, got {self.batch_size}")
        if not 0 <= self.rank < self.world_size:
            raise ValueError(
                f"rank must be from 0 to world_size - 1, got rank={self.rank}, "
                f"world_size={self.world_size}"
            )
        if self.count and not self.batches():
            raise ValueError(
                f"with drop_last, {self.count} keys do not make one batch of {self.batch_size} for "
                f"each of {self.world_size} ranks"
            )

    def share(self, start: int = 0) -> int:
        """Return how many samples each rank takes, after the first `start` of the epoch's order."""
        left = max(self.count - start, 0) / self.world_size
        return int(left) if self.drop_last else ceil(left)

    def batches(self, start: int = 0) -> int:
        """Return how many batches each rank takes, after the first `start` of the epoch's order."""
        batches = self.share(start) / self.batch_size
        return int(batches) if self.drop_last else ceil(batches)

    def indices(self, epoch: int, start: int = 0) -> Indices:
        """Return the samples of this rank.

        Parameters
        ----------
        epoch : int
            From 0 to 2**63 - 1.
        start : int
            Samples at the beginning of the epoch's order that all ranks together have taken before.
            Ranks of any number continue there.

        Returns
        -------
        ndarray of int64
            Shape (N,). Consecutive runs of `batch_size` are the batches.
        """
        taken = self.share(start) * self.world_size
        if not taken:
            return np.empty(0, np.int64)
        order = np.arange(self.count)
        if self.shuffle:
            order = (
                _near_permutation(self.groups, epoch)
                if self.groups
                else _permutation(self.count, epoch)
            )
        own = np.resize(order, start + taken)[start + self.rank :: self.world_size]
        if self.drop_last:
            own = own[: self.batches(start) * self.batch_size]
        return own.astype(np.int64, copy=False)


def _permutation(count: int, epoch: int) -> Indices:
    # NumPy keeps the raw stream of a bit generator the same in all versions, but not its `permutation`.
    return np.argsort(PCG64(epoch).random_raw(count), kind="stable")


def _near_permutation(groups: tuple[int, ...], epoch: int) -> Indices:
    """Return a permutation of samples that takes a few groups at a time."""
    bits = PCG64(epoch)
    place = np.empty(len(groups), np.int64)
    place[np.argsort(bits.random_raw(len(groups)), kind="stable")] = np.arange(len(groups))
    turn = np.repeat(place // _TOGETHER, groups)
    return np.lexsort((bits.random_raw(len(turn)), turn))
