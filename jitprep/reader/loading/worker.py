"""A worker process: takes tasks, reads their objects into the ring, and reports what is not there."""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
import signal
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from threading import Lock, Thread

from jitprep.reader.base import Reader
from jitprep.reader.loading.ring import RingView, SharedFile
from jitprep.reader.loading.single_thread import use_one_thread
from jitprep.reader.loading.task_queue import TaskReader
from jitprep.reader.loading.tasks import Apart, LoadTask, TaskResult

# How long a worker may outlive its loader, if that was killed.
_WATCH_S = 2.0


class TaskRunner:
    """What a worker does with a task.

    Parameters
    ----------
    reader : Reader
    view : RingView
    """

    def __init__(self, reader: Reader, view: RingView) -> None:
        self._reader = reader
        self._view = view
        self._epoch: int | None = None

    def run(self, task: LoadTask) -> TaskResult:
        """Read the objects of a task. Errors are part of the result."""
        count = len(task.keys)
        try:
            if task.epoch != self._epoch:
                self._reader = self._reader.for_epoch(task.epoch)
                self._epoch = task.epoch
            out = None if task.place is None else self._view.rows(task.place, count)
            found: Apart = {**self._reader.read_into(task.keys, out)}
        except Exception as error:  # the loader raises it
            found = {0: _portable(error)}
        apart: Apart = {task.row + row: what for row, what in found.items()}
        return TaskResult(task.batch, task.row, count, apart)


def load_tasks(
    reader: Reader,
    tasks: TaskReader,
    results: Connection,
    file: SharedFile,
    inherited: tuple[Connection, ...],
) -> None:
    """Run tasks until the loader closes the queue or is gone.

    Parameters
    ----------
    reader : Reader
    tasks : TaskReader
    results : Connection
        Where each `TaskResult` is sent.
    file : SharedFile
        Memory of the ring.
    inherited : tuple of Connection
        The loader's ends, which a fork copied. While they are open, the pipes do not end with it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the loader, which ends its workers
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for end in inherited:
        end.close()
    use_one_thread()
    gc.freeze()  # what a fork shares stays shared
    sending, is_orphan = Lock(), _orphan_check()

    def work() -> None:
        runner = TaskRunner(reader, RingView(file))
        with suppress(EOFError, OSError):  # the loader closed its ends
            while not is_orphan():
                if (task := tasks.take(_WATCH_S)) is not None:
                    result = runner.run(task)
                    with sending:
                        results.send(result)

    if not reader.computes:  # while one task waits for its last objects, another has begun
        Thread(target=work, daemon=True).start()
    work()


def _orphan_check() -> Callable[[], bool]:
    """Return a function that says whether the process that started this one is gone."""
    parent, number = multiprocessing.parent_process(), os.getppid()
    return lambda: os.getppid() != number or (parent is not None and not parent.is_alive())


def _portable(error: Exception) -> Exception:
    """Return an error that can be sent to the loader, with the worker's traceback as a note."""
    trace = "".join(traceback.format_exception(error)).rstrip()
    error.add_note(f"In a worker of the loader:\n{trace}")
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301  our own
    except Exception:  # of any type, by any class's own pickling
        return RuntimeError(f"{type(error).__name__}: {error}\nIn a worker of the loader:\n{trace}")
    return error
