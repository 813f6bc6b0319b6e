"""`EpochStream`: batches in their order, ahead of the consumer, whichever worker makes their rows."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from time import monotonic

import numpy as np

from jitprep.reader.base import Reader, RowLayout
from jitprep.reader.errors import OverflowDiffers
from jitprep.reader.loading.assembly import LoadedBatch, PendingBatch
from jitprep.reader.loading.order import EpochOrder
from jitprep.reader.loading.overflow.balance import Balance
from jitprep.reader.loading.overflow.opening import Overflow
from jitprep.reader.loading.overflow.worker import OverflowTrouble
from jitprep.reader.loading.ring import SharedFile, SlotRing, row_bytes
from jitprep.reader.loading.tasks import TaskBegun, TaskResult
from jitprep.reader.loading.under_way import UnderWay
from jitprep.reader.loading.workers import InProcess, Report, TaskRunners, WorkerPool
from preprocessing.rng import LARGEST_SEED

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
# Objects that the results of an overflow are compared by, until one can be read.
_COMPARED = 64

_log = logging.getLogger(__name__)


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
    overflow : Overflow, optional
        Takes tasks that the workers cannot run in time. It needs a worker.
    guessed : int
        Batches that are made of the epoch after the one that was begun.
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
        overflow: Overflow | None = None,
        guessed: int = _GUESSED,
    ) -> None:
        self._reader = reader
        self._keys = keys
        self._order = order
        self._workers = workers
        self._start_method = start_method
        self._nbytes = nbytes
        self._skips = skips
        self._guessed = guessed
        self._fixed = reader.draws is False and not order.shuffle
        self._together = not reader.computes
        self._overflow = overflow
        self._clear()

    def _clear(self) -> None:
        self._runners: TaskRunners | None = None
        self._under_way: UnderWay | None = None
        self._balance: Balance | None = None
        self._warned: set[type[Exception]] = set()
        self._source: Iterator[PendingBatch] = iter(())
        self._file: SharedFile | None = None
        self._process = os.getpid()
        self._ahead = self._most = 1  # until the layout of a row is known

    def begin(self, epoch: int, start: int) -> None:
        """Begin an epoch after `start` of its samples, and start making its batches.

        What was made ahead is kept if it is of this epoch, and dropped otherwise.
        """
        if self._process != os.getpid():  # a forked copy must not touch the queue and the ring
            self.close()
        try:
            self._begin((0 if self._fixed else epoch, start))
        except BaseException:  # also Ctrl-C, which may cut a task in two
            self.close()
            raise

    def _begin(self, wanted: tuple[int, int]) -> None:
        under_way = self._started() if self._under_way is None else self._under_way
        made = under_way.identities
        if any(identity != (*wanted, number) for number, identity in enumerate(made)):
            under_way.drop()
            made = []
        guessed = self._guessed if wanted[0] < LARGEST_SEED else 0
        following = self._batches(wanted[0] + (not self._fixed), 0, 0)
        self._source = chain(self._batches(*wanted, len(made)), islice(following, guessed))
        if self._balance:
            self._balance.start()
        self._fill(under_way)

    def take(self) -> LoadedBatch:
        """Return the next batch; wait until it is complete.

        Raises
        ------
        ReadError, WorkerDied, OverflowDiffers, or what else a worker raised
        RuntimeError
            In a forked copy of the process that began the epoch.
        """
        if self._process != os.getpid():
            raise RuntimeError("the epoch began in another process; begin it anew in this one")
        under_way = self._under_way
        assert under_way is not None
        try:
            self._fill(under_way)
            asked = monotonic()
            if self._balance:
                self._balance.asked(asked)
                while self._hear(under_way, 0):
                    pass
            while under_way.first.missing:
                self._hear(under_way, None)
                self._fill(under_way)
            if monotonic() - asked < _READY_S:
                self._ahead = min(self._ahead + 1, self._most)
            if self._balance:
                self._rebalance(self._balance, under_way, asked)
        except BaseException:  # also Ctrl-C, which may cut a message in two
            self.close()
            raise
        return under_way.take(skips=self._skips)

    def close(self) -> None:
        """End the workers. Batches that were taken stay valid, and `begin` starts anew."""
        if self._runners is not None:
            self._runners.close()
        if self._file is not None:
            self._file.close()
        self._clear()

    def _batches(self, epoch: int, start: int, first: int) -> Iterator[PendingBatch]:
        """Yield the batches of an epoch, after the first ones."""
        size = self._order.batch_size
        indices = self._order.indices(epoch, start)
        for number in range(first, self._order.batches(start)):
            own = indices[number * size :][:size]
            keys = tuple(self._keys[index] for index in own)
            yield PendingBatch(epoch, start, number, own, keys)

    def _fill(self, under_way: UnderWay) -> None:
        """Queue the tasks of as many batches as may be made ahead."""
        ring = under_way.ring
        while len(under_way) < self._ahead:
            slot = None
            if ring is not None:
                least = max(_LEAST, under_way.slots_held)
                slot = ring.take(grow=len(under_way) < least)
                if slot is None:
                    return
            batch = next(self._source, None)
            if batch is None:
                if ring is not None and slot is not None:
                    ring.give_back(slot)
                return
            under_way.start(batch, slot)

    def _started(self) -> UnderWay:
        self._file = SharedFile()
        self._runners = (
            WorkerPool(
                self._reader,
                self._file,
                self._workers,
                self._start_method,
                self._overflow,
                self._keys[:_COMPARED],
            )
            if self._workers
            else InProcess(self._reader, self._file)
        )
        self._under_way = UnderWay(self._runners, together=self._together)
        if self._overflow:
            threads = self._workers * (1 if self._reader.computes else 2)
            self._balance = Balance(self._order.batch_size, threads)
        if layout := self._reader.row_layout:
            self._lay_out(self._under_way, layout)
        return self._under_way

    def _lay_out(self, under_way: UnderWay, layout: RowLayout) -> None:
        assert self._file is not None
        size = self._order.batch_size
        under_way.ring = SlotRing(self._file, layout, size, self._nbytes, _AHEAD)
        self._ahead, self._most = _AHEAD if self._overflow else _AHEAD_FIRST, _AHEAD

    def _hear(self, under_way: UnderWay, timeout: float | None) -> bool:
        """Act on what was reported, and return whether that was anything; wait `timeout` seconds."""
        assert self._runners is not None
        if self._balance and timeout is None:
            timeout = self._balance.patience(monotonic())
        reports = self._runners.reports(timeout)
        for report in reports:
            self._act_on(under_way, report)
        # What has arrived may wait to be read while the consumer computes. It is not late.
        if self._balance and not reports:
            for number in self._balance.late(monotonic()):
                under_way.make_here_too(number)
        return bool(reports)

    def _act_on(self, under_way: UnderWay, report: Report) -> None:
        match report:
            case TaskResult():
                if under_way.ring is None:
                    self._learn(under_way, report)
                task, error = under_way.add(report)
                if self._balance:
                    self._balance.ended(task, report)
                if error is not None:
                    self._warn(error)
            case TaskBegun() if self._balance:
                self._balance.begun(report)
            case OverflowTrouble(OverflowDiffers() as error):
                raise error
            case OverflowTrouble(error):
                self._warn(error)

    def _rebalance(self, balance: Balance, under_way: UnderWay, asked: float) -> None:
        """Set how much the overflow should have under way."""
        assert self._runners is not None
        balance.gave(asked, monotonic())
        slots = under_way.ring.planned if under_way.ring else self._ahead
        ready = under_way.complete - 1  # without the one that is given now
        self._runners.want(balance.wanted(ready, min(self._ahead, slots)))

    def _warn(self, error: Exception) -> None:
        """Log the first failure of each type: what keeps a remote from being used may change."""
        if type(error) not in self._warned:
            self._warned.add(type(error))
            _log.warning("the overflow fails, and this machine makes its samples: %s", error)

    def _learn(self, under_way: UnderWay, result: TaskResult) -> None:
        """Lay out the ring as the first row is, or limit what is made ahead without one."""
        rows = [row for row in result.apart.values() if isinstance(row, np.ndarray)]
        if not rows:
            return
        layout = RowLayout(rows[0].shape, rows[0].dtype.name)
        if rows[0].dtype.kind not in "OU" and row_bytes(layout) and self._ahead == 1:
            self._lay_out(under_way, layout)
            return
        batch = sum(row.nbytes for row in rows) / len(rows) * self._order.batch_size
        self._ahead = self._most = int(min(_AHEAD, max(_LEAST, self._nbytes / max(batch, 1))))
