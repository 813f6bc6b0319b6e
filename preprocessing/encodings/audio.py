"""Sound files: WAV, FLAC."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from preprocessing.cancellation import checkpoint
from preprocessing.decode.audio.decoder import require_soundfile
from preprocessing.encodings._base import Encoding
from preprocessing.errors import IncompatibleSource
from preprocessing.frozen import frozen
from preprocessing.limits import nbytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing.media import Array, AudioSpec

_BITS = {"pcm_16": 16, "pcm_24": 24, "float": 32}
# Multimedia Programming Interface and Data Specifications 1.0 (1991), and its revision for floats (1994)
_PCM, _IEEE_FLOAT = 1, 3
# Its numbers are of 32 bits, and the bytes of one sample of all channels of 16.
_MOST, _MOST_BLOCK = 2**32 - 1, 2**16 - 1
_HEADER, _FLOAT_HEADER = 44, 58
# Samples of a channel that libFLAC is given at once.
_BLOCK = 2**18


@frozen
class Wav(Encoding):
    """WAV. Its size is known wherever the sound's is.

    Parameters
    ----------
    subtype : {"pcm_16", "pcm_24", "float"}
        Integers of 16 or 24 bits, or the samples as they are.

    Notes
    -----
    An integer is the sample times 2 to the bits less one, rounded to even, which decoding divides by:
    what was read from as many bits is written as it was. What is above full scale is clipped to it;
    ``float`` clips nothing.
    """

    name: ClassVar[str] = "wav"
    subtype: Literal["pcm_16", "pcm_24", "float"] = "pcm_16"
    content_type: ClassVar[str] = "audio/wav"
    input_kinds = ("audio",)

    def accept(self, spec: AudioSpec) -> None:
        size = self.nbytes(spec) or 0
        if size > _MOST:
            raise IncompatibleSource(
                f"holds 4 GiB, the result would have {size} bytes; trim it first"
            )
        most = _MOST_BLOCK // (_BITS[self.subtype] // 8)
        if (spec.channels or 0) > most:
            raise IncompatibleSource(
                f"holds {most} channels, the sound has {spec.channels}; put mono first"
            )
        if (spec.rate or 0) > _MOST:
            raise IncompatibleSource(f"holds rates up to {_MOST} Hz, the sound has {spec.rate}")

    def holds(self, spec: AudioSpec) -> int:
        """Count samples scaled, as integers, cut, and in the body: 12 bytes each at the most."""
        return 3 * nbytes(spec)

    def nbytes(self, spec: AudioSpec) -> int | None:
        if spec.channels is None or spec.samples is None:
            return None
        size = spec.channels * spec.samples * _BITS[self.subtype] // 8
        header = _FLOAT_HEADER if self.subtype == "float" else _HEADER
        return header + size + size % 2

    def encode(self, array: Array, spec: AudioSpec) -> bytes:
        channels, samples = array.shape
        assert spec.rate is not None
        body = _little_endian(array, self.subtype)
        return self._header(channels, samples, spec.rate) + body + b"\0" * (len(body) % 2)

    def _header(self, channels: int, samples: int, rate: int) -> bytes:
        """Return what comes before the samples: `_HEADER` bytes, or `_FLOAT_HEADER`."""
        width = _BITS[self.subtype] // 8
        size, block = channels * samples * width, channels * width
        tag = _IEEE_FLOAT if self.subtype == "float" else _PCM
        form = struct.pack(
            "<HHIIHH", tag, channels, rate, min(rate * block, _MOST), block, 8 * width
        )
        fact = b""
        if tag == _IEEE_FLOAT:  # what is not PCM has room for more, and tells its samples once more
            form += b"\0\0"
            fact = b"fact" + struct.pack("<II", 4, samples)
        chunks = b"fmt " + struct.pack("<I", len(form)) + form + fact + b"data"
        chunks += struct.pack("<I", size)
        return b"RIFF" + struct.pack("<I", 4 + len(chunks) + size + size % 2) + b"WAVE" + chunks


@frozen
class Flac(Encoding):
    """FLAC, lossless of integers, by libFLAC.

    Parameters
    ----------
    subtype : {"pcm_16", "pcm_24"}
        The bits of a sample; what is above full scale is clipped, as for `Wav`.

    Notes
    -----
    The samples are the same on every processor. How libFLAC packs them may change with its version.
    """

    name: ClassVar[str] = "flac"
    subtype: Literal["pcm_16", "pcm_24"] = "pcm_16"
    content_type: ClassVar[str] = "audio/flac"
    input_kinds = ("audio",)
    # RFC 9639: three bits for the channels; the rate in Hz, or in tens of them, of 16 bits.
    most_channels: ClassVar[int] = 8
    finest_rate: ClassVar[int] = 65_535

    def accept(self, spec: AudioSpec) -> None:
        if (spec.channels or 0) > self.most_channels:
            raise IncompatibleSource(
                f"holds {self.most_channels} channels, the sound has {spec.channels}; put mono first"
            )
        rate, finest = spec.rate or 0, self.finest_rate
        if rate > finest and (rate % 10 or rate > 10 * finest):
            raise IncompatibleSource(
                f"holds rates up to {finest} Hz, or multiples of 10 up to {10 * finest}, the sound has "
                f"{rate}; resample it first"
            )

    def holds(self, spec: AudioSpec) -> int:
        """Count the body, as it grows and copied; noise is packed no smaller than it is."""
        return 3 * nbytes(spec)

    def encode(self, array: Array, spec: AudioSpec) -> bytes:
        soundfile = require_soundfile()
        stream, subtype = BytesIO(), self.subtype.upper()
        with soundfile.SoundFile(
            stream, "w", spec.rate, len(array), subtype, format="FLAC"
        ) as file:
            for start in range(0, array.shape[1], _BLOCK):
                checkpoint()
                samples: NDArray[Any] = _integers(
                    array[:, start : start + _BLOCK], _BITS[self.subtype]
                )
                # libsndfile takes the upper bits of wider integers.
                wide = self.subtype != "pcm_16"
                file.write(samples << 8 if wide else samples.astype(np.int16))
        return stream.getvalue()


def _integers(sound: Array, bits: int) -> NDArray[np.int32]:
    """Return samples as integers, of shape (sample, channel) as files have them."""
    full = 2.0 ** (bits - 1)
    scaled = np.multiply(sound.T, np.float32(full), order="C")
    np.rint(scaled, out=scaled)
    # Those that are no numbers, which only an array given by the caller can have, become the lowest.
    np.fmax(scaled, np.float32(-full), out=scaled)
    return np.fmin(scaled, np.float32(full - 1), out=scaled).astype(np.int32)


def _little_endian(sound: Array, subtype: str) -> bytes:
    if subtype == "float":
        return sound.T.astype("<f4").tobytes()
    integers = _integers(sound, _BITS[subtype])
    if subtype == "pcm_16":
        return integers.astype("<i2").tobytes()
    return integers.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
