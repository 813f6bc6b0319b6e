"""`Loader`: batches of tensors, made by worker processes straight into memory that they share."""

from __future__ import annotations

import hashlib
import logging
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from os import PathLike
from time import perf_counter
from typing import Any, Literal, Self

from jitprep.reader.base import Reader, require_seed
from jitprep.reader.errors import BadObject
from jitprep.reader.loading.order import EpochOrder
from jitprep.reader.loading.overflow.opening import MAX_REMOTE, open_overflow
from jitprep.reader.loading.progress import progress_of
from jitprep.reader.loading.ring import RING_BYTES
from jitprep.reader.loading.selection import near_groups, select_samples
from jitprep.reader.loading.stats import LoaderStats
from jitprep.reader.loading.stream import EpochStream
from jitprep.reader.loading.workers import worker_count
from jitprep.reader.samples import Targets
from jitprep.reader.torch.collation import BatchCollation
from jitprep.reader.torch.datasets import OnBadObject, require_on_bad_object
from jitprep.reader.torch.epochs import Epoch, ReadsByEpoch
from jitprep.reader.torch.ranks import ranks_of

_log = logging.getLogger(__name__)


class Loader(ReadsByEpoch):
    """Iterable of batches, which replaces a dataset and its DataLoader.

    Workers take samples from one queue, whichever is free, and compute them straight into the memory
    of their batch. The order and the values are those of `ObjectBatches` with the same arguments, for
    any number of workers.

    Parameters
    ----------
    reader : Reader
    keys : iterable of str, optional
        In a fixed order. Default: all of the reader's.
    labels : iterable, mapping, "folder" or str, optional
        One per key, as the targets of `ObjectBatches`. "folder" takes the index of each key's first
        folder, below those that all keys have in common; `classes` has the names. Another name is that
        of a column, where samples are rows of a table. Default: the keys.
    batch_size : int
        Samples per batch; the last one may be smaller.
    shuffle : bool or "groups"
        Whether to shuffle, in an order that depends on the epoch. "groups", for rows of tables, mixes
        the rows of a few row groups at a time.
    drop_last : bool
        Whether to leave out samples that do not fill a batch, or that cannot be divided among the ranks.
    rank, world_size : int, optional
        Index of this process, and number of processes. Default: those of `torch.distributed`, if it is
        initialised.
    manifest : str or PathLike, optional
        CSV or Parquet file with a column ``key``, in place of `keys` and `labels`. Its column ``label``
        has the labels. Other columns are passed on as a third member of each batch.
    include, exclude : str or sequence of str
        Globs of keys, such as ``"*.jpg"``; ``*`` matches slashes too.
    on_bad_object : {"raise", "skip"}
        As for `ObjectBatches`. One line of the log says at the end of an epoch how many were left out.
    num_workers : int or "auto"
        Processes, each with one computing thread. "auto" is the processors that this process may use,
        divided by the ranks on this machine. With 0, batches are made in this process.
    start_method : {"fork", "spawn", "forkserver"}, optional
        Default: that of the platform.
    ring_bytes : int
        Bytes of the batches that are made ahead, at least two. What you keep comes on top.
    pin_memory : bool, optional
        Whether to return tensors in pinned memory. Default: if there is a GPU.
    overflow : Reader or str, optional
        A remote door, or its address, for the samples that this machine cannot make in time. It must
        run the same pipeline on the same objects; the first result is compared. Behind ``lambda:`` the
        function runs the reader's pipeline.
    max_remote : int
        Samples that the overflow may have under way, rounded up to tasks of eight.
    progress : bool
        Whether rank 0 shows a line per epoch on standard error, by rich or tqdm.

    Yields
    ------
    (Tensor or list, labels) or (Tensor or list, labels, dict)
        Rows of shape (N, ...), or lists of strings for text; what `default_collate` makes of their
        labels; and the same of the manifest's other columns, if there are any. A batch is yours to keep
        and to write into: its memory is used again once no tensor refers to it.

    Raises
    ------
    ValueError
        For parameters out of range, keys and labels that do not match, or no library for `progress`.
    CannotOpen
        For an overflow that cannot be one.
    OverflowDiffers
        While iterating, if the overflow gives other results than this machine.
    ReadError
        Where the reader cannot list its keys; while iterating, where an object cannot be read.
    WorkerDied
        While iterating, if a worker process was killed.

    Examples
    --------
    >>> loader = Loader(reader, labels="folder", batch_size=64, shuffle=True)   # doctest: +SKIP
    >>> for epoch in range(90):                                                 # doctest: +SKIP
    ...     loader.set_epoch(epoch)
    ...     for images, labels in loader:
    ...         ...
    """

    def __init__(
        self,
        reader: Reader,
        keys: Iterable[str] | None = None,
        labels: Targets | str = None,
        *,
        batch_size: int,
        shuffle: bool | Literal["groups"] = False,
        drop_last: bool = False,
        rank: int | None = None,
        world_size: int | None = None,
        manifest: str | PathLike[str] | None = None,
        include: str | Sequence[str] = (),
        exclude: str | Sequence[str] = (),
        on_bad_object: OnBadObject = "raise",
        num_workers: int | Literal["auto"] = "auto",
        start_method: str | None = None,
        ring_bytes: int = RING_BYTES,
        pin_memory: bool | None = None,
        overflow: Reader | str | None = None,
        max_remote: int = MAX_REMOTE,
        progress: bool = False,
    ) -> None:
        if ring_bytes < 0:
            raise ValueError(f"ring_bytes must be at least 0, got {ring_bytes}")
        skips = require_on_bad_object(on_bad_object)
        self._reader, self._shuffle = reader, shuffle
        self._samples = select_samples(reader, keys, labels, manifest, include, exclude)
        self._order = EpochOrder(
            count=len(self._samples.keys),
            batch_size=batch_size,
            shuffle=bool(shuffle),
            groups=near_groups(reader, self._samples.keys, shuffle),
            drop_last=drop_last,
            **ranks_of(rank, world_size),
        )
        workers = worker_count(num_workers)
        if overflow is not None and not workers:
            raise ValueError("overflow= needs worker processes: num_workers must be at least 1")
        self._stream = EpochStream(
            reader,
            self._samples.keys,
            self._order,
            workers=workers,
            start_method=start_method,
            nbytes=ring_bytes,
            skips=skips,
            overflow=None if overflow is None else open_overflow(overflow, reader, max_remote),
        )
        weakref.finalize(self, self._stream.close)
        self._collation = BatchCollation(self._samples, pin_memory)
        self._epoch = Epoch(reader.seed)
        self._with_progress = progress_of(progress, self._order.rank)
        self._position = 0  # samples of the epoch's order that all ranks have been given
        self._resumes = False  # whether the next iteration begins there
        self._finished = False  # whether the last iteration came to its end
        self._iteration: object = None
        self._stats = LoaderStats()

    def __len__(self) -> int:
        """Return the number of batches of a whole epoch."""
        return self._order.batches()

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """Begin the epoch, or the rest of it after `load_state_dict`. An earlier iteration ends."""
        if self._order.shuffle or self._reader.draws:
            self._epoch.start()
        start = self._position if self._resumes else 0
        self._position, self._resumes, self._finished = start, False, False
        self._iteration, self._stats = object(), LoaderStats()
        batches = self._order.batches(start)
        if batches:
            self._stream.begin(self.epoch, start)
        found = self._batches(batches, self._iteration, perf_counter())
        done, title = len(self) - batches, f"epoch {self.epoch}"
        return self._with_progress(found, title, done, len(self), lambda: self._stats)

    @property
    def keys(self) -> list[str]:
        """Keys of all ranks, in the order that they have without shuffling."""
        return list(self._samples.keys)

    @property
    def classes(self) -> tuple[str, ...] | None:
        """Names of the classes by label, of folders and of a table's column; None otherwise."""
        return self._samples.classes

    @property
    def stats(self) -> LoaderStats:
        """Counts of the current epoch, or of the last one."""
        return self._stats

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch. Another one than that of `load_state_dict` begins at its beginning.

        Raises
        ------
        CannotOpen
            For a value that is not an integer from 0 to 2**63 - 1.
        """
        before = self.epoch
        super().set_epoch(epoch)
        if self.epoch != before:
            self._resumes = False

    def state_dict(self) -> dict[str, Any]:
        """Return where the consumer is: after the last batch that it was given.

        Returns
        -------
        dict
            Small, and of plain values. At the end of an epoch it is the beginning of the next one.
        """
        return {
            "epoch": self.epoch + self._finished,
            "samples": 0 if self._finished else self._position,
            "shuffle": self._shuffle,
            "keys": self._digest,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Let the next iteration begin where another loader was, with any number of workers and ranks.

        `set_epoch` with the epoch of the state keeps the place; another epoch begins at its beginning.

        Raises
        ------
        ValueError
            If the state is that of other keys, or of another order.
        """
        for name, own in (("keys", self._digest), ("shuffle", self._shuffle)):
            if state[name] != own:
                raise ValueError(
                    f"the state is of a loader with other {name}; give this one the same keys, in the "
                    "same order, and the same shuffle"
                )
        self._epoch.begin(require_seed(state["epoch"]))
        self._position, self._resumes, self._finished = int(state["samples"]), True, False

    def close(self) -> None:
        """End the workers. Tensors stay valid, and another iteration starts workers again."""
        self._iteration = None
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _batches(self, count: int, iteration: object, began: float) -> Iterator[tuple[Any, ...]]:
        skipped: list[BadObject] = []
        for _ in range(count):
            if self._iteration is not iteration:
                raise RuntimeError(
                    "the loader was closed or is iterated anew; it has one iteration at a time"
                )
            asked = perf_counter()
            loaded = self._stream.take()
            batch = self._collation.batch(loaded)
            now = perf_counter()
            skipped += loaded.skipped
            rows = len(loaded.indices)
            self._position += (rows + len(loaded.skipped)) * self._order.world_size
            self._stats = self._stats.after(loaded, now - asked, now - began)
            yield batch
        if self._iteration is iteration:
            self._finished = True
            self._epoch.end()
            if skipped:
                what = (self.epoch, len(skipped), skipped[0])
                _log.warning("epoch %d: skipped %d bad objects; the first: %s", *what)

    @cached_property
    def _digest(self) -> str:
        """Identity of the keys and their order: 16 hexadecimal digits."""
        digest = hashlib.sha256()
        for key in self._samples.keys:
            digest.update(key.encode("utf-8", "surrogateescape") + b"\0")
        return digest.hexdigest()[:16]
