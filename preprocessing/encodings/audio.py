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
# Sizes and rates have 32 bits; the size of one sample of all channels has 16.
_MOST, _MOST_BLOCK = 2**32 - 1, 2**16 - 1
_HEADER, _FLOAT_HEADER = 44, 58
# Samples per channel of each call of libFLAC.
_BLOCK = 2**18


@frozen
class Wav(Encoding):
    """WAV. The size of the body is known if that of the sound is.

    Parameters
    ----------
    subtype : {"pcm_16", "pcm_24", "float"}
        Integers of 16 or 24 bits, or 32-bit floats.

    Notes
    -----
    Integers are samples times ``2 ** (bits - 1)``, rounded to even. Decoding divides by the same number,
    so that integers of the same size survive unchanged. Samples above full scale are clipped; ``float``
    clips nothing.
    """

    name: ClassVar[str] = "wav"
    subtype: Literal["pcm_16", "pcm_24", "float"] = "pcm_16"
    content_type: ClassVar[str] = "audio/wav"
    input_kinds = ("audio",)

    def accept(self, spec: AudioSpec) -> None:
        size = self.nbytes(spec) or 0
        if size > _MOST:
            raise IncompatibleSource(
                f"holds up to 4 GiB, but the result would have {size} bytes; trim the sound first"
            )
        most = _MOST_BLOCK // (_BITS[self.subtype] // 8)
        if (spec.channels or 0) > most:
            raise IncompatibleSource(
                f"holds up to {most} channels, but the sound has {spec.channels}; put mono first"
            )
        if (spec.rate or 0) > _MOST:
            raise IncompatibleSource(
                f"holds rates up to {_MOST} Hz, but the sound has {spec.rate}; resample first"
            )

    def holds(self, spec: AudioSpec) -> int:
        """Count the samples scaled, as integers, cut, and in the body: up to 12 bytes each."""
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
        if (
            tag == _IEEE_FLOAT
        ):  # formats other than PCM have an extension, here empty, and a "fact" chunk
            form += b"\0\0"
            fact = b"fact" + struct.pack("<II", 4, samples)
        chunks = b"fmt " + struct.pack("<I", len(form)) + form + fact + b"data"
        chunks += struct.pack("<I", size)
        return b"RIFF" + struct.pack("<I", 4 + len(chunks) + size + size % 2) + b"WAVE" + chunks


@frozen
class Flac(Encoding):
    """FLAC by libFLAC, lossless for integers.

    Parameters
    ----------
    subtype : {"pcm_16", "pcm_24"}
        Bits per sample. Samples above full scale are clipped, as for `Wav`.

    Notes
    -----
    The samples are the same on every processor. The bytes may change with the version of libFLAC.
    """

    name: ClassVar[str] = "flac"
    subtype: Literal["pcm_16", "pcm_24"] = "pcm_16"
    content_type: ClassVar[str] = "audio/flac"
    input_kinds = ("audio",)
    # RFC 9639: three bits for the channels; 16 bits for the rate, in Hz or in tens of Hz.
    most_channels: ClassVar[int] = 8
    finest_rate: ClassVar[int] = 65_535

    def accept(self, spec: AudioSpec) -> None:
        if (spec.channels or 0) > self.most_channels:
            raise IncompatibleSource(
                f"holds up to {self.most_channels} channels, but the sound has {spec.channels}; put "
                "mono first"
            )
        rate, finest = spec.rate or 0, self.finest_rate
        if rate > finest and (rate % 10 or rate > 10 * finest):
            raise IncompatibleSource(
                f"holds rates up to {finest} Hz, or multiples of 10 up to {10 * finest}, but the sound "
                f"has {rate}; resample first"
            )

    def holds(self, spec: AudioSpec) -> int:
        """Count the body as it grows, and its copy; noise does not compress."""
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
                # libsndfile uses the upper bits of wider integers.
                wide = self.subtype != "pcm_16"
                file.write(samples << 8 if wide else samples.astype(np.int16))
        return stream.getvalue()


def _integers(sound: Array, bits: int) -> NDArray[np.int32]:
    """Return samples as integers, of shape (samples, channels) as in files."""
    full = 2.0 ** (bits - 1)
    scaled = np.multiply(sound.T, np.float32(full), order="C")
    np.rint(scaled, out=scaled)
    # NaN, which only an array of the caller can contain, becomes the lowest value.
    np.fmax(scaled, np.float32(-full), out=scaled)
    return np.fmin(scaled, np.float32(full - 1), out=scaled).astype(np.int32)


def _little_endian(sound: Array, subtype: str) -> bytes:
    if subtype == "float":
        return sound.T.astype("<f4").tobytes()
    integers = _integers(sound, _BITS[subtype])
    if subtype == "pcm_16":
        return integers.astype("<i2").tobytes()
    return integers.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
