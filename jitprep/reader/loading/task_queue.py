"""`TaskQueue`: the one ordered queue of tasks, from which all workers take."""

from __future__ import annotations

import fcntl
import pickle
from collections import deque
from collections.abc import Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.synchronize import Lock

from jitprep.reader.loading.tasks import LoadTask

# What Linux lets any user set, and what every pipe has.
_LARGE, _USUAL = 2**20, 2**16
# How long a worker may take to read a task while the queue is emptied.
_READ_S = 0.02


class TaskReader:
    """The readers' end of the queue.

    Parameters
    ----------
    pipes : sequence of Connection
        In the order in which tasks are taken from them.
    lock : Lock
        Held while a task is read, because its length is read before it.
    """

    def __init__(self, pipes: Sequence[Connection], lock: Lock) -> None:
        self._pipes = pipes
        self._lock = lock

    def take(self, timeout: float) -> LoadTask | None:
        """Take the next task; return None if there is none within about `timeout` seconds.

        Raises
        ------
        EOFError
            Where the loader has closed the queue.
        """
        if not self._lock.acquire(timeout=timeout):
            return None
        try:
            ready = wait(self._pipes, timeout)
            for pipe in self._pipes:
                if pipe in ready:
                    task: LoadTask = pickle.loads(pipe.recv_bytes())  # noqa: S301  the loader wrote it
                    return task
            return None
        finally:
            self._lock.release()

    def close(self) -> None:
        """Close this process's copies of the ends."""
        for pipe in self._pipes:
            pipe.close()


class TaskQueue:
    """Two pipes with one writer, the loader, and any number of readers.

    Tasks that were begun before, and must be run again, overtake the others. The loader never waits for
    a reader: tasks that a pipe cannot hold stay with it.

    Parameters
    ----------
    context : BaseContext
        Of the processes that take tasks.
    """

    def __init__(self, context: BaseContext) -> None:
        self._again, self._first = _Lane(context), _Lane(context)
        lock = context.Lock()
        self.reader = TaskReader((self._again.reader, self._first.reader), lock)
        # What was begun before is not for the overflow, which may have failed to make it.
        self.overflow_reader = TaskReader((self._first.reader,), lock)

    @property
    def writers(self) -> tuple[Connection, ...]:
        """The writer's ends."""
        return self._again.writer, self._first.writer

    def put(self, task: LoadTask) -> None:
        """Append a task."""
        self._first.put(task)

    def put_again(self, task: LoadTask) -> None:
        """Append a task to those that are run before all others, and not by the overflow."""
        self._again.put(task)

    def finished(self, number: int) -> None:
        """Record that a task is finished and has left its pipe."""
        if not self._first.finished(number):
            self._again.finished(number)

    def withdraw(self) -> list[LoadTask]:
        """Remove and return the tasks that no worker has taken yet."""
        removed = self._again.withdrawn() + self._first.withdrawn()
        while (self._first.sent or self._again.sent) and (task := self.reader.take(_READ_S)):
            removed.append(task)
            self.finished(task.number)
        return removed

    def close(self) -> None:
        """Close all ends."""
        for writer in self.writers:
            writer.close()
        self.reader.close()


class _Lane:
    """A pipe of tasks, and those that wait for room in it."""

    def __init__(self, context: BaseContext) -> None:
        self.reader, self.writer = context.Pipe(duplex=False)
        # A pipe is a row of pages, and a message that does not fit into one begins the next.
        self._capacity = _enlarged(self.writer.fileno()) // 2
        self._waiting: deque[tuple[LoadTask, bytes]] = deque()
        self.sent: dict[int, int] = {}
        self._unfinished = 0  # bytes of the tasks in `sent`

    def put(self, task: LoadTask) -> None:
        self._waiting.append((task, pickle.dumps(task)))
        self._send()

    def finished(self, number: int) -> bool:
        """Make room for others, if the task was sent here."""
        nbytes = self.sent.pop(number, None)
        if nbytes is None:
            return False
        self._unfinished -= nbytes
        self._send()
        return True

    def withdrawn(self) -> list[LoadTask]:
        """Remove and return the tasks that were not sent."""
        removed = [task for task, _ in self._waiting]
        self._waiting.clear()
        return removed

    def _send(self) -> None:
        while self._waiting:
            task, message = self._waiting[0]
            # An empty pipe takes any task, because all workers are waiting to read it.
            if self.sent and self._unfinished + len(message) > self._capacity:
                return
            self._waiting.popleft()
            self.sent[task.number] = len(message)
            self._unfinished += len(message)
            self.writer.send_bytes(message)


def _enlarged(descriptor: int) -> int:
    """Enlarge a pipe where that is possible; return its capacity in bytes."""
    try:
        return fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _LARGE)
    except (AttributeError, OSError):
        return _USUAL
