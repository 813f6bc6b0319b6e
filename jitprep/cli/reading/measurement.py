"""A timed run of a loader, without PyTorch: what it gave, and what its processes did meanwhile."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from time import perf_counter

from jitprep.cli.console import err
from jitprep.cli.reading.processes import CpuUse, cpu_use
from jitprep.reader import Reader
from jitprep.reader.loading.order import EpochOrder
from jitprep.reader.loading.overflow.opening import Overflow
from jitprep.reader.loading.progress import with_progress
from jitprep.reader.loading.ring import RING_BYTES
from jitprep.reader.loading.stats import LoaderStats
from jitprep.reader.loading.stream import EpochStream
from jitprep.reader.loading.workers import OVERFLOW_PROCESS
from jitprep.service.thread_pools import granted_cpus


@dataclass(frozen=True, kw_only=True)
class LoaderRun:
    """What a loader gave.

    Parameters
    ----------
    stats : LoaderStats
        Without the first batch, which is read twice: its first read starts the workers.
    workers, cpus, batch_size : int
    step_ms : float or None
        Time that the consumer took per batch; None for none.
    start_s : float
        Seconds until the first batch.
    worker_use, own_use : CpuUse
        Of the workers, and of this process. Without workers, both are of this process.
    overflow_use : CpuUse
        Of the process that takes tasks for the overflow.
    max_remote : int or None
        Samples that an overflow might have under way; None without an overflow.
    """

    stats: LoaderStats
    workers: int
    cpus: int
    batch_size: int
    step_ms: float | None
    start_s: float
    worker_use: CpuUse
    own_use: CpuUse
    overflow_use: CpuUse
    max_remote: int | None

    @property
    def model_images_per_s(self) -> float | None:
        """What the consumer takes, if it never waits."""
        return None if self.step_ms is None else 1000 * self.batch_size / self.step_ms

    @property
    def cpu_ms(self) -> float:
        """CPU time per image of all processes, in ms."""
        own = self.own_use.cpu_s if self.workers else 0.0
        return self.per_image_ms(self.worker_use.cpu_s + self.overflow_use.cpu_s + own)

    @property
    def worker_s(self) -> float:
        """Seconds that workers had, all together."""
        # Without workers, batches are made while they are waited for.
        return self.stats.seconds * self.workers if self.workers else self.stats.waited_s

    @property
    def busy(self) -> float:
        """Share of the workers' time in which they computed, or waited for a CPU."""
        return sum(self.worker_use) / self.worker_s if self.worker_s else 0.0

    def per_image_ms(self, seconds: float) -> float:
        """Return the milliseconds per image, for seconds of the run."""
        return 1000 * seconds / max(self.stats.images, 1)


def run_loader(
    reader: Reader,
    keys: Sequence[str],
    *,
    batch_size: int,
    workers: int,
    step_ms: float | None,
    overflow: Overflow | None,
) -> LoaderRun:
    """Read every key once, shuffled, in batches that are dropped at once. Bad objects are left out.

    Parameters
    ----------
    reader : Reader
    keys : sequence of str
        At least one.
    batch_size, workers : int
    step_ms : float, optional
        Time that the consumer takes per batch.
    overflow : Overflow, optional

    Raises
    ------
    ReadError, WorkerDied, OverflowDiffers
    """
    order = EpochOrder(count=len(keys), batch_size=batch_size, shuffle=True)
    stream = EpochStream(
        reader,
        keys,
        order,
        workers=workers,
        start_method=None,
        nbytes=RING_BYTES,
        skips=True,
        guessed=0,  # so that all work is for the batches that are counted
        overflow=overflow,
    )
    with closing(stream):
        began = perf_counter()
        stream.begin(0, (order.batches() - 1) * batch_size)
        stream.take()  # the last batch, to start the workers
        start_s = perf_counter() - began
        before = _uses()
        timed = TimedBatches(stream, step_ms)
        for _ in timed.shown(order.batches()):
            pass
        return LoaderRun(
            stats=timed.stats,
            workers=workers,
            cpus=granted_cpus(),
            batch_size=batch_size,
            step_ms=step_ms,
            start_s=start_s,
            max_remote=None if overflow is None else overflow.most,
            **{name: use.since(before[name]) for name, use in _uses().items()},
        )


def _uses() -> dict[str, CpuUse]:
    """Return the CPU use of the workers, of this process, and of the overflow's."""
    own = os.getpid()
    started = {one.pid: one.name for one in multiprocessing.active_children() if one.pid}
    workers = [pid for pid, name in started.items() if name != OVERFLOW_PROCESS]
    return {
        "worker_use": cpu_use(workers or [own]),
        "own_use": cpu_use([own]),
        "overflow_use": cpu_use(started.keys() - set(workers)),
    }


class TimedBatches:
    """Batches of one epoch, whose waits are counted.

    Parameters
    ----------
    stream : EpochStream
    step_ms : float, optional
        Pause after each batch.
    """

    def __init__(self, stream: EpochStream, step_ms: float | None) -> None:
        self._stream = stream
        self._step_s = (step_ms or 0.0) / 1000
        self.stats = LoaderStats()

    def shown(self, count: int) -> Iterator[None]:
        """Take batches, and show on a terminal how many."""
        batches = self._batches(count)
        if not err.is_terminal:
            return batches
        return with_progress(batches, "reading", 0, count, lambda: self.stats)

    def _batches(self, count: int) -> Iterator[None]:
        began = perf_counter()
        self._stream.begin(0, 0)
        for _ in range(count):
            asked = perf_counter()
            loaded = self._stream.take()
            now = perf_counter()
            self.stats = self.stats.after(loaded, now - asked, now - began)
            del loaded  # its memory is used again
            yield
            if self._step_s:
                time.sleep(self._step_s)
