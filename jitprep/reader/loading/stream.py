"""`EpochStream`: batches in their order, ahead of the consumer, whichever worker makes their rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, count, islice
from time import perf_counter

import numpy as np

from jitprep.reader.base import Reader, RowLayout
from jitprep.reader.loading.assembly import LoadedBatch, PendingBatch
from jitprep.reader.loading.order import EpochOrder
from jitprep.reader.loading.ring import SharedFile, SlotRing, row_bytes
from jitprep.reader.loading.tasks import LoadTask, TaskResult, task_rows
from jitprep.reader.loading.workers import InProcess, TaskRunners, WorkerPool

# Batches ahead of the consumer at most: what a queue of samples needs to hide slow ones.
_AHEAD = 32
# At first, because memory that is soon used again costs fewer page faults; more, one by one, where the
# consumer finds its batch ready, within this many seconds.
_AHEAD_FIRST = 8
_READY_S = 0.001
# Batches that are made of the epoch after this one, on the guess that it will be wanted.
_GUESSED = 4
# Batches that are being made when the consumer holds all slots.
_LEAST = 2


class EpochStream:
    """Batches of one epoch after the other.

    Tasks of the next batches wait in one queue, and each worker takes the first when it is free. The
    first batches of the next epoch are made while the last ones of this epoch are consumed.

    Parameters
    ----------
    reader : Reader
    keys : sequence of str
    order : EpochOrder
    workers : int
        Number of processes; 0 for this one.
    start_method : str, optional
        Of the processes.
    nbytes : int
        Bytes of batches that are made ahead. Batches that the consumer holds come on top, and so does
        what it takes to make two.
    skips : bool
        Whether samples with a `BadObject` are left out.
    """

    def __init__(
        self,
        reader: Reader,
        keys: Sequence[str],
        order: EpochOrder,
        *,
        workers: int,
        start_method: str | None,
        nbytes: int,
        skips: bool,
    ) -> None:
        self._reader = reader
        self._keys = keys
        self._order = order
        self._workers = workers
        self._start_method = start_method
        self._nbytes = nbytes
        self._skips = skips
        self._fixed = reader.draws is False and not order.shuffle
        self._together = not reader.computes
        self._runners: TaskRunners | None = None
        self._clear()

    def _clear(self) -> None:
        self._numbers = count()
        self._pending: dict[int, PendingBatch] = {}
        self._dropped: dict[int, PendingBatch] = {}
        self._source: Iterator[PendingBatch] = iter(())
        self._file: SharedFile | None = None
        self._ring: SlotRing | None = None
        self._ahead = self._most = 1  # until the layout of a row is known

    def begin(self, epoch: int, start: int) -> None:
        """Begin an epoch after `start` of its samples, and start making its batches.

        What was made ahead is kept if it is of this epoch, and dropped otherwise.
        """
        wanted = (0 if self._fixed else epoch, start)
        made = len(self._pending)
        for number, batch in enumerate(self._pending.values()):
            if batch.identity != (*wanted, number):
                self._drop()
                made = 0
                break
        following = self._batches(wanted[0] + (not self._fixed), 0, 0)
        self._source = chain(self._batches(*wanted, made), islice(following, _GUESSED))
        self._fill()

    def take(self) -> LoadedBatch:
        """Return the next batch; wait until it is complete.

        Raises
        ------
        ReadError, WorkerDied, or what else a worker raised
        """
        try:
            self._fill()
            number, asked = next(iter(self._pending)), perf_counter()
            while self._pending[number].missing:
                assert self._runners is not None
                for result in self._runners.results():
                    self._add(result)
                self._fill()
            if perf_counter() - asked < _READY_S:
                self._ahead = min(self._ahead + 1, self._most)
        except BaseException:  # also Ctrl-C, which may cut a message in two
            self.close()
            raise
        return self._pending.pop(number).finish(self._ring, skips=self._skips)

    def close(self) -> None:
        """End the workers. Batches that were taken stay valid, and `begin` starts anew."""
        if self._runners is not None:
            self._runners.close()
        if self._file is not None:
            self._file.close()
        self._runners = None
        self._clear()

    def _batches(self, epoch: int, start: int, first: int) -> Iterator[PendingBatch]:
        """Yield the batches of an epoch, after the first ones."""
        size = self._order.batch_size
        indices = self._order.indices(epoch, start)
        for number in range(first, self._order.batches(start)):
            own = indices[number * size :][:size]
            keys = tuple(self._keys[index] for index in own)
            yield PendingBatch(epoch, start, number, own, keys)

    def _fill(self) -> None:
        """Queue the tasks of as many batches as may be made ahead."""
        runners = self._runners or self._started()
        while len(self._pending) < self._ahead:
            slot = None
            if self._ring is not None:
                slot = self._ring.take(grow=len(self._pending) < _LEAST)
                if slot is None:
                    return
            batch = next(self._source, None)
            if batch is None:
                if self._ring is not None and slot is not None:
                    self._ring.give_back(slot)
                return
            number = next(self._numbers)
            batch.slot = slot
            self._pending[number] = batch
            epoch = batch.identity[0]
            for rows in task_rows(batch.keys, together=self._together):
                keys = batch.keys[rows.start : rows.stop]
                place = None
                if self._ring is not None and slot is not None:
                    place = self._ring.place(slot, rows.start)
                runners.put(LoadTask(number, rows.start, keys, epoch, place))

    def _started(self) -> TaskRunners:
        self._file = SharedFile()
        self._runners = (
            WorkerPool(self._reader, self._file, self._workers, self._start_method)
            if self._workers
            else InProcess(self._reader, self._file)
        )
        if layout := self._reader.row_layout:
            self._lay_out(layout)
        return self._runners

    def _lay_out(self, layout: RowLayout) -> None:
        assert self._file is not None
        size = self._order.batch_size
        self._ring = SlotRing(self._file, layout, size, self._nbytes, _AHEAD)
        self._ahead, self._most = _AHEAD_FIRST, _AHEAD

    def _add(self, result: TaskResult) -> None:
        if self._ring is None:
            self._learn(result)
        if result.batch in self._pending:
            self._pending[result.batch].add(result)
        elif result.batch in self._dropped:
            self._forget(result.batch, result.rows)

    def _learn(self, result: TaskResult) -> None:
        """Lay out the ring as the first row is, or limit what is made ahead without one."""
        rows = [row for row in result.apart.values() if isinstance(row, np.ndarray)]
        if not rows:
            return
        layout = RowLayout(rows[0].shape, rows[0].dtype.name)
        if rows[0].dtype.kind not in "OU" and row_bytes(layout) and self._ahead == 1:
            self._lay_out(layout)
            return
        batch = sum(row.nbytes for row in rows) / len(rows) * self._order.batch_size
        self._ahead = self._most = int(min(_AHEAD, max(_LEAST, self._nbytes / max(batch, 1))))

    def _drop(self) -> None:
        """Drop all batches that were made ahead; slots that workers still write to stay taken."""
        self._dropped |= self._pending
        self._pending = {}
        for task in self._runners.withdraw() if self._runners else ():
            self._forget(task.batch, len(task.keys))
        for number in [number for number, batch in self._dropped.items() if not batch.missing]:
            self._forget(number, 0)

    def _forget(self, number: int, rows: int) -> None:
        batch = self._dropped[number]
        batch.missing -= rows
        if not batch.missing:
            self._dropped.pop(number).give_back(self._ring)
