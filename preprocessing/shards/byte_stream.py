"""`ByteStream`: a shard as it arrives, read forwards by exact numbers of bytes."""

from __future__ import annotations

from collections.abc import Iterator
from os import PathLike
from typing import TYPE_CHECKING, TypeAlias

from preprocessing.cancellation import checkpoint
from preprocessing.errors import CorruptSource

if TYPE_CHECKING:
    from preprocessing.sources import Readable

# A shard: its bytes, a path, a binary file, or an iterator of its bytes in pieces of any size.
ShardSource: TypeAlias = (
    "bytes | bytearray | memoryview | str | PathLike[str] | Readable | Iterator[bytes]"
)

_PIECE = 2**20


class ByteStream:
    """Bytes that arrive in pieces.

    Parameters
    ----------
    pieces : iterator of bytes

    Attributes
    ----------
    offset : int
        Bytes read so far.
    """

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._piece, self._at = b"", 0
        self.offset = 0

    def read(self, length: int, what: str) -> bytes:
        """Return exactly `length` bytes.

        Raises
        ------
        CorruptSource
            Where the stream ends before; `what` names what is missing.
        """
        found = self._up_to(length)
        if len(found) < length:
            raise CorruptSource(
                f"the shard ends after {self.offset} bytes, within {what}; upload it again"
            )
        return found

    def read_rest(self, length: int) -> bytes:
        """Return up to `length` bytes, fewer at the end."""
        return self._up_to(length)

    def _up_to(self, length: int) -> bytes:
        stop = self._at + length
        if stop <= len(self._piece):  # most headers, and small members
            found = self._piece[self._at : stop]
            self._at = stop
        else:
            found = self._joined(length)
        self.offset += len(found)
        return found

    def _joined(self, length: int) -> bytes:
        parts, left = [self._piece[self._at :]], length - (len(self._piece) - self._at)
        self._piece, self._at = b"", 0
        while left > 0:
            checkpoint()
            piece = next(self._pieces, None)
            if piece is None:
                break
            parts.append(piece[:left])
            if len(piece) > left:
                self._piece, self._at = piece, left
            left -= len(parts[-1])
        return b"".join(parts)


def pieces_of(source: ShardSource) -> Iterator[bytes]:
    """Yield a shard in pieces. A path is opened when the first piece is asked for.

    Raises
    ------
    OSError
        If a path cannot be read.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        view = memoryview(source)
        for start in range(0, len(view), _PIECE):
            yield bytes(view[start : start + _PIECE])
    elif isinstance(source, str | PathLike):
        with open(source, "rb") as file:  # noqa: PTH123  pathlib takes 4 ms to import
            yield from iter(lambda: file.read(_PIECE), b"")
    elif isinstance(source, Iterator):
        yield from source
    else:
        yield from iter(lambda: source.read(_PIECE), b"")
