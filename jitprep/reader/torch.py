"""Datasets for PyTorch over any reader, for DataLoader's workers, whether they fork or spawn.

`ObjectDataset` lets DataLoader choose: samplers, DistributedSampler, any collate function.
`ObjectBatches` hands over whole batches as they come out of one call, and nothing is stacked twice.

In both, ``set_epoch(n)`` before an epoch makes random transforms draw anew, in workers that live on
(``persistent_workers=True``) too.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import cycle, islice
from math import ceil
from typing import Any, Literal, TypeAlias

import numpy.random  # noqa: F401  # torch seeds it in each worker: a fork may find the lock of imports held
import torch
from torch import distributed
from torch.utils.data import Dataset, IterableDataset, default_collate, get_worker_info

from jitprep.reader.base import Reader, checked_seed, stack
from jitprep.reader.epochs import Epoch
from jitprep.reader.errors import BadObject, ReadError
from jitprep.reader.samples import Targets, paired
from preprocessing.media import Array

OnBadObject: TypeAlias = Literal["raise", "skip"]

_log = logging.getLogger(__name__)


class _Objects:
    """What both datasets are made of; `ObjectBatches` describes the parameters."""

    def __init__(
        self,
        reader: Reader,
        keys: Iterable[str],
        targets: Targets,
        on_bad_object: OnBadObject,
    ) -> None:
        self._keys, self._targets = paired(keys, targets)
        if on_bad_object not in {"raise", "skip"}:
            raise ValueError(f"on_bad_object is 'raise' or 'skip', got {on_bad_object!r}")
        self._skips = on_bad_object == "skip"
        self._reader = reader
        self._epoch = Epoch(reader.seed)

    def __copy__(self) -> Any:
        made = object.__new__(type(self))
        made.__dict__ |= {**self.__dict__, "_epoch": Epoch(self.epoch)}
        return made

    @property
    def epoch(self) -> int:
        """What random transforms draw from."""
        return self._epoch.number

    def set_epoch(self, epoch: int) -> None:
        """Let random transforms, and shuffling, draw anew. Call it before the loader is iterated.

        Raises
        ------
        CannotOpen
            For a number that is not one of an epoch, and where the reader cannot honour it.
        """
        number = checked_seed(epoch)
        self._of_epoch(number)
        self._epoch.begin(number)

    def _of_epoch(self, number: int) -> Reader:
        # Results are the same in every epoch, and their door refuses a seed. Their order is ours.
        return self._reader if self._reader.draws is False else self._reader.with_seed(number)

    def _read(self, indices: Sequence[int]) -> list[tuple[str, Array, Any]]:
        """Read many at once, and return key, array and target of each that could be read.

        Raises
        ------
        ReadError
            Also where all of them are bad.
        """
        wanted = [self._keys[index] for index in indices]
        read = self._of_epoch(self.epoch).get_each(wanted)
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

    A sample is a tensor and its target. Of text it is a list of strings, one a document, in place of the
    tensor.

    Parameters
    ----------
    reader, keys, targets, on_bad_object
        See `ObjectBatches`.
    transform : callable, optional
        What becomes of each tensor, or list.

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
        """Return the samples of a batch: what DataLoader asks for, where a dataset has it."""
        if self._reader.draws:
            self._epoch.read(len(indices), len(self._keys))
        samples = []
        for _, row, target in self._read(indices):
            sample = row.tolist() if _is_text(row) else torch.from_numpy(row)
            samples.append((self._transform(sample) if self._transform else sample, target))
        return samples


class ObjectBatches(_Objects, IterableDataset[Any]):  # type: ignore[misc]
    """An iterable dataset of whole batches, for ``DataLoader(..., batch_size=None)``.

    Workers take batches in turn, and DataLoader takes theirs in turn: the order is the same, however
    many there are. Under DistributedDataParallel give each process all the keys, and its ``rank``.

    Parameters
    ----------
    reader : Reader
    keys : iterable of str
        In an order of their own, so not a set.
    targets : iterable or mapping, optional
        One for each key by position, such as its label, or by key; the keys themselves where they are
        left out. A column of a table counts by position, and is refused where its index says otherwise.
    batch_size : int
        The last batch may be smaller.
    shuffle : bool
        Into an order that the epoch decides.
    drop_last : bool
        Whether to leave out what does not fill a batch, and of several ranks what would not be as much
        for each.
    rank, world_size : int
        Which of how many processes this is. Each takes every `world_size`-th key of the epoch's order,
        and all take equally many: unless `drop_last`, some of the first keys are taken twice, as
        DistributedSampler does.
    on_bad_object : {"raise", "skip"}
        What a `BadObject` does, such as a truncated photograph: it ends the epoch, or is logged and left
        out of its batch. Any other error ends the epoch, and so does a batch of which nothing is left.

    Yields
    ------
    (Tensor, Tensor or list)
        Rows of shape (N, ...), and their targets. Of text, in place of the rows, lists of strings.

    Raises
    ------
    ValueError
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
        counts = {"batch_size": batch_size, "rank": rank, "world_size": world_size}
        for name, value in counts.items():
            if not hasattr(value, "__index__"):  # such as 2.5, or a rank of None
                raise ValueError(f"{name} is a whole number, got {value!r}")
        if batch_size < 1:
            raise ValueError(f"a batch has one object or more, got batch_size={batch_size}")
        if not 0 <= rank < world_size:
            raise ValueError(f"rank is from 0 to world_size - 1, got {rank} of {world_size}")
        self._batch_size = batch_size
        self._shuffle = shuffle
        self._drop_last = drop_last
        self._rank, self._world_size = rank, world_size
        if self._keys and not len(self):
            raise ValueError(
                f"drop_last leaves nothing of {len(self._keys)} keys for {world_size} ranks in batches "
                f"of {batch_size}"
            )
        self._warn_of_ranks()

    def __len__(self) -> int:
        batches = self._share / self._batch_size
        return int(batches) if self._drop_last else ceil(batches)

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        worker = get_worker_info()
        first, step = (worker.id, worker.num_workers) if worker else (0, 1)
        repeats = first == 0 and (self._shuffle or bool(self._reader.draws))
        if repeats:
            self._epoch.start()
        order = self._order()
        for number in range(first, len(self), step):
            indices = order[number * self._batch_size :][: self._batch_size]
            keys, rows, targets = zip(*self._read(indices), strict=True)
            batch = (
                [row.tolist() for row in rows]
                if _is_text(rows[0])
                else torch.from_numpy(stack(keys, rows))
            )
            yield batch, default_collate(list(targets))
        if repeats:
            self._epoch.end()

    @property
    def _share(self) -> int:
        """How many objects each rank takes."""
        share = len(self._keys) / self._world_size
        return int(share) if self._drop_last else ceil(share)

    def _order(self) -> list[int]:
        """Return this rank's part of the epoch's order, in which all ranks agree."""
        order = list(range(len(self._keys)))
        if self._shuffle:
            chance = torch.Generator().manual_seed(self.epoch)
            order = torch.randperm(len(order), generator=chance).tolist()
        whole = islice(cycle(order), self._share * self._world_size)
        return list(islice(whole, self._rank, None, self._world_size))

    def _warn_of_ranks(self) -> None:
        """Warn where ranks that nobody named might have unequal numbers of batches."""
        if self._world_size == 1 and distributed.is_available() and distributed.is_initialized():
            ranks = distributed.get_world_size()
            if ranks > 1:
                warnings.warn(
                    f"this process is one of {ranks}, and ObjectBatches knows of one: where ranks have "
                    "unequal numbers of batches, they wait for each other for ever. Give each all the "
                    "keys, with rank= and world_size=",
                    stacklevel=3,
                )


def _is_text(row: Array) -> bool:
    return row.dtype.kind in "OU"
