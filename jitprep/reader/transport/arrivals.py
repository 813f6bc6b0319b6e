"""Results of work in I/O threads, as they arrive.

The threads outlive a batch. An executor of the standard library would do, but each of its futures costs
as much CPU as a tenth of an object's fetch.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable
from functools import cache
from itertools import islice
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Generic, TypeVar

_T = TypeVar("_T")


class _Batch(Generic[_T]):
    """Work of one caller, whose results nobody takes once it is abandoned."""

    def __init__(self, work: Callable[[str], _T], drop: Callable[[_T], None]) -> None:
        self._work, self._drop = work, drop
        self._abandoned = False
        self.arrived: SimpleQueue[tuple[str, _T | Exception]] = SimpleQueue()

    def run(self, key: str) -> None:
        """Do the work for a key, in an I/O thread."""
        if self._abandoned:
            return
        try:
            self.arrived.put((key, self._work(key)))
        except Exception as error:  # raised where the caller takes it
            self.arrived.put((key, error))
        if self._abandoned:
            self._drain()

    def abandon(self) -> None:
        """Drop the results that have arrived, and those that will."""
        self._abandoned = True
        self._drain()

    def _drain(self) -> None:
        while True:
            try:
                _, result = self.arrived.get_nowait()
            except Empty:
                return
            if not isinstance(result, Exception):
                self._drop(result)


def as_arrived(
    work: Callable[[str], _T], keys: Iterable[str], threads: int, drop: Callable[[_T], None]
) -> Generator[tuple[str, _T | Exception], None, None]:
    """Yield each key with its result, or with the exception that the work for it raised.

    Parameters
    ----------
    work : callable
        Called with each key, in a thread.
    keys : iterable of str
    threads : int
        So many results are under way or wait to be taken.
    drop : callable
        Called with each result that is not taken, where the caller stops early.
    """
    batch, tasks, left = _Batch(work, drop), _tasks(threads, os.getpid()), iter(keys)
    under_way = 0
    try:
        for key in islice(left, threads):
            tasks.put((batch, key))
            under_way += 1
        while under_way:
            arrived = batch.arrived.get()
            under_way -= 1
            for key in islice(left, 1):
                tasks.put((batch, key))
                under_way += 1
            yield arrived
            del arrived  # it may be large, and the next one may take long
    finally:
        if under_way:
            batch.abandon()


@cache
def _tasks(threads: int, process: int) -> SimpleQueue[tuple[_Batch[Any], str]]:  # noqa: ARG001
    """Start the threads of a process, since a fork has none, and return what they take work from."""
    tasks: SimpleQueue[tuple[_Batch[Any], str]] = SimpleQueue()
    for number in range(threads):
        Thread(target=_serve, args=(tasks,), name=f"fetch-{number}", daemon=True).start()
    return tasks


def _serve(tasks: SimpleQueue[tuple[_Batch[Any], str]]) -> None:
    while True:
        batch, key = tasks.get()
        batch.run(key)
        del batch
