"""Tasks that are planned in a thread of their own, a few ahead of the engine."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from threading import Condition, Thread
from typing import Generic, TypeVar

_T = TypeVar("_T")


class LookAhead(Generic[_T]):
    """Takes items from an iterable while the caller does something else.

    An engine then notices Ctrl-C and ended tasks while a page of a listing is under way.

    Parameters
    ----------
    items : iterable
        Used in the thread only.
    most : int
        Number of items that are kept ready; the thread may have one more in hand.
    """

    def __init__(self, items: Iterable[_T], most: int) -> None:
        self._most = most
        self._ready: deque[_T] = deque()
        self._error: BaseException | None = None
        self._ended = self._closed = False
        self._changed = Condition()
        # A daemon, because a process that ends does not wait for a store.
        Thread(target=self._run, args=(items,), daemon=True).start()

    @property
    def ended(self) -> bool:
        """Whether no more items will come: all are taken, or the iterable raised."""
        with self._changed:
            return self._ended and not self._ready

    def take(self, timeout_s: float) -> _T | None:
        """Return the next item; None where there is none within the timeout."""
        with self._changed:
            self._changed.wait_for(lambda: self._ready or self._ended, timeout_s)
            self._changed.notify_all()
            return self._ready.popleft() if self._ready else None

    def require_whole(self) -> None:
        """Raise what the iterable raised, if it did."""
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Take no more items."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _run(self, items: Iterable[_T]) -> None:
        error = None
        try:
            for item in items:
                if not self._keep(item):
                    break
        except BaseException as raised:
            error = raised
        with self._changed:
            self._error, self._ended = error, True
            self._changed.notify_all()

    def _keep(self, item: _T) -> bool:
        """Wait for room; return whether more items are wanted."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._ready) < self._most)
            self._ready.append(item)
            self._changed.notify_all()
            return not self._closed
