"""`BodyStream`: a body that is made while it is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Lock


class BodyStream(Iterator[bytes]):
    """A body that is made while it is sent.

    Parameters
    ----------
    pieces : iterator of bytes
        Taking one raises RequestFailed or PreprocessingError where it cannot be made. The answer
        must then end so that the client notices.
    close : callable
        Gives up what the pieces are made of; it may be called twice. Who takes the pieces calls `close`
        at the end in any case.

    Attributes
    ----------
    taken : int
        Bytes taken so far.
    failure : Exception, optional
        What ended the stream too early. SDKs that read a stream raise errors of their own.
    """

    def __init__(self, pieces: Iterator[bytes], close: Callable[[], object]) -> None:
        self._pieces, self._close = pieces, close
        self._lock, self._closed = Lock(), False
        self.taken = 0
        self.failure: Exception | None = None

    def __next__(self) -> bytes:
        try:
            with self._lock:
                return self._taken()
        finally:
            if self._closed:  # meanwhile, by another thread
                self._end()

    def _taken(self) -> bytes:
        if self._closed:
            raise StopIteration
        try:
            piece = next(self._pieces)
        except StopIteration:
            raise
        except Exception as error:
            self.failure = error
            raise
        self.taken += len(piece)
        return piece

    def close(self) -> None:
        """Give up what the pieces are made of. A piece that another thread makes is finished first."""
        self._closed = True
        self._end()

    def _end(self) -> None:
        if self._lock.acquire(blocking=False):
            try:
                self._close()
            finally:
                self._lock.release()
