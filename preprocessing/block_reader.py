"""Objects that are read in pieces, so that of a long video only what is needed is read."""

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
# So many blocks at the least are read where nobody said what will be wanted; and each read that goes on
# where the last one ended asks for twice as much, up to 4 MiB.
_LEAST_AHEAD, _MOST_AHEAD = 4, 256
# What is kept for a second look: 16 MiB.
_MOST_KEPT = 1024
# A read that begins less than 1 MiB behind the last one continues it: reading the bytes between costs
# less than asking again, for which each box or cluster of a file would be a reason otherwise.
_GAP = 64
# Requests that one object may cost, and how many more for each place that was chosen to be read. A
# fragmented film of two seconds a fragment needs as many for half an hour of looking through it.
_MOST_REQUESTS, _REQUESTS_A_PLACE = 1024, 8


class RangedFile:
    """A file, opened for each piece, so that nobody needs to close it.

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
        """Return `length` bytes from `start` on."""
        with open(self._path, "rb") as file:  # noqa: PTH123
            file.seek(start)
            return file.read(length)


class BlockReader:
    """A source that is read in blocks, which are kept for a while.

    Parameters
    ----------
    ranged : Ranged
    limit : int
        How many bytes may be read of it.

    Attributes
    ----------
    size : int
        Of the object.
    bytes_read : int
        So far.
    requests : int
        So far.
    failure : BaseException or None
        What went wrong as a `Cursor` read, which reports an end to its reader instead.

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
        """Return the bytes from `start` on, up to `length` of them, as far as there are some.

        Raises
        ------
        LimitExceeded, SourceError
            And whatever the source raises.
        """
        stop = min(start + length, self.size)
        if start >= stop:
            return b""
        first, last = start // _BLOCK, (stop - 1) // _BLOCK
        blocks = [self._block(index, last) for index in range(first, last + 1)]
        whole = blocks[0] if first == last else b"".join(blocks)
        return whole[start - first * _BLOCK : stop - first * _BLOCK]

    def expect_place(self) -> None:
        """Allow the requests that going to another place takes: a wanted frame's, not a header's."""
        self._most_requests += _REQUESTS_A_PLACE

    def want(self, start: int, stop: int) -> None:
        """Read what will be asked for, in one piece, unless it is here or too much to be kept."""
        self.expect_place()
        first, last = max(start, 0) // _BLOCK, (min(stop, self.size) - 1) // _BLOCK
        while first <= last and first in self._kept:
            first += 1
        if first <= last < first + _MOST_AHEAD:
            self._ahead = _LEAST_AHEAD // 2
            self._fetch(first, last)

    def whole(self) -> bytes:
        """Return all of it; nothing is kept. Raises what `read_at` does.

        What was read before, to see what it is, is read again and not counted.
        """
        self.bytes_read = 0
        return self._read(0, self.size)

    def open(self) -> Cursor:
        """Return a file to read it as."""
        return Cursor(self)

    def _block(self, index: int, last: int) -> bytes:
        if index not in self._kept:
            on = 0 <= index - self._next < _GAP
            self._ahead = min(self._ahead * 2, _MOST_AHEAD) if on else _LEAST_AHEAD
            self._fetch(index, max(last, index + self._ahead - 1))
        self._kept.move_to_end(index)
        return self._kept[index]

    def _fetch(self, first: int, last: int) -> None:
        """Read blocks up to the `last`, or the first that is here already."""
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
                f"of the object's {self.size} bytes {self.bytes_read} or more are needed, more than the "
                f"limit of {self._limit}; raise the limit, ask for less, or store a smaller file"
            )
        self.requests += 1
        if self.requests > self._most_requests:
            raise LimitExceeded(
                f"reading the object takes more than {self._most_requests} requests, because its index "
                "is scattered; write it anew with one index, as by ffmpeg -i IN -c copy OUT.mp4"
            )
        data = self._ranged.read_at(start, stop - start)
        if len(data) != stop - start:
            raise CorruptSource(
                f"the object ended after {start + len(data)} bytes, and said that it has {self.size}; "
                "read it again"
            )
        return data


class Cursor:
    """A place in a source, as libraries read a file.

    They lose exceptions, or print them. So where a read fails, the object seems to end there, and
    ``BlockReader.failure`` tells why.

    Attributes
    ----------
    growth : Growth, optional
        Is asked at each read.
    """

    def __init__(self, pieces: BlockReader) -> None:
        self._pieces = pieces
        self._place = 0
        self.growth: Growth | None = None

    @property
    def failure(self) -> BaseException | None:
        """What went wrong, if anything did."""
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
        """Go to a place, and return it."""
        base = {SEEK_SET: 0, SEEK_CUR: self._place, SEEK_END: self._pieces.size}[whence]
        self._place = max(base + offset, 0)
        return self._place

    def tell(self) -> int:
        """Return the place."""
        return self._place
