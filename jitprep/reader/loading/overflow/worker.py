"""The process of an overflow: reads tasks from a remote, as many at once as are wanted."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from threading import Event, Lock, Thread
from typing import NamedTuple

from jitprep.reader.base import Reader
from jitprep.reader.errors import BadObject, Undecodable
from jitprep.reader.loading.overflow.comparison import require_equal_results
from jitprep.reader.loading.overflow.opening import Overflow
from jitprep.reader.loading.overflow.reads import RemoteReads
from jitprep.reader.loading.overflow.wanted import Wanted
from jitprep.reader.loading.ring import RingView, SharedFile
from jitprep.reader.loading.task_queue import TaskReader
from jitprep.reader.loading.tasks import Apart, LoadTask, TaskBegun, TaskResult
from jitprep.reader.loading.worker import TaskRunner, begin_process, failed_task, portable
from jitprep.reader.transport.retry import try_once

# How often the process looks how many samples are wanted.
_LOOK_S = 0.02
# How long it tries to take a task. Where the queue is empty, a waiting worker takes the next one.
_TAKE_S = 0.001


class OverflowTrouble(NamedTuple):
    """The overflow cannot be used; for now, or for ever if it is `OverflowDiffers`.

    Parameters
    ----------
    error : Exception
    """

    error: Exception


def run_overflow(
    overflow: Overflow,
    own: Reader,
    keys: Sequence[str],
    tasks: TaskReader,
    file: SharedFile,
    wanted: Wanted,
    results: Connection,
    inherited: tuple[Connection, ...],
) -> None:
    """Run tasks by the overflow until the loader closes the queue.

    Parameters
    ----------
    overflow : Overflow
    own : Reader
        The loader's.
    keys : sequence of str
        Of objects to compare first.
    tasks : TaskReader
    file : SharedFile
        Memory of the ring.
    wanted : Wanted
    results : Connection
        Where each `TaskBegun`, `TaskResult` and `OverflowTrouble` is sent.
    inherited : tuple of Connection
        As for `begin_process`.
    """
    begin_process(inherited)
    try_once()  # a sample that fails is made by a local worker
    # Imported here, because a loader without an overflow needs no SDK.
    from jitprep.reader.transport.receiving import require_one_pipeline  # noqa: PLC0415

    require_one_pipeline()
    with suppress(EOFError, OSError):  # the loader closed its ends
        worker = _OverflowWorker(overflow, own, results, file)
        while not worker.compared(keys):
            time.sleep(_LOOK_S)
        worker.work(tasks, wanted)


class _OverflowWorker:
    """A thread for each task."""

    def __init__(
        self, overflow: Overflow, own: Reader, results: Connection, file: SharedFile
    ) -> None:
        self._overflow = overflow
        self._own = own
        self._results = results
        self._sending = Lock()
        self._runner = TaskRunner(overflow.reader, RingView(file), draws=overflow.draws)
        self._reads = RemoteReads(overflow.most)
        self._ended = Event()  # set where a task has ended

    def compared(self, keys: Sequence[str]) -> bool:
        """Return whether the overflow was compared, and equals this machine's results."""
        if self._reads.rests(time.monotonic()):
            return False
        try:
            require_equal_results(self._overflow, self._own, keys)
        except Exception as error:  # the loader raises or logs it
            self._send(OverflowTrouble(portable(error)))
            self._reads.pause(time.monotonic())
            return False
        return True

    def work(self, tasks: TaskReader, wanted: Wanted) -> None:
        """Keep as many samples under way as are wanted and the window allows."""
        while True:
            free = self._reads.may_begin(wanted.samples, time.monotonic())
            task = tasks.take(_TAKE_S) if free else None
            if task is None:
                self._ended.wait(_LOOK_S)
                self._ended.clear()
                continue
            began = time.monotonic()
            self._reads.begin(task.number, len(task.keys), began)
            self._send(TaskBegun(task.number, began))
            try:  # a daemon, because this process must not wait for a remote that hangs when it ends
                Thread(target=self._run, args=(task,), daemon=True).start()
            except RuntimeError as error:  # the container allows no more threads
                self._end(task, failed_task(task, error))

    def _run(self, task: LoadTask) -> None:
        keys = tuple(self._overflow.prefix + key for key in task.keys)
        result = self._runner.run(task._replace(keys=keys))
        if task.place is not None and self._own.row_layout is not None:
            result = result._replace(apart=_without_arrays(result.apart))
        with suppress(OSError):  # the loader closed its end
            self._end(task, result)

    def _end(self, task: LoadTask, result: TaskResult) -> None:
        errors = [what for what in result.apart.values() if isinstance(what, Exception)]
        # A task without one good sample says more about the remote than about the objects.
        bad = all(isinstance(error, BadObject) for error in errors)
        failed = not bad or len(errors) == len(task.keys)
        self._reads.end(task.number, time.monotonic(), failed=failed)
        self._send(result._replace(remote=True))
        self._ended.set()

    def _send(self, message: TaskBegun | TaskResult | OverflowTrouble) -> None:
        with self._sending:
            self._results.send(message)


def _without_arrays(apart: Apart) -> Apart:
    """Return what is not in the ring, where all rows would fit there: errors, and no arrays."""
    other = Undecodable("the overflow gives a result of another shape or type than this machine")
    return {row: what if isinstance(what, Exception) else other for row, what in apart.items()}
