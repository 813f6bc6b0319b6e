"""Whether an object holds as much sound as its container says.

libsndfile reads what is there and keeps silent about what is not: half a WAV is a shorter WAV to it. So
the length that a container tells is compared with the bytes before anything is decoded. MPEG audio has
no container (see `mpeg`), Ogg has pages (`ogg`), and FLAC's
header tells samples, which the decoder is held to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from preprocessing.cancellation import checkpoint
from preprocessing.errors import CorruptSource, UnsupportedSource
from preprocessing.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from preprocessing.decode.sniff import AudioFormat

# What a writer puts that does not know the length yet, and then cannot go back, as into a pipe: FFmpeg
# and AU all ones, SoX and others something near 2 GiB. It means: all that is there.
_OPEN = 0x7FFF_0000
# Chunks before the sound: titles, pictures, cue points. A file of nothing but headers of chunks is no
# sound, and takes long to walk through.
_MOST_CHUNKS = 4096
# RFC 2361's numbers for how samples are coded: those that FFmpeg writes and libsndfile calls malformed.
_UNDECODED = {0x20: "Yamaha's ADPCM", 0x50: "MPEG audio of layer II", 0xFF: "AAC", 0x2000: "AC-3"}
TRUNCATED = "the object breaks off; upload it again"


@frozen
class DecodablePart:
    """What of an object a decoder is given.

    Parameters
    ----------
    head : bytes
        Comes first, in place of what is before `first`.
    first, last : int
        Where the bytes begin that follow it, and where they end; None is the object's end.
    more : int
        How many bytes more there seem to be to a decoder that reckons with them, and reads none.
    """

    head: bytes = b""
    first: int = 0
    last: int | None = None
    more: int = 0

    def of(self, data: bytes) -> bytes:
        """Return these bytes of `data`."""
        if not self.head and not self.first and self.last is None:
            return data
        return self.head + data[self.first : self.last]


def require_untruncated(data: bytes, format_: AudioFormat) -> None:
    """Raise where the object holds less sound than its container tells.

    Raises
    ------
    CorruptSource
    UnsupportedSource
        For a WAV whose samples are coded as libsndfile does not decode them.
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
        if name == b"ds64":  # EBU Tech 3306: sizes of 64 bits, the file's and then the sound's
            wide = int.from_bytes(data[start + 8 : start + 16], "little")
        if name == b"data":
            whole = wide if wide is not None and size == 0xFFFF_FFFF else size
            _require_end(data, start, whole)
            if coded in _UNDECODED:
                raise UnsupportedSource(
                    f"{_UNDECODED[coded]} in WAV is not decoded; convert it, as by ffmpeg -i in.wav "
                    "out.flac"
                )
            return
    raise CorruptSource(f"there is no 'data' chunk in the WAV file: {TRUNCATED}")


def _require_chunk(data: bytes, chunks: Iterator[tuple[bytes, int, int]], sound: bytes) -> None:
    for name, start, size in chunks:
        if name == sound:
            _require_end(data, start, size)
            return
    raise CorruptSource(f"there is no {sound.decode()!r} chunk in the file: {TRUNCATED}")


def _require_end(data: bytes, start: int, size: int) -> None:
    if size < _OPEN and start + size > len(data):
        raise CorruptSource(
            f"the header claims {size} bytes of sound, and {max(len(data) - start, 0)} are there: "
            f"{TRUNCATED}"
        )


def _chunks(
    data: bytes, start: int, width: int, order: Literal["little", "big"]
) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, place and size of each chunk; sizes are of `width` bytes, and made even where 4."""
    for _ in range(_MOST_CHUNKS):
        checkpoint()
        if start + 4 + width > len(data):
            return
        size = int.from_bytes(data[start + 4 : start + 4 + width], order)
        yield data[start : start + 4], start + 4 + width, size
        start += 4 + width + size + (size & 1 if width == 4 else 0)
