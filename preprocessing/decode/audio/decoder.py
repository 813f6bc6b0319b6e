"""Audio decoder: header and samples, by libsndfile.

The result is always float32, of shape (channel, sample), with full scale at [-1, 1], the same as
``soundfile.read``: integers of n bits are divided by 2 ** (n - 1). In detail:

- WAV (including RF64, RIFX and WAVE_FORMAT_EXTENSIBLE), FLAC, Ogg (Vorbis, Opus, FLAC), MP3, AIFF, AU
  and CAF are decoded, with the sample types that libsndfile supports. `container_track` decodes the
  sound of MP4 and Matroska files without video, if PyAV is installed.
- Float samples stay as stored, including those above full scale. A file with samples that are infinite,
  not a number, or beyond the range of 32-bit integers is refused.
- An Opus file has the sample rate that its encoder was given, or 48 kHz.
- The silence that an MP3 encoder added is removed if the first frame says how much it is.
- Channels are in the order of the file.

A sound that is shorter than its header says is refused as cut off. A file written to a pipe may not have
a length: then all samples of a WAV or AU are taken, and a FLAC ends with its last frame.

`probe` reads the header only (of an MP3, the header of every frame), and refuses sounds that are too
long.
"""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from math import inf
from os import SEEK_END, SEEK_SET
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing.cancellation import checkpoint
from preprocessing.decode.audio import flac, mpeg, ogg
from preprocessing.decode.audio.ogg import UnwrappedFlac
from preprocessing.decode.audio.tags import skip_tags
from preprocessing.decode.audio.truncation import TRUNCATED, DecodablePart, require_untruncated
from preprocessing.decode.formats import require_decoded
from preprocessing.errors import CorruptSource, LimitExceeded, UnsupportedSource
from preprocessing.frozen import frozen
from preprocessing.limits import require_memory
from preprocessing.optional_deps import require_module

if TYPE_CHECKING:
    from preprocessing.limits import Limits
    from preprocessing.media import Array

# The largest sample accepted: floats in units of 32-bit integers reach it. Bytes that were mistaken for
# floats exceed it, and would overflow in the first sum.
_LOUDEST = 2.0**31
# Formats of sound in a container: FFmpeg's demuxer, and the format's name in `container_checks`.
CONTAINERS = {"m4a": ("mov", "mp4"), "mka": ("matroska", "matroska")}
# libsndfile, sndfile.h: SF_ERR_UNSUPPORTED_ENCODING; common.h: SFE_UNIMPLEMENTED, as for WAV of 36 bits
_UNSUPPORTED_ENCODING, _UNIMPLEMENTED = 4, 18
# Samples read between two checks for cancellation: a few milliseconds in any decoder.
_RUN = 2**20
# Bytes that a decoder of libsndfile holds, as measured; Vorbis, with its codebooks, holds the most.
_DECODER = 8 * 2**20
# The length of an ID3v1 tag.
_TAIL = 128


@frozen
class AudioHeader:
    """Header of a sound: what is known before its samples are decoded.

    Parameters
    ----------
    format : str
    subtype : str
        Sample encoding, by libsndfile's name.
    channels : int
    samples : int
        Per channel.
    rate : int
        Samples per second.
    part : DecodablePart
        The part of the object that is given to libsndfile.
    copied : int
        Bytes of the object that decoding copies.
    """

    format: str
    subtype: str
    channels: int
    samples: int
    rate: int
    part: DecodablePart
    copied: int = 0

    @property
    def holds(self) -> int:
        """Most bytes that decoding holds at once: the samples, copies, and the decoder's own."""
        return 4 * self.channels * self.samples + self.copied + _DECODER


class _Memory(BytesIO):
    """File through which libsndfile reads an object.

    Parameters
    ----------
    data : bytes
    more : int
        Bytes by which the file appears to be longer than `data`.
    """

    def __init__(self, data: bytes, more: int = 0) -> None:
        super().__init__(data)
        # The end of the missing bytes reads as zeros: libmpg123 first looks for a tag there.
        self._more, self._tail = more, len(data) + more - _TAIL

    def readinto(self, buffer: Any) -> int:
        if self._more and self.tell() >= self._tail:
            room = memoryview(buffer).cast("B")
            room[:] = bytes(len(room))
            return len(room)
        return super().readinto(buffer)

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        try:
            return super().seek(offset + self._more * (whence == SEEK_END), whence)
        except ValueError:  # before the start, by a damaged header: libsndfile checks the position
            return self.tell()


def require_soundfile() -> Any:
    """Return the module `soundfile`, which binds libsndfile.

    Raises
    ------
    SpecError
        If it is not installed.
    """
    return require_module("soundfile", "soundfile", "audio", what="sound")


def probe(data: bytes, format_: str, limits: Limits) -> AudioHeader:
    """Read the header.

    Parameters
    ----------
    data : bytes
        The whole object.
    format_ : str
    limits : Limits

    Returns
    -------
    AudioHeader

    Raises
    ------
    CorruptSource, UnsupportedSource, LimitExceeded
    """
    require_decoded(format_)
    soundfile = require_soundfile()
    part, samples, most = _part(data, format_)
    try:
        with soundfile.SoundFile(_Memory(part.of(data), part.more)) as file:
            count = file.frames if samples is None else samples
            header = AudioHeader(format_, file.subtype, file.channels, count, file.samplerate, part)
    except soundfile.LibsndfileError as error:
        raise _failed(format_, error) from None
    _require_plausible(header, most)
    _require_within(header, limits)
    require_memory(header.holds, limits, f"decoding the {format_} file")
    return header


def decode(data: bytes, header: AudioHeader) -> Array:
    """Decode an object that `probe` has accepted.

    Returns
    -------
    ndarray
        Of shape (channels, samples), float32, full scale at [-1, 1]; a new array.

    Raises
    ------
    CorruptSource
        If the object has fewer samples than its header says.
    UnsupportedSource
        If samples are infinite, not a number, or far beyond full scale.
    """
    soundfile = require_soundfile()
    # The system allocates its pages only as samples are written to them, whatever the header says.
    place = np.empty((header.samples, header.channels), np.float32)
    try:
        with soundfile.SoundFile(_Memory(header.part.of(data), header.part.more)) as file:
            if file.seekable():
                file.seek(0)  # as soundfile.read does, because libmpg123 then rounds differently
            read = _fill(place, file)
    except soundfile.LibsndfileError as error:
        raise _failed(header.format, error) from None
    if read < header.samples and header.format == "wav" and header.subtype.startswith("MPEG"):
        raise UnsupportedSource(  # its chunk is complete: the header counts silence that is dropped
            f"the WAV contains MP3, and claims {header.samples} samples but has {read}; extract the "
            "MP3: ffmpeg -i in.wav -c copy out.mp3"
        )
    if read < header.samples:
        raise CorruptSource(
            f"the {header.format} header claims {header.samples} samples, but the file has {read}: "
            f"{TRUNCATED}"
        )
    if not (place.min() >= -_LOUDEST and place.max() <= _LOUDEST):
        raise UnsupportedSource(
            "some samples are infinite, not a number, or beyond the range of 32-bit integers; store "
            "samples between -1 and 1"
        )
    return place.T


def _fill(place: Array, file: Any) -> int:
    """Read samples into an array, a part at a time, and return how many were read."""
    read, run = 0, max(_RUN // place.shape[1], 1)
    while read < len(place):
        checkpoint()
        got = len(file.read(out=place[read : read + run]))
        read += got
        if got == 0:
            break
    return read


def _part(data: bytes, format_: str) -> tuple[DecodablePart, int | None, float]:
    """Return the part of an object to decode, its number of samples, and the most that it can have.

    The number of samples is None where libsndfile knows it.
    """
    if format_ == "mp3":
        frames = mpeg.frames(data)
        return frames.part, None if frames.noted else frames.samples, frames.samples
    first = skip_tags(data, 0)
    body = data[first:] if first else data
    require_untruncated(body, format_)
    if format_ == "ogg":
        ogg.require_pages(body)
    if format_ == "ogg" and ogg.holds_flac(body):
        part = flac.decodable_part(ogg.unwrap_flac(body))
        return UnwrappedFlac(part.head, part.first, part.last), None, inf
    part = flac.decodable_part(body) if format_ == "flac" else DecodablePart()
    return replace(part, first=part.first + first), None, inf


def _failed(format_: str, error: Any) -> Exception:
    reason = error.error_string.rstrip(".").removeprefix("Error : ")
    if "malloc" in reason or "memory allocation" in reason:
        return LimitExceeded(
            f"the {format_} file asks libsndfile for more memory than there is; if it is not damaged, "
            "give the process more memory"
        )
    if error.code == _UNSUPPORTED_ENCODING or (error.code, format_) == (_UNIMPLEMENTED, "wav"):
        return UnsupportedSource(
            f"libsndfile does not decode this {format_} file: {reason}; convert it: ffmpeg -i IN "
            "OUT.flac"
        )
    cut = f": {TRUNCATED}" * ("fseek" in reason)  # it seeks to the end that a header gives
    return CorruptSource(f"libsndfile cannot read the {format_} file: {reason}{cut}")


def _require_plausible(header: AudioHeader, most: float) -> None:
    if header.samples <= 0 or header.channels <= 0:
        raise CorruptSource(
            f"the {header.format} header claims no samples; if its writer was interrupted, write it "
            "again"
        )
    if header.samples > most:
        raise CorruptSource(
            f"the {header.format} file claims {header.samples} samples, but its frames hold {most}: "
            f"{TRUNCATED}"
        )


def _require_within(header: AudioHeader, limits: Limits) -> None:
    seconds, total = header.samples / header.rate, header.samples * header.channels
    if seconds > limits.seconds or total > limits.samples:
        raise LimitExceeded(
            f"the {header.format} header claims {header.channels} x {header.samples} samples, "
            f"{seconds:.6g} s, more than the limits of {limits.samples} samples in all and "
            f"{limits.seconds:g} s; raise the limit or store a shorter sound"
        )
