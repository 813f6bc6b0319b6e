"""Reading of objects in blocks, so that only the needed parts of a long video are fetched."""

from __future__ import annotations

from collections import OrderedDict
from os import SEEK_CUR, SEEK_END, SEEK_SET, PathLike, stat
from typing import TYPE_CHECKING

from preprocessing.cancellation import Cancelled, checkpoint
from preprocessing.errors import CorruptSource, EmptySource, LimitExceeded

if TYPE_CHECKING:
    from preprocessing.decode.video.memory_guard import Growth
    from preprocessing.media import Ranged

_BLOCK = 16 * 2**10
# Blocks per request if `want` did not announce the read. Each request that continues the last one asks
# for twice as many, up to 4 MiB.
_LEAST_AHEAD, _MOST_AHEAD = 4, 256
# Blocks kept in memory: 16 MiB.
_MOST_KEPT = 1024
# A read that begins less than 1 MiB behind the last one continues it. Reading the bytes in between costs
# less than the request that each box or cluster of a file would otherwise take.
_GAP = 64
# Most requests for one object, and the additional ones for each frame that is sought. Looking through
# half an hour of a video in fragments of two seconds takes this many.
_MOST_REQUESTS, _REQUESTS_A_PLACE = 1024, 8


class RangedFile:
    """A file that is opened for each read, so that it need not be closed.

    Parameters
    ----------
    path : str or path

    Raises
    ------
    OSError
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self._path = path
        self.size = stat(path).st_size  # noqa: PTH116  pathlib takes 4 ms to import

    def read_at(self, start: int, length: int) -> bytes:
        """Return `length` bytes from offset `start` on."""
        with open(self._path, "rb") as file:  # noqa: PTH123
            file.seek(start)
            return file.read(length)


class BlockReader:
    """Reader of a source in blocks; keeps those used last.

    Parameters
    ----------
    ranged : Ranged
    limit : int
        Most bytes that may be read of it.

    Attributes
    ----------
    size : int
        Of the object.
    bytes_read : int
        So far.
    requests : int
        So far.
    failure : BaseException or None
        The error of a `Cursor`, which reports the end of the file to its reader instead.

    Raises
    ------
    EmptySource
    """

    def __init__(self, ranged: Ranged, limit: int) -> None:
        if not ranged.size:
            raise EmptySource("the object has 0 bytes; upload it again")
        self.size = ranged.size
        self.bytes_read = 0
        self.requests = 0
        self.failure: BaseException | None = None
        self._ranged, self._limit = ranged, limit
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._next, self._ahead = -_GAP, _LEAST_AHEAD
        self._most_requests = _MOST_REQUESTS

    def read_at(self, start: int, length: int) -> bytes:
        """Return up to `length` bytes from offset `start` on, fewer at the end.

        Raises
        ------
        LimitExceeded, SourceError
            As well as any error of the source.
        """
        stop = min(start + length, self.size)
        if start >= stop:
            return b""
        first, last = start // _BLOCK, (stop - 1) // _BLOCK
        blocks = [self._block(index, last) for index in range(first, last + 1)]
        whole = blocks[0] if first == last else b"".join(blocks)
        return whole[start - first * _BLOCK : stop - first * _BLOCK]

    def expect_place(self) -> None:
        """Allow the additional requests that a seek to a wanted frame takes."""
        self._most_requests += _REQUESTS_A_PLACE

    def want(self, start: int, stop: int) -> None:
        """Read the bytes that will be asked for in one request, unless they are kept or too many."""
        self.expect_place()
        first, last = max(start, 0) // _BLOCK, (min(stop, self.size) - 1) // _BLOCK
        while first <= last and first in self._kept:
            first += 1
        if first <= last < first + _MOST_AHEAD:
            self._ahead = _LEAST_AHEAD // 2
            self._fetch(first, last)

    def whole(self) -> bytes:
        """Return the whole object without keeping it. Raises the errors of `read_at`.

        Bytes read before, to detect the format, are read again, but counted once.
        """
        self.bytes_read = 0
        return self._read(0, self.size)

    def open(self) -> Cursor:
        """Return a file-like object that reads the source."""
        return Cursor(self)

    def _block(self, index: int, last: int) -> bytes:
        if index not in self._kept:
            continues = 0 <= index - self._next < _GAP
            self._ahead = min(self._ahead * 2, _MOST_AHEAD) if continues else _LEAST_AHEAD
            self._fetch(index, max(last, index + self._ahead - 1))
        self._kept.move_to_end(index)
        return self._kept[index]

    def _fetch(self, first: int, last: int) -> None:
        """Read the blocks from `first` to `last`, or up to one that is kept already."""
        last = min(last, (self.size - 1) // _BLOCK, first + _MOST_AHEAD - 1)
        here = next((i for i in range(first + 1, last + 1) if i in self._kept), last + 1)
        data = self._read(first * _BLOCK, min(here * _BLOCK, self.size))
        for index in range(first, here):
            place = (index - first) * _BLOCK
            self._kept[index] = data[place : place + _BLOCK]
        self._next = here
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)

    def _read(self, start: int, stop: int) -> bytes:
        self.bytes_read += stop - start
        if self.bytes_read > self._limit:
            raise LimitExceeded(
                f"at least {self.bytes_read} of the object's {self.size} bytes are needed, more than "
                f"the limit of {self._limit}; raise the limit, ask for less, or store a smaller file"
            )
        self.requests += 1
        if self.requests > self._most_requests:
            raise LimitExceeded(
                f"reading the object takes more than {self._most_requests} requests, because its index "
                "is scattered; write it again with one index: ffmpeg -i IN -c copy OUT.mp4"
            )
        data = self._ranged.read_at(start, stop - start)
        if len(data) != stop - start:
            raise CorruptSource(
                f"the object ended after {start + len(data)} of {self.size} bytes; read it again"
            )
        return data


class Cursor:
    """File-like object through which libraries read a source.

    Libraries print or lose exceptions. So if a read fails, the object appears to end there, and
    ``BlockReader.failure`` has the error.

    Attributes
    ----------
    growth : Growth, optional
        Checked at each read.
    """

    def __init__(self, pieces: BlockReader) -> None:
        self._pieces = pieces
        self._place = 0
        self.growth: Growth | None = None

    @property
    def failure(self) -> BaseException | None:
        """The error of a read; None if there was none."""
        return self._pieces.failure

    def read(self, length: int) -> bytes:
        """Return the next bytes; none at the end."""
        if self._pieces.failure is not None:
            return b""
        try:
            checkpoint()
            if self.growth is not None:
                self.growth.require_bounded()
            data = self._pieces.read_at(self._place, length)
        except (Exception, Cancelled) as error:  # raised where the library returns
            self._pieces.failure = error
            return b""
        self._place += len(data)
        return data

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        """Set the position, and return it."""
        base = {SEEK_SET: 0, SEEK_CUR: self._place, SEEK_END: self._pieces.size}[whence]
        self._place = max(base + offset, 0)
        return self._place

    def tell(self) -> int:
        """Return the position."""
        return self._place
