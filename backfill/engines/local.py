"""Tasks done by processes of this machine."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from itertools import islice
from multiprocessing import connection, get_context, parent_process
from multiprocessing.synchronize import Event
from threading import Thread

from backfill.job import CannotBackfill, Job
from backfill.outcome import Outcome
from backfill.todo import Task
from backfill.work import Worker

# The next task of each process is there before it has ended the one before.
_IN_HAND = 2


def run(job: Job, tasks: Iterable[Task], processes: int) -> Generator[Outcome]:
    """Do tasks, and tell what came of each as it ends.

    Whoever stops asking, or interrupts, ends it: objects that were begun are written, shards are not.

    Raises
    ------
    CannotBackfill
        Where a process died.
    """
    # Not forked from this process, whose threads may have locked something: from one without any, which
    # has imported what they all need.
    context = get_context("forkserver")
    stop = context.Event()
    waiting = iter(tasks)
    pool = ProcessPoolExecutor(processes, context, _begin, (job, stop))
    try:
        running = {pool.submit(_do, task) for task in islice(waiting, processes * _IN_HAND)}
        while running:
            ended, running = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                yield future.result()
            running |= {pool.submit(_do, task) for task in islice(waiting, len(ended))}
    except BrokenProcessPool:
        raise CannotBackfill(
            "a process died, perhaps because memory ran out; give fewer --processes. The same command "
            "goes on from here"
        ) from None
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


_worker: list[Worker] = []


def _begin(job: Job, stop: Event) -> None:
    """Make a new process ready."""
    # Ctrl-C reaches every process of the terminal; the first one tells the others what to do.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()
    _worker.append(Worker(job, stop.is_set))


def _do(task: Task) -> Outcome:
    return _worker[0].do(task)


def _end_with_parent() -> None:
    """End with the process that began this one, however that ended: nobody else would tell it."""
    parent = parent_process()
    assert parent is not None
    with suppress(OSError):
        connection.wait([parent.sentinel])
    os._exit(1)
