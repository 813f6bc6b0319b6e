"""`TaskQueue`: the one ordered queue of tasks, from which all workers take."""

from __future__ import annotations

import fcntl
import pickle
from collections import deque
from multiprocessing.connection import Connection
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
    pipe : Connection
    lock : Lock
        Held while a task is read, because its length is read before it.
    """

    def __init__(self, pipe: Connection, lock: Lock) -> None:
        self._pipe = pipe
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
            if not self._pipe.poll(timeout):
                return None
            task: LoadTask = pickle.loads(self._pipe.recv_bytes())  # noqa: S301  the loader wrote it
            return task
        finally:
            self._lock.release()

    def close(self) -> None:
        """Close this process's copy of the end."""
        self._pipe.close()


class TaskQueue:
    """Pipe with one writer, the loader, and any number of readers.

    The loader never waits for a reader: tasks that the pipe cannot hold stay with it.

    Parameters
    ----------
    context : BaseContext
        Of the processes that take tasks.
    """

    def __init__(self, context: BaseContext) -> None:
        pipe, self.writer = context.Pipe(duplex=False)
        self.reader = TaskReader(pipe, context.Lock())
        # A pipe is a row of pages, and a message that does not fit into one begins the next.
        self._capacity = _enlarged(self.writer.fileno()) // 2
        self._waiting: deque[tuple[LoadTask, bytes]] = deque()
        self._sent: dict[tuple[int, int], int] = {}
        self._unfinished = 0  # bytes of the tasks in `_sent`

    def put(self, task: LoadTask) -> None:
        """Append a task."""
        self._waiting.append((task, pickle.dumps(task)))
        self._send()

    def finished(self, batch: int, row: int) -> None:
        """Record that a task is finished and has left the pipe."""
        self._unfinished -= self._sent.pop((batch, row))
        self._send()

    def withdraw(self) -> list[LoadTask]:
        """Remove and return the tasks that no worker has taken yet."""
        removed = [task for task, _ in self._waiting]
        self._waiting.clear()
        while self._sent and (task := self.reader.take(_READ_S)) is not None:
            removed.append(task)
            self.finished(task.batch, task.row)
        return removed

    def close(self) -> None:
        """Close both ends."""
        self.writer.close()
        self.reader.close()

    def _send(self) -> None:
        while self._waiting:
            task, message = self._waiting[0]
            # An empty pipe takes any task, because all workers are waiting to read it.
            if self._sent and self._unfinished + len(message) > self._capacity:
                return
            self._waiting.popleft()
            self._sent[task.batch, task.row] = len(message)
            self._unfinished += len(message)
            self.writer.send_bytes(message)


def _enlarged(descriptor: int) -> int:
    """Enlarge a pipe where that is possible; return its capacity in bytes."""
    try:
        return fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _LARGE)
    except (AttributeError, OSError):
        return _USUAL
