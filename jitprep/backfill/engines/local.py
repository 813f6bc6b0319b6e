"""Engine that runs tasks in processes on this machine."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import (
    connection,
    forkserver,
    get_context,
    parent_process,
    resource_tracker,
)

from jitprep.backfill.engines.look_ahead import LookAhead
from jitprep.backfill.job import BackfillJob, CannotBackfill
from jitprep.backfill.outcome import TaskOutcome
from jitprep.backfill.tasks import BackfillTask
from jitprep.backfill.worker import TaskWorker

# Tasks per process in the queue, so that the next one is there when a task ends.
_IN_HAND = 2
# How often `stopped` is polled, and how long tasks in progress may take to finish then.
_POLL_S, _GRACE_S = 0.1, 0.6


def run(
    job: BackfillJob,
    tasks: Iterable[BackfillTask],
    processes: int,
    stopped: Callable[[], bool] = lambda: False,
) -> Generator[TaskOutcome]:
    """Run tasks, and yield the outcome of each as it ends.

    When it is stopped, or the caller closes the generator, no more tasks start, and the processes end
    within a second. S3 has each object that they were writing completely, or not at all.

    Parameters
    ----------
    job : BackfillJob
    tasks : iterable of BackfillTask
        Taken in a thread of their own, a few ahead of the processes.
    processes : int
    stopped : callable
        Returns whether to stop.

    Raises
    ------
    CannotBackfill
        Where a process died.
    What `tasks` raises, after the tasks before it have ended.
    """
    # A fork server has no threads that may hold a lock, unlike this process, and imports modules once.
    context = get_context("forkserver")
    _start_fork_server()
    # A pipe and not an event: a process that dies while it waits for an event may leave it locked.
    ends, end = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(processes, context, _begin, (job, ends))
    planned = LookAhead(tasks, processes)
    running: set[Future[TaskOutcome]] = set()
    try:
        while not (stopped() or (planned.ended and not running)):
            while len(running) < processes * _IN_HAND:
                task = planned.take(0 if running else _POLL_S)
                if task is None:
                    break
                running.add(pool.submit(_do, task))
            ended, running = wait(running, _POLL_S, FIRST_COMPLETED)
            for future in ended:
                yield future.result()
        if running:
            end.close()
            yield from _ended_in_time(running)
        planned.require_whole()
    except BrokenProcessPool:
        if not stopped():  # stopping ends a process that is still starting
            raise CannotBackfill(
                "a process died, perhaps because memory ran out; run the same command with fewer "
                "--processes to resume"
            ) from None
    finally:
        planned.close()
        end.close()
        pool.shutdown(cancel_futures=True)
        ends.close()


def _start_fork_server() -> None:
    """Start the server with SIGINT blocked, as its processes are then from their first instruction.

    Ctrl-C reaches every process of the terminal. The parent decides what its children do.
    """
    resource_tracker.ensure_running()  # it would unblock the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ended_in_time(running: set[Future[TaskOutcome]]) -> Iterator[TaskOutcome]:
    for future in running:
        future.cancel()
    ended, _ = wait({future for future in running if not future.cancelled()}, _GRACE_S)
    for future in ended:
        if future.exception() is None:
            yield future.result()


_worker: list[TaskWorker] = []


def _begin(job: BackfillJob, ends: connection.Connection) -> None:
    """Initialize a new process."""
    stop = threading.Event()
    threading.Thread(target=_end_with_parent, args=(ends, stop), daemon=True).start()
    _worker.append(TaskWorker(job, stop.is_set))


def _do(task: BackfillTask) -> TaskOutcome:
    return _worker[0].do(task)


def _end_with_parent(ends: connection.Connection, stop: threading.Event) -> None:
    """End this process with its parent, or soon after the parent stops the run.

    A task in progress may take minutes. Ending it loses nothing: S3 has an object completely or not at
    all.
    """
    parent = parent_process()
    assert parent is not None
    with suppress(OSError):
        if parent.sentinel not in connection.wait([parent.sentinel, ends]):
            stop.set()
            time.sleep(_GRACE_S)
    os._exit(1)
