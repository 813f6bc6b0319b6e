"""A worker process: takes tasks, reads their objects into the ring, and reports what is not there."""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
import signal
import time
import traceback
from contextlib import suppress
from multiprocessing.connection import Connection
from threading import Lock, Thread

from jitprep.reader.base import Reader
from jitprep.reader.loading.ring import RingView, SharedFile
from jitprep.reader.loading.single_thread import use_one_thread
from jitprep.reader.loading.task_queue import TaskReader
from jitprep.reader.loading.tasks import Apart, LoadTask, TaskResult

# How long a worker may outlive its loader, if that was killed.
_WATCH_S = 1.0
# How long it waits for a task before it looks again.
_WAIT_S = 2.0


class TaskRunner:
    """What a worker does with a task. Several threads may share it.

    Parameters
    ----------
    reader : Reader
    view : RingView
    draws : bool
        Whether the epoch of a task is the reader's seed.
    """

    def __init__(self, reader: Reader, view: RingView, *, draws: bool = True) -> None:
        self._of_epoch: tuple[int | None, Reader] = None, reader
        self._view = view
        self._draws = draws

    def run(self, task: LoadTask) -> TaskResult:
        """Read the objects of a task. Errors are part of the result."""
        began, count = time.monotonic(), len(task.keys)
        try:
            out = None if task.place is None else self._view.rows(task.place, count)
            found = self._reader(task.epoch).read_into(task.keys, out)
        except Exception as error:  # the loader raises it
            return failed_task(task, error, time.monotonic() - began)
        apart: Apart = {task.row + row: what for row, what in found.items()}
        return TaskResult(task.number, apart, time.monotonic() - began)

    def _reader(self, epoch: int) -> Reader:
        known, reader = self._of_epoch
        if known != epoch and self._draws:
            reader = reader.for_epoch(epoch)
            self._of_epoch = epoch, reader
        return reader


def load_tasks(
    reader: Reader,
    tasks: TaskReader,
    file: SharedFile,
    results: Connection,
    inherited: tuple[Connection, ...],
) -> None:
    """Run tasks until the loader closes the queue.

    Parameters
    ----------
    reader : Reader
    tasks : TaskReader
    file : SharedFile
        Memory of the ring.
    results : Connection
        Where each `TaskResult` is sent.
    inherited : tuple of Connection
        As for `begin_process`.
    """
    begin_process(inherited)
    sending = Lock()

    def work() -> None:
        runner = TaskRunner(reader, RingView(file))
        with suppress(EOFError, OSError):  # the loader closed its ends
            while True:
                if (task := tasks.take(_WAIT_S)) is not None:
                    result = runner.run(task)
                    with sending:
                        results.send(result)

    if not reader.computes:  # while one task waits for its last objects, another has begun
        Thread(target=work, daemon=True).start()
    work()


def begin_process(inherited: tuple[Connection, ...]) -> None:
    """Make this a process of a loader, which ends with it, whatever it is doing then.

    Parameters
    ----------
    inherited : tuple of Connection
        The loader's ends, which a fork copied. While they are open, the pipes do not end with it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the loader, which ends its workers
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for end in inherited:
        end.close()
    use_one_thread()
    gc.freeze()  # what a fork shares stays shared
    Thread(target=_end_with_loader, args=(os.getppid(),), daemon=True).start()


def _end_with_loader(number: int) -> None:
    """End this process once its parent, which had this number, is gone."""
    parent = multiprocessing.parent_process()
    while os.getppid() == number and (parent is None or parent.is_alive()):
        time.sleep(_WATCH_S)
    os._exit(1)  # even where a read waits for a store that hangs


def failed_task(task: LoadTask, error: Exception, seconds: float = 0.0) -> TaskResult:
    """Return the result of a task that failed as a whole."""
    rows = range(task.row, task.row + len(task.keys))
    return TaskResult(task.number, dict.fromkeys(rows, portable(error)), seconds)


def portable(error: Exception) -> Exception:
    """Return an error that can be sent to the loader, with the worker's traceback as a note."""
    trace = "".join(traceback.format_exception(error)).rstrip()
    error.add_note(f"In a worker of the loader:\n{trace}")
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301  our own
    except Exception:  # of any type, by any class's own pickling
        return RuntimeError(f"{type(error).__name__}: {error}\nIn a worker of the loader:\n{trace}")
    return error
