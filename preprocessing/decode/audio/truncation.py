"""Detection of sound files that are cut off: the length in the header against the bytes there.

libsndfile reads half a WAV as a shorter WAV and does not report what is missing. So the length in the
header is compared with the object before anything is decoded. This covers WAV, AIFF, AU and CAF. MP3 is
checked in `mpeg`, Ogg in `ogg`; the header of a FLAC has the number of samples, which the decoder
checks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from preprocessing.cancellation import checkpoint
from preprocessing.errors import CorruptSource, UnsupportedSource
from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator


# The least length that means "unknown: up to the end". A writer leaves it if it cannot go back to fill
# in the length, as in a pipe: all ones by FFmpeg and in AU, something near 2 GiB by SoX and others.
_OPEN = 0x7FFF_0000
# Most chunks before the sound, such as titles, pictures and cue points. A hostile file that consists of
# chunk headers would take long to walk through.
_MOST_CHUNKS = 4096
# RFC 2361's numbers of the codecs that FFmpeg writes to WAV and libsndfile reports as malformed.
_UNDECODED = {0x20: "Yamaha's ADPCM", 0x50: "MPEG audio of layer II", 0xFF: "AAC", 0x2000: "AC-3"}
TRUNCATED = "the object is cut off; upload it again"


@frozen
class DecodablePart:
    """The part of an object that a decoder is given.

    Parameters
    ----------
    head : bytes
        Replaces the bytes before `first`.
    first, last : int
        The slice of the object that follows `head`; a `last` of None is the object's end.
    more : int
        Bytes by which the file appears longer than it is, to a decoder that estimates its samples by
        that.
    """

    head: bytes = b""
    first: int = 0
    last: int | None = None
    more: int = 0

    def of(self, data: bytes) -> bytes:
        """Return this part of `data`."""
        if not self.head and not self.first and self.last is None:
            return data
        return self.head + data[self.first : self.last]


def require_untruncated(data: bytes, format_: str) -> None:
    """Raise unless the object has as much sound as its header says.

    Raises
    ------
    CorruptSource
    UnsupportedSource
        If a WAV has a codec that libsndfile does not decode.
    """
    if format_ == "wav":
        _require_wav(data, "big" if data.startswith(b"RIFX") else "little")
    elif format_ == "aiff":
        _require_chunk(data, _chunks(data, 12, 4, "big"), b"SSND")
    elif format_ == "caf":
        _require_chunk(data, _chunks(data, 8, 8, "big"), b"data")
    elif format_ == "au":
        _require_end(data, *(int.from_bytes(data[i : i + 4], "big") for i in (4, 8)))


def _require_wav(data: bytes, order: Literal["little", "big"]) -> None:
    wide, coded = None, 0
    for name, start, size in _chunks(data, 12, 4, order):
        if name == b"fmt ":
            coded = int.from_bytes(data[start : start + 2], order)
        if name == b"ds64":  # EBU Tech 3306: 64-bit sizes, the file's and then the sound's
            wide = int.from_bytes(data[start + 8 : start + 16], "little")
        if name == b"data":
            whole = wide if wide is not None and size == 0xFFFF_FFFF else size
            _require_end(data, start, whole)
            if coded in _UNDECODED:
                raise UnsupportedSource(
                    f"{_UNDECODED[coded]} in WAV is not decoded; convert it: ffmpeg -i in.wav out.flac"
                )
            return
    raise CorruptSource(f"the WAV file has no 'data' chunk: {TRUNCATED}")


def _require_chunk(data: bytes, chunks: Iterator[tuple[bytes, int, int]], sound: bytes) -> None:
    for name, start, size in chunks:
        if name == sound:
            _require_end(data, start, size)
            return
    raise CorruptSource(f"the file has no {sound.decode()!r} chunk: {TRUNCATED}")


def _require_end(data: bytes, start: int, size: int) -> None:
    if size < _OPEN and start + size > len(data):
        raise CorruptSource(
            f"the header claims {size} bytes of sound, but the file has {max(len(data) - start, 0)}: "
            f"{TRUNCATED}"
        )


def _chunks(
    data: bytes, start: int, width: int, order: Literal["little", "big"]
) -> Iterator[tuple[bytes, int, int]]:
    """Yield the name, offset and size of each chunk. Chunks with sizes of 4 bytes have even lengths."""
    for _ in range(_MOST_CHUNKS):
        checkpoint()
        if start + 4 + width > len(data):
            return
        size = int.from_bytes(data[start + 4 : start + 4 + width], order)
        yield data[start : start + 4], start + 4 + width, size
        start += 4 + width + size + (size & 1 if width == 4 else 0)
