"""What runs the tasks of a loader: worker processes, or the loader's own thread."""

from __future__ import annotations

import multiprocessing
import os
import selectors
import signal
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing import connection
from typing import Any, Protocol, TypeAlias

from jitprep.reader.base import Reader
from jitprep.reader.errors import WorkerDied
from jitprep.reader.loading.overflow.opening import Overflow
from jitprep.reader.loading.overflow.wanted import Wanted
from jitprep.reader.loading.overflow.worker import OverflowTrouble, run_overflow
from jitprep.reader.loading.ring import RingView, SharedFile
from jitprep.reader.loading.task_queue import TaskQueue
from jitprep.reader.loading.tasks import LoadTask, TaskBegun, TaskResult
from jitprep.reader.loading.worker import TaskRunner, load_tasks
from jitprep.service.thread_pools import granted_cpus

# Name of the process that takes tasks for the overflow.
OVERFLOW_PROCESS = "jitprep-loader-overflow"
# How long a worker may take to end before it is killed.
_END_S = 2.0

# What processes report.
Report: TypeAlias = "TaskResult | TaskBegun | OverflowTrouble"


class TaskRunners(Protocol):
    """What `EpochStream` needs of those that run its tasks."""

    def put(self, task: LoadTask) -> None:
        """Append a task. Tasks are begun in this order."""

    def put_again(self, task: LoadTask) -> None:
        """Run a task before all that are not begun, and on this machine."""

    def reports(self, timeout: float | None) -> list[Report]:
        """Return what was reported; wait for it, at most `timeout` seconds."""

    def want(self, samples: float) -> None:
        """Set how many samples the overflow should have under way."""

    def withdraw(self) -> list[LoadTask]:
        """Remove and return the tasks that have not been begun."""

    def close(self) -> None:
        """Stop. Results that have not been returned are lost."""


class InProcess:
    """Runs each task when its result is wanted.

    Parameters
    ----------
    reader : Reader
    file : SharedFile
        Memory of the ring.
    """

    def __init__(self, reader: Reader, file: SharedFile) -> None:
        self._runner = TaskRunner(reader, RingView(file))
        self._tasks: deque[LoadTask] = deque()

    def put(self, task: LoadTask) -> None:
        """Append a task."""
        self._tasks.append(task)

    def put_again(self, task: LoadTask) -> None:
        """Insert a task before all others."""
        self._tasks.appendleft(task)

    def want(self, samples: float) -> None:
        """Ignore the number: only worker processes can overflow."""

    def reports(self, timeout: float | None) -> list[Report]:  # noqa: ARG002  nothing is waited for
        """Run the next task, and return its result."""
        return [self._runner.run(self._tasks.popleft())]

    def withdraw(self) -> list[LoadTask]:
        """Remove and return the tasks."""
        removed = list(self._tasks)
        self._tasks.clear()
        return removed

    def close(self) -> None:
        """Do nothing: there is nothing to stop."""


class WorkerPool:
    """Processes that take tasks from one queue.

    Parameters
    ----------
    reader : Reader
    file : SharedFile
        Memory of the ring.
    count : int
        Number of processes.
    start_method : str, optional
        As for ``multiprocessing.get_context``; None for the platform's default.
    overflow : Overflow, optional
        One more process takes tasks for it.
    keys : sequence of str
        Of objects to compare the overflow's results by.
    """

    def __init__(
        self,
        reader: Reader,
        file: SharedFile,
        count: int,
        start_method: str | None,
        overflow: Overflow | None = None,
        keys: Sequence[str] = (),
    ) -> None:
        self._context: Any = multiprocessing.get_context(start_method)
        self._owner = os.getpid()
        self._queue = TaskQueue(self._context)
        self._pipes: list[connection.Connection] = []
        self._selector = selectors.PollSelector()
        self._workers: list[multiprocessing.process.BaseProcess] = []
        self._wanted = Wanted()
        try:
            for number in range(count):
                self._start(
                    f"jitprep-loader-{number}", load_tasks, reader, self._queue.reader, file
                )
            if overflow is not None:
                given = (overflow, reader, keys, self._queue.overflow_reader, file, self._wanted)
                self._start(OVERFLOW_PROCESS, run_overflow, *given)
        except BaseException:
            self.close()
            raise

    def _start(self, name: str, target: Callable[..., None], *given: Any) -> None:
        """Start a process, which is given a pipe to report by, and what it must close."""
        receive, send = self._context.Pipe(duplex=False)
        self._pipes.append(receive)
        forks = self._context.get_start_method() == "fork"
        inherited = (*self._queue.writers, *self._pipes) if forks else ()
        worker = self._context.Process(
            target=target, args=(*given, send, inherited), name=name, daemon=True
        )
        worker.start()
        self._workers.append(worker)
        self._selector.register(receive, selectors.EVENT_READ, receive)
        self._selector.register(worker.sentinel, selectors.EVENT_READ, worker)
        send.close()  # or the end of the worker would not end the pipe

    def put(self, task: LoadTask) -> None:
        """Append a task."""
        self._queue.put(task)

    def put_again(self, task: LoadTask) -> None:
        """Append a task to those that workers of this machine take first."""
        self._queue.put_again(task)

    def want(self, samples: float) -> None:
        """Set how many samples the overflow should have under way."""
        self._wanted.samples = samples

    def reports(self, timeout: float | None) -> list[Report]:
        """Return what was reported; wait for it, at most `timeout` seconds.

        Raises
        ------
        WorkerDied
        """
        ready = [key.data for key, _ in self._selector.select(timeout)]
        found = []
        for pipe in ready:
            if isinstance(pipe, connection.Connection):
                with suppress(EOFError, OSError):  # the worker has ended, and will be found below
                    found.append(self._received(pipe))
        if found:
            return found
        for worker in self._workers:
            if worker in ready:
                raise WorkerDied(_described(worker))
        return []

    def withdraw(self) -> list[LoadTask]:
        """Remove and return the tasks that no worker has taken."""
        return self._queue.withdraw()

    def _received(self, pipe: connection.Connection) -> Report:
        report: Report = pipe.recv()
        if isinstance(report, TaskResult):
            self._queue.finished(report.number)
        return report

    def close(self) -> None:
        """End the processes."""
        if os.getpid() != self._owner:
            return  # a forked copy, whose workers these are not
        self._selector.close()
        for worker in self._workers:
            worker.terminate()
        for worker in self._workers:
            worker.join(_END_S)
            if worker.is_alive():
                worker.kill()
                worker.join()
            worker.close()
        self._workers.clear()
        for pipe in self._pipes:
            pipe.close()
        self._pipes.clear()
        self._queue.close()
        self._wanted.close()


def worker_count(asked: int | str) -> int:
    """Return the number of processes for ``num_workers``.

    Parameters
    ----------
    asked : int or "auto"
        "auto" is the processors that the affinity and the cgroup grant, divided by the ranks on this
        machine, as torchrun counts them.

    Raises
    ------
    ValueError
    """
    if asked == "auto":
        ranks = os.environ.get("LOCAL_WORLD_SIZE", "1")
        return max(1, granted_cpus() // max(int(ranks) if ranks.isdecimal() else 1, 1))
    if not isinstance(asked, int) or asked < 0:
        raise ValueError(f'num_workers must be "auto" or an integer of at least 0, got {asked!r}')
    return asked


def _described(worker: multiprocessing.process.BaseProcess) -> str:
    worker.join()
    code, who = worker.exitcode, f"{worker.name} (process {worker.pid})"
    if code is None or code >= 0:
        return (
            f"{who} ended with status {code}; its own message is on standard error. With spawned "
            'workers, a script needs `if __name__ == "__main__":`'
        )
    try:
        name = signal.Signals(-code).name
    except ValueError:  # a real-time signal
        name = f"signal {-code}"
    remedy = (
        "; the machine or the container may be out of memory: use fewer workers, smaller batches or a "
        "smaller ring_bytes"
        if name in {"SIGKILL", "SIGBUS"}
        else ""
    )
    return f"{who} was ended by {name}{remedy}"
