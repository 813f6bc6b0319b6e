"""Bytes to sound.

Whatever the file holds, the result is float32, of shape (channel, sample), with full scale at [-1, 1],
as ``soundfile.read`` gives: integers are divided by 2 to their bits less one. In particular

- WAV (RF64, RIFX and WAVE_FORMAT_EXTENSIBLE among it), FLAC, Ogg (Vorbis, Opus, FLAC), MP3, AIFF, AU
  and CAF are decoded, with the sample types that libsndfile has; sound alone in MP4 and Matroska where
  the libraries for video are installed (`preprocessing.decode.audio.container_track`);
- float samples are as they are stored, also above full scale, where it is a sound: what is not a number,
  or beyond the range of 32-bit integers, is refused;
- an Opus file has the rate that its encoder was given, or 48 kHz;
- an MP3 loses the silence that its encoder added, where its first frame tells how much;
- channels are in the file's order.

A sound is whole or it is refused: where a format tells how long it is, an object that holds less is
corrupt. What was written to a pipe may not tell: of WAV and AU what is there is taken, and of FLAC what
its last frame tells.

`probe` reads the header only, of MP3 the frames' headers. It is where sounds that are too long are
refused.
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
from preprocessing.decode.unsupported import require_supported
from preprocessing.errors import CorruptSource, LimitExceeded, UnsupportedSource
from preprocessing.frozen import frozen
from preprocessing.limits import require_memory
from preprocessing.optional_deps import require_module

if TYPE_CHECKING:
    from preprocessing.decode.sniff import AudioFormat
    from preprocessing.limits import Limits
    from preprocessing.media import Array

# No sound is louder: floats in the units of 32-bit integers reach it. Bytes read as floats by mistake
# do not stop there, and would overflow in the first sum.
_LOUDEST = 2.0**31
# Our formats of sound in a container: FFmpeg's demuxer, and what `claims` calls it.
CONTAINERS = {"m4a": ("mov", "mp4"), "mka": ("matroska", "matroska")}
# libsndfile, sndfile.h: SF_ERR_UNSUPPORTED_ENCODING; common.h: SFE_UNIMPLEMENTED, as for WAV of 36 bits
_UNSUPPORTED_ENCODING, _UNIMPLEMENTED = 4, 18
# Samples that are read between two questions whether to stop: some milliseconds of any decoder.
_RUN = 2**20
# Measured of libsndfile's decoders, of which Vorbis's codebooks take the most.
_DECODER = 8 * 2**20
# The length of an ID3v1 tag.
_TAIL = 128


@frozen
class AudioHeader:
    """What is known of a sound before it is decoded.

    Parameters
    ----------
    format : str
    subtype : str
        How the samples are coded, in libsndfile's words.
    channels, samples, rate : int
        Samples are counted in each channel.
    part : DecodablePart
        What libsndfile is given of the object.
    copied : int
        Bytes of the object that are held twice for it.
    """

    format: AudioFormat
    subtype: str
    channels: int
    samples: int
    rate: int
    part: DecodablePart
    copied: int = 0

    @property
    def holds(self) -> int:
        """Most bytes that decoding holds at once: the samples, copies, and what a decoder looks at."""
        return 4 * self.channels * self.samples + self.copied + _DECODER


class _Memory(BytesIO):
    """An object as libsndfile reads it, which damaged headers may send to before its start.

    Parameters
    ----------
    data : bytes
    more : int
        By how much it seems to be longer.
    """

    def __init__(self, data: bytes, more: int = 0) -> None:
        super().__init__(data)
        # Of what is not there, the end is empty: libmpg123 looks for a tag in it first of all.
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
        except ValueError:  # it sees that it is elsewhere; an exception would be printed, no more
            return self.tell()


def require_soundfile() -> Any:
    """Return the module that binds libsndfile.

    Raises
    ------
    SpecError
        Where it is not installed.
    """
    return require_module("soundfile", "soundfile", "audio", what="sound")


def probe(data: bytes, format_: AudioFormat, limits: Limits) -> AudioHeader:
    """Read what the header tells.

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
    require_supported(format_)
    soundfile = require_soundfile()
    part, samples, most = _part(data, format_)
    try:
        with soundfile.SoundFile(_Memory(part.of(data), part.more)) as file:
            count = file.frames if samples is None else samples
            header = AudioHeader(format_, file.subtype, file.channels, count, file.samplerate, part)
    except soundfile.LibsndfileError as error:
        raise _failed(format_, error) from None
    _require_told(header, most)
    _require_within(header, limits)
    require_memory(header.holds, limits, f"decoding the {format_} file")
    return header


def decode(data: bytes, header: AudioHeader) -> Array:
    """Decode an object that `probe` has accepted.

    Returns
    -------
    ndarray
        Of shape (channels, samples), float32; a new one.

    Raises
    ------
    CorruptSource
        Where it holds less than its header tells.
    UnsupportedSource
        For samples that are no sound.
    """
    soundfile = require_soundfile()
    # Pages of it that no sample comes to are never taken, whatever the header says.
    place = np.empty((header.samples, header.channels), np.float32)
    try:
        with soundfile.SoundFile(_Memory(header.part.of(data), header.part.more)) as file:
            if file.seekable():
                file.seek(0)  # as soundfile.read does: libmpg123 rounds otherwise after it
            read = _fill(place, file)
    except soundfile.LibsndfileError as error:
        raise _failed(header.format, error) from None
    if read < header.samples and header.format == "wav" and header.subtype.startswith("MPEG"):
        raise UnsupportedSource(  # its chunk is whole: what was written tells of an encoder's silence
            f"the WAV holds MP3, and claims {header.samples} samples where {read} are; take it out, "
            "as by ffmpeg -i in.wav -c copy out.mp3"
        )
    if read < header.samples:
        raise CorruptSource(
            f"the {header.format} header claims {header.samples} samples, and {read} are there: "
            f"{TRUNCATED}"
        )
    if not (place.min() >= -_LOUDEST and place.max() <= _LOUDEST):
        raise UnsupportedSource(
            "among the samples are some that are infinite, no numbers, or beyond the range of 32-bit "
            "integers; write the sound anew"
        )
    return place.T


def _fill(place: Array, file: Any) -> int:
    """Read samples into their place, a part at a time, and return how many there were."""
    read, run = 0, max(_RUN // place.shape[1], 1)
    while read < len(place):
        checkpoint()
        got = len(file.read(out=place[read : read + run]))
        read += got
        if got == 0:
            break
    return read


def _part(data: bytes, format_: AudioFormat) -> tuple[DecodablePart, int | None, float]:
    """Return what of an object is decoded, how many samples it has, and how many at the most.

    The first number is None where libsndfile knows it.
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
        told = flac.decodable_part(ogg.unwrap_flac(body))
        return UnwrappedFlac(told.head, told.first, told.last), None, inf
    part = flac.decodable_part(body) if format_ == "flac" else DecodablePart()
    return replace(part, first=part.first + first), None, inf


def _failed(format_: AudioFormat, error: Any) -> Exception:
    reason = error.error_string.rstrip(".").removeprefix("Error : ")
    if "malloc" in reason or "memory allocation" in reason:  # which says nothing of the file
        return MemoryError(f"libsndfile ran out of memory as it read the {format_} file")
    if error.code == _UNSUPPORTED_ENCODING or (error.code, format_) == (_UNIMPLEMENTED, "wav"):
        return UnsupportedSource(
            f"libsndfile does not decode this {format_} file: {reason}; convert it"
        )
    cut = f": {TRUNCATED}" * ("fseek" in reason)  # as it looks for the end that a header tells
    return CorruptSource(f"libsndfile cannot read the {format_} file: {reason}{cut}")


def _require_told(header: AudioHeader, most: float) -> None:
    if header.samples <= 0 or header.channels <= 0:
        raise CorruptSource(
            f"the {header.format} header claims no samples (was the writer interrupted?); write the "
            "sound anew"
        )
    if header.samples > most:
        raise CorruptSource(
            f"the {header.format} file claims {header.samples} samples, and its frames hold {most}; "
            "upload it again"
        )


def _require_within(header: AudioHeader, limits: Limits) -> None:
    seconds, total = header.samples / header.rate, header.samples * header.channels
    if seconds > limits.seconds or total > limits.samples:
        raise LimitExceeded(
            f"the {header.format} header claims {header.channels} x {header.samples} samples, "
            f"{seconds:.6g} seconds, more than the limit of {limits.samples} in all and "
            f"{limits.seconds:g} seconds; raise the limit or store a shorter sound"
        )
