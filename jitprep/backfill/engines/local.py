"""Tasks done by processes of this machine."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from itertools import islice
from multiprocessing import connection, get_context, parent_process

from jitprep.backfill.job import BackfillJob, CannotBackfill
from jitprep.backfill.outcome import TaskOutcome
from jitprep.backfill.tasks import BackfillTask
from jitprep.backfill.worker import TaskWorker

# The next task of each process is there before it has ended the one before.
_IN_HAND = 2
# How often it is asked whether to stop, and how long what was begun may take to come to its end then.
_POLL_S, _GRACE_S = 0.1, 0.6


def run(
    job: BackfillJob,
    tasks: Iterable[BackfillTask],
    processes: int,
    stopped: Callable[[], bool] = lambda: False,
) -> Generator[TaskOutcome]:
    """Do tasks, and yield what came of each as it ends.

    When it is stopped, or its caller asks for no more, nothing more is begun, and its processes end
    within a second. What they were writing then is in S3 whole, or not at all.

    Parameters
    ----------
    job : BackfillJob
    tasks : iterable of BackfillTask
    processes : int
    stopped : callable
        Whether to stop.

    Raises
    ------
    CannotBackfill
        Where a process died.
    """
    # Not forked from this process, whose threads may have locked something: from one without any, which
    # has imported what they all need.
    context = get_context("forkserver")
    # A pipe: where a process has died, an event that it waited for could not be set any more.
    ends, end = context.Pipe(duplex=False)
    waiting = iter(tasks)
    pool = ProcessPoolExecutor(processes, context, _begin, (job, ends))
    try:
        running = {pool.submit(_do, task) for task in islice(waiting, processes * _IN_HAND)}
        while running and not stopped():
            ended, running = wait(running, _POLL_S, FIRST_COMPLETED)
            for future in ended:
                yield future.result()
            running |= {pool.submit(_do, task) for task in islice(waiting, len(ended))}
        if running:
            end.close()
            yield from _ended_in_time(running)
    except BrokenProcessPool:
        if not stopped():  # which a process that was just starting does not survive
            raise CannotBackfill(
                "a process died, perhaps because memory ran out; give fewer --processes. The same "
                "command resumes from here"
            ) from None
    finally:
        end.close()
        pool.shutdown(cancel_futures=True)
        ends.close()


def _ended_in_time(running: set[Future[TaskOutcome]]) -> Iterator[TaskOutcome]:
    for future in running:
        future.cancel()
    ended, _ = wait({future for future in running if not future.cancelled()}, _GRACE_S)
    for future in ended:
        if future.exception() is None:
            yield future.result()


_worker: list[TaskWorker] = []


def _begin(job: BackfillJob, ends: connection.Connection) -> None:
    """Make a new process ready."""
    # Ctrl-C reaches every process of the terminal; the first one tells the others what to do.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stop = threading.Event()
    threading.Thread(target=_end_with_parent, args=(ends, stop), daemon=True).start()
    _worker.append(TaskWorker(job, stop.is_set))


def _do(task: BackfillTask) -> TaskOutcome:
    return _worker[0].do(task)


def _end_with_parent(ends: connection.Connection, stop: threading.Event) -> None:
    """End with the process that began this one, or soon after that wants it: nothing else would.

    What is under way may take minutes, and nothing is lost: S3 has an object whole or not at all.
    """
    parent = parent_process()
    assert parent is not None
    with suppress(OSError):
        if parent.sentinel not in connection.wait([parent.sentinel, ends]):
            stop.set()
            time.sleep(_GRACE_S)
    os._exit(1)
