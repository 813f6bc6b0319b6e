"""Work of one batch, divided among threads that end with it. The caller's thread is one of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Thread
from typing import TypeVar

_A = TypeVar("_A")
_B = TypeVar("_B")


def in_threads(work: Callable[[_A], _B], items: Sequence[_A], threads: int) -> list[_B]:
    """Return the results of `work` for each item, in order.

    Parameters
    ----------
    work : callable
        Called with each item, in a thread.
    items : sequence
    threads : int
        So many items are under way at once.

    Raises
    ------
    BaseException
        What `work` raised first, once the items under way are finished. No other is begun then.
    """
    left = deque(enumerate(items))
    results: dict[int, _B] = {}
    errors: list[BaseException] = []

    def run() -> None:
        try:
            while True:
                try:
                    place, item = left.popleft()
                except IndexError:
                    return
                results[place] = work(item)
        except BaseException as error:  # raised by the caller's thread
            errors.append(error)
            left.clear()

    others: list[Thread] = []
    # Where the system allows no more threads, those that run do the work.
    with suppress(RuntimeError):
        for _ in range(min(threads, len(items)) - 1):
            other = Thread(target=run, daemon=True)
            other.start()
            others.append(other)
    run()
    for other in others:
        other.join()
    if errors:
        raise errors[0]
    return [results[place] for place in range(len(items))]
