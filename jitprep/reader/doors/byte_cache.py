"""`ByteCache`: values that took a while to read, kept within a number of bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, Protocol, TypeVar


class Sized(Protocol):
    """What knows how many bytes it takes."""

    @property
    def nbytes(self) -> int:
        """In memory."""


_T = TypeVar("_T", bound=Sized)


class ByteCache(Generic[_T]):
    """Values by key. The one that was used longest ago is dropped first. Thread-safe.

    Parameters
    ----------
    most : int
        Bytes of all values together; a single one may have more.
    """

    def __init__(self, most: int) -> None:
        self._most, self._bytes = most, 0
        self._values: OrderedDict[Hashable, Future[_T]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """Return the value of a key, which one thread makes while the others wait for it.

        Raises what `make` raises; the next caller then tries again.
        """
        with self._lock:
            found = self._values.get(key)
            if found is None:
                made: Future[_T] = Future()
                self._values[key] = made
            else:
                self._values.move_to_end(key)
        if found is not None:
            return found.result()
        try:
            value = make()
        except BaseException as error:
            self.drop(key)
            made.set_exception(error)
            raise
        made.set_result(value)
        self._count(value.nbytes)
        return value

    def drop(self, key: Hashable) -> None:
        """Forget a value, if it is there."""
        with self._lock:
            self._forget(key)

    def _count(self, nbytes: int) -> None:
        """Count a value that was made, and drop others for it."""
        with self._lock:
            self._bytes += nbytes
            for key in list(self._values)[:-1]:
                if self._bytes <= self._most:
                    return
                if self._values[key].done():
                    self._forget(key)

    def _forget(self, key: Hashable) -> None:
        dropped = self._values.pop(key, None)
        if dropped is not None and dropped.done():
            self._bytes -= dropped.result().nbytes
