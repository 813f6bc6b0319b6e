"""PyTorch datasets over any reader, for DataLoader with forked or spawned workers.

In both, ``set_epoch(n)`` before an epoch changes what random transforms draw, in persistent workers too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal, TypeAlias

import numpy.random  # noqa: F401  # torch seeds it in each worker, and importing it after a fork may deadlock
import torch
from torch.utils.data import Dataset, IterableDataset, default_collate, get_worker_info

from jitprep.reader.base import Reader, stack
from jitprep.reader.errors import BadObject, ReadError
from jitprep.reader.loading.order import EpochOrder
from jitprep.reader.samples import Targets, pair_targets
from jitprep.reader.torch.epochs import Epoch, ReadsByEpoch
from jitprep.reader.torch.ranks import warn_of_ranks
from preprocessing.media import Array

OnBadObject: TypeAlias = Literal["raise", "skip"]

_log = logging.getLogger(__name__)


class _Objects(ReadsByEpoch):
    """Base of both datasets; `ObjectBatches` describes the parameters."""

    def __init__(
        self,
        reader: Reader,
        keys: Iterable[str],
        targets: Targets,
        on_bad_object: OnBadObject,
    ) -> None:
        self._keys, self._targets = pair_targets(keys, targets)
        self._skips = require_on_bad_object(on_bad_object)
        self._reader = reader
        self._epoch = Epoch(reader.seed)

    def __copy__(self) -> Any:
        made = object.__new__(type(self))
        made.__dict__ |= {**self.__dict__, "_epoch": Epoch(self.epoch)}
        return made

    def _read(self, indices: Sequence[int]) -> list[tuple[str, Array, Any]]:
        """Read many objects; return key, array and target of each that could be read.

        Raises
        ------
        ReadError
            Also where every object is bad.
        """
        wanted = [self._keys[index] for index in indices]
        read = self._reader.for_epoch(self.epoch).get_each(wanted)
        bad = [error for error in read.values() if isinstance(error, ReadError)]
        for error in bad:
            if not self._skips or not isinstance(error, BadObject) or len(bad) == len(read):
                raise error
            _log.warning("skipped: %s", error)
        rows: dict[str, Array] = {}
        samples = []
        for index, key in zip(indices, wanted, strict=True):
            if not isinstance(row := read[key], ReadError):
                # A sampler may draw a key twice, and samples do not share memory.
                rows[key] = row.copy() if key in rows else row
                samples.append((key, rows[key], self._targets[index]))
        return samples


class ObjectDataset(_Objects, Dataset[Any]):  # type: ignore[misc]  # torch has types, but not here
    """Map-style dataset, which reads the objects of a batch in as few calls as the door allows.

    A sample is a tensor and its target. For text, a list of strings, one per document, replaces the
    tensor.

    Parameters
    ----------
    reader, keys, targets, on_bad_object
        See `ObjectBatches`.
    transform : callable, optional
        Applied to each tensor or list.

    Examples
    --------
    >>> data = ObjectDataset(reader, list(reader.keys("train/")))          # doctest: +SKIP
    >>> loader = DataLoader(data, batch_size=64, shuffle=True, num_workers=4)  # doctest: +SKIP
    """

    def __init__(
        self,
        reader: Reader,
        keys: Iterable[str],
        targets: Targets = None,
        *,
        transform: Callable[[Any], Any] | None = None,
        on_bad_object: OnBadObject = "raise",
    ) -> None:
        super().__init__(reader, keys, targets, on_bad_object)
        self._transform = transform

    def __len__(self) -> int:
        return len(self._keys)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[int]) -> list[tuple[Any, Any]]:
        """Return the samples of a batch. DataLoader calls this in place of ``__getitem__``."""
        if self._reader.draws:
            self._epoch.read(len(indices), len(self._keys))
        samples = []
        for _, row, target in self._read(indices):
            sample = row.tolist() if _is_text(row) else torch.from_numpy(row)
            samples.append((self._transform(sample) if self._transform else sample, target))
        return samples


class ObjectBatches(_Objects, IterableDataset[Any]):  # type: ignore[misc]
    """Iterable dataset of whole batches, for ``DataLoader(..., batch_size=None)``.

    Workers take batches in turn, and DataLoader takes theirs in turn, so that the order does not depend
    on their number. With DistributedDataParallel, give each process all keys, its ``rank`` and the
    ``world_size``.

    Parameters
    ----------
    reader : Reader
    keys : iterable of str
        In a fixed order, so not a set.
    targets : iterable or mapping, optional
        One per key, such as its label, by position or by key. Default: the keys themselves. A column of
        a table is taken by position, and refused where its index may mean another order.
    batch_size : int
        Objects per batch; the last one may be smaller.
    shuffle : bool
        Whether to shuffle, in an order that depends on the epoch.
    drop_last : bool
        Whether to leave out objects that do not fill a batch, or that cannot be divided among the ranks.
    rank, world_size : int
        Index of this process, and number of processes. Each takes every `world_size`-th key of the
        epoch's order, and all take equally many: without `drop_last`, some of the first keys are taken
        twice, as by DistributedSampler.
    on_bad_object : {"raise", "skip"}
        Whether a `BadObject`, such as a truncated photograph, is raised, or logged and left out of its
        batch. Any other error is raised, and so is that of a batch without any good object.

    Yields
    ------
    (Tensor, Tensor or list)
        Rows of shape (N, ...), and their targets. For text, lists of strings in place of the rows.

    Raises
    ------
    ValueError
        For parameters out of range, or keys and targets that do not match.
    """

    def __init__(
        self,
        reader: Reader,
        keys: Iterable[str],
        targets: Targets = None,
        *,
        batch_size: int,
        shuffle: bool = False,
        drop_last: bool = False,
        rank: int = 0,
        world_size: int = 1,
        on_bad_object: OnBadObject = "raise",
    ) -> None:
        super().__init__(reader, keys, targets, on_bad_object)
        self._order = EpochOrder(
            count=len(self._keys),
            batch_size=batch_size,
            shuffle=shuffle,
            drop_last=drop_last,
            rank=rank,
            world_size=world_size,
        )
        warn_of_ranks(world_size)

    def __len__(self) -> int:
        return self._order.batches()

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        worker = get_worker_info()
        first, step = (worker.id, worker.num_workers) if worker else (0, 1)
        repeats = first == 0 and (self._order.shuffle or bool(self._reader.draws))
        if repeats:
            self._epoch.start()
        size, order = self._order.batch_size, self._order.indices(self.epoch).tolist()
        for number in range(first, len(self), step):
            indices = order[number * size :][:size]
            keys, rows, targets = zip(*self._read(indices), strict=True)
            batch = (
                [row.tolist() for row in rows]
                if _is_text(rows[0])
                else torch.from_numpy(stack(keys, rows))
            )
            yield batch, default_collate(list(targets))
        if repeats:
            self._epoch.end()


def _is_text(row: Array) -> bool:
    return row.dtype.kind in "OU"


def require_on_bad_object(given: str) -> bool:
    """Return whether bad objects are skipped.

    Raises
    ------
    ValueError
        Where it is neither "raise" nor "skip".
    """
    if given not in {"raise", "skip"}:
        raise ValueError(f"on_bad_object must be 'raise' or 'skip', got {given!r}")
    return given == "skip"
