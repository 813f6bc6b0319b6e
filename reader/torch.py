"""Datasets for PyTorch over any reader, for DataLoader's workers, whether they fork or spawn.

`ObjectDataset` lets DataLoader choose: samplers, DistributedSampler, any collate function.
`ObjectBatches` hands over whole batches as they come out of one call, and nothing is stacked twice.

In both, ``set_epoch(n)`` before an epoch makes random transforms draw anew, in workers that live on
(``persistent_workers=True``) too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from math import ceil
from typing import Any, Literal, TypeAlias

import numpy.random  # noqa: F401  # torch seeds it in each worker: a fork may find the lock of imports held
import torch
from torch.utils.data import Dataset, IterableDataset, default_collate, get_worker_info

from reader.base import Array, Reader, stack
from reader.errors import BadObject, ReadError

OnBadObject: TypeAlias = Literal["raise", "skip"]

_log = logging.getLogger(__name__)


class _Objects:
    """What both datasets are made of; `ObjectBatches` says what of."""

    def __init__(
        self,
        reader: Reader,
        keys: Sequence[str],
        targets: Sequence[Any] | None,
        on_bad_object: OnBadObject,
    ) -> None:
        self._keys = list(keys)
        self._targets = self._keys if targets is None else targets
        if len(self._targets) != len(self._keys):
            raise ValueError(f"{len(self._keys)} keys have {len(self._targets)} targets")
        if on_bad_object not in {"raise", "skip"}:
            raise ValueError(f"on_bad_object is 'raise' or 'skip', got {on_bad_object!r}")
        self._skips = on_bad_object == "skip"
        self._reader = reader
        # In memory that workers share: those that live on see what `set_epoch` sets.
        self._epoch = torch.tensor(reader.seed).share_memory_()

    @property
    def epoch(self) -> int:
        """What random transforms draw from."""
        return int(self._epoch)

    def set_epoch(self, epoch: int) -> None:
        """Let random transforms draw anew. Call it before the loader is iterated.

        Raises
        ------
        CannotOpen
            Where the reader cannot honour it.
        """
        self._reader.with_seed(epoch)
        self._epoch.fill_(epoch)

    def _read(self, indices: Sequence[int]) -> list[tuple[str, Array, Any]]:
        """Read many at once, and return key, array and target of each that could be read.

        Raises
        ------
        ReadError
            Also where all of them are bad.
        """
        wanted = [self._keys[index] for index in indices]
        read = self._reader.with_seed(self.epoch).get_each(wanted)
        bad = [error for error in read.values() if isinstance(error, ReadError)]
        for error in bad:
            if not self._skips or not isinstance(error, BadObject) or len(bad) == len(read):
                raise error
            _log.warning("left out: %s", error)
        rows: dict[str, Array] = {}
        samples = []
        for index, key in zip(indices, wanted, strict=True):
            if not isinstance(row := read[key], ReadError):
                # A sampler may draw a key twice: each sample is its owner's.
                rows[key] = row.copy() if key in rows else row
                samples.append((key, rows[key], self._targets[index]))
        return samples


class ObjectDataset(_Objects, Dataset[Any]):  # type: ignore[misc]  # torch has types, but not here
    """A map-style dataset; of a batch's objects it asks in as few calls as the door lets it.

    Parameters
    ----------
    reader, keys, targets, on_bad_object
        See `ObjectBatches`.
    transform : callable, optional
        What becomes of each tensor.

    Examples
    --------
    >>> data = ObjectDataset(reader, list(reader.keys("train/")))          # doctest: +SKIP
    >>> loader = DataLoader(data, batch_size=64, shuffle=True, num_workers=4)  # doctest: +SKIP
    """

    def __init__(
        self,
        reader: Reader,
        keys: Sequence[str],
        targets: Sequence[Any] | None = None,
        *,
        transform: Callable[[torch.Tensor], Any] | None = None,
        on_bad_object: OnBadObject = "raise",
    ) -> None:
        super().__init__(reader, keys, targets, on_bad_object)
        self._transform = transform

    def __len__(self) -> int:
        return len(self._keys)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[int]) -> list[tuple[Any, Any]]:
        """Return the samples of a batch: what DataLoader asks for, where a dataset has it."""
        samples = []
        for _, row, target in self._read(indices):
            tensor = torch.from_numpy(row)
            samples.append((self._transform(tensor) if self._transform else tensor, target))
        return samples


class ObjectBatches(_Objects, IterableDataset[Any]):  # type: ignore[misc]
    """An iterable dataset of whole batches, for ``DataLoader(..., batch_size=None)``.

    Workers take batches in turn, and DataLoader takes theirs in turn: the order is the same, however
    many there are. Under DistributedDataParallel give each rank its own ``keys[rank::world_size]``.

    Parameters
    ----------
    reader : Reader
    keys : sequence of str
    targets : sequence, optional
        One for each key, such as its label; the keys themselves where it is left out.
    batch_size : int
        The last batch may be smaller.
    shuffle : bool
        Into an order that the epoch decides.
    on_bad_object : {"raise", "skip"}
        What a `BadObject` does, such as a truncated photograph: it ends the epoch, or is logged and left
        out of its batch. Any other error ends the epoch, and so does a batch of which nothing is left.

    Yields
    ------
    (Tensor, Tensor or list)
        Rows of shape (N, ...), and their targets.
    """

    def __init__(
        self,
        reader: Reader,
        keys: Sequence[str],
        targets: Sequence[Any] | None = None,
        *,
        batch_size: int,
        shuffle: bool = False,
        on_bad_object: OnBadObject = "raise",
    ) -> None:
        super().__init__(reader, keys, targets, on_bad_object)
        if batch_size < 1:
            raise ValueError(f"a batch has one object or more, got batch_size={batch_size}")
        self._batch_size = batch_size
        self._shuffle = shuffle

    def __len__(self) -> int:
        return ceil(len(self._keys) / self._batch_size)

    def __iter__(self) -> Iterator[tuple[torch.Tensor, Any]]:
        order = list(range(len(self._keys)))
        if self._shuffle:
            chance = torch.Generator().manual_seed(self.epoch)
            order = torch.randperm(len(order), generator=chance).tolist()
        worker = get_worker_info()
        first, step = (worker.id, worker.num_workers) if worker else (0, 1)
        for number in range(first, len(self), step):
            indices = order[number * self._batch_size :][: self._batch_size]
            keys, rows, targets = zip(*self._read(indices), strict=True)
            yield torch.from_numpy(stack(keys, rows)), default_collate(list(targets))
