"""Decoder of sound in MP4, QuickTime, 3GP, Matroska and WebM, by FFmpeg through PyAV, if installed.

No header has the number of samples: encoders put silence before a track, and edit lists remove some. So
a track is decoded once to count its samples, and again for the samples themselves. Nothing is kept
between.
"""

from __future__ import annotations

from contextlib import contextmanager
from fractions import Fraction
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing.cancellation import checkpoint
from preprocessing.decode.audio.decoder import CONTAINERS, AudioHeader
from preprocessing.decode.audio.truncation import DecodablePart
from preprocessing.decode.video.container import open_container, packets_of, require_undamaged
from preprocessing.decode.video.container_checks import require_plausible
from preprocessing.errors import CorruptSource, LimitExceeded, UnsupportedSource
from preprocessing.limits import require_memory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from preprocessing.limits import Limits
    from preprocessing.media import Array

_MICROSECONDS = 10**6
# Full scale of FFmpeg's sample formats, whose names end in "p" if each channel has its own plane.
_FULL_SCALE = {"u8": 2**7, "s16": 2**15, "s32": 2**31, "s64": 2**63, "flt": 1, "dbl": 1}
_DTYPES = {"u8": "u1", "s16": "i2", "s32": "i4", "s64": "i8", "flt": "f4", "dbl": "f8"}
# Decoders that verify the checksums of their format, but report a wrong one only if asked to.
_CHECKED = frozenset({"flac", "mp3", "mp3float"})


def probe(data: bytes, format_: str, limits: Limits) -> AudioHeader:
    """Decode the first sound track and count its samples.

    Parameters
    ----------
    data : bytes
    format_ : {"m4a", "mka"}
    limits : Limits

    Raises
    ------
    SourceError, IncompatibleSource, LimitExceeded
    """
    if find_spec("av") is None:
        raise UnsupportedSource(
            "sound in MP4 and Matroska is decoded by PyAV, which is not installed: pip install "
            "'jitprep[video]', in AWS use the image for video, or convert the file: ffmpeg -i "
            f"in.{format_} out.flac"
        )
    _, claims = CONTAINERS[format_]
    require_plausible(claims, lambda start, n: data[start : start + n], len(data), limits)
    channels = rate = total = 0
    with _opened(data, format_, limits) as (container, stream):
        name = stream.codec_context.name
        _require_within(_claimed(container, stream), stream, limits)
        for frame in _frames(container, stream):
            channels, rate = channels or len(frame.layout.channels), rate or frame.sample_rate
            if (len(frame.layout.channels), frame.sample_rate) != (channels, rate):
                raise UnsupportedSource(
                    "the sound changes its sample rate or its channels, which is not decoded; convert "
                    "it: ffmpeg -i IN OUT.flac"
                )
            total += frame.samples
            _require_within(Fraction(total, rate), stream, limits)
    if not total:
        raise CorruptSource(
            "the sound track has no samples that can be decoded; replace it with an intact copy"
        )
    header = AudioHeader(format_, name, channels, total, rate, DecodablePart())
    require_memory(header.holds, limits, "decoding the sound")
    return header


def decode(data: bytes, header: AudioHeader, limits: Limits) -> Array:
    """Decode an object that `probe` has accepted.

    Returns
    -------
    ndarray
        Of shape (channels, samples), float32, full scale at [-1, 1]; a new array.

    Raises
    ------
    CorruptSource
    """
    result, at = np.empty((header.channels, header.samples), np.float32), 0
    with _opened(data, header.format, limits) as (container, stream):
        for frame in _frames(container, stream):
            result[:, at : at + frame.samples] = _floats(frame)
            at += frame.samples
    assert at == header.samples
    return result


@contextmanager
def _opened(data: bytes, format_: str, limits: Limits) -> Iterator[tuple[Any, Any]]:
    with open_container(data, CONTAINERS[format_][0], limits, kind="audio") as (container, stream):
        if stream.codec_context.name in _CHECKED:
            stream.codec_context.options = {"err_detect": "crccheck+explode"}
        yield container, stream


def _frames(container: Any, stream: Any) -> Iterator[Any]:
    for packet in packets_of(container, stream):
        checkpoint()
        if packet.is_corrupt:
            raise CorruptSource("the file is cut off; upload it again")
        frames = packet.decode()
        require_undamaged(frames)
        yield from frames


def _floats(frame: Any) -> Array:
    """Return a frame's samples, (channels, samples), float32."""
    name, channels = frame.format.name, len(frame.layout.channels)
    kind = name.removesuffix("p")
    if kind not in _FULL_SCALE:
        raise UnsupportedSource(
            f"FFmpeg returns samples of type {name}, which is not supported; convert it to FLAC"
        )
    array = _samples(frame, channels, _DTYPES[kind])
    if kind == "u8":
        return np.divide(
            array.astype(np.float32) - _FULL_SCALE[kind], np.float32(_FULL_SCALE[kind])
        )
    if kind in ("flt", "dbl"):
        return np.array(array, np.float32)
    return (array * (1 / _FULL_SCALE[kind])).astype(np.float32)


def _samples(frame: Any, channels: int, dtype: str) -> Array:
    """Return a frame's samples, (channels, samples), as a view where they are interleaved.

    ``frame.to_ndarray()`` would crash: PyAV takes planes until a null pointer, which a frame of eight
    channels or more does not have, and reads whatever follows them.
    """
    if frame.format.is_planar:
        planes = frame.planes[:channels]
        return np.stack([np.frombuffer(plane, dtype, frame.samples) for plane in planes])
    packed: Array = np.frombuffer(frame.planes[0], dtype, frame.samples * channels)
    return packed.reshape(-1, channels).T


def _claimed(container: Any, stream: Any) -> Fraction:
    if stream.duration:
        return Fraction(stream.time_base) * int(stream.duration)
    return Fraction(container.duration or 0, _MICROSECONDS)


def _require_within(seconds: Fraction, stream: Any, limits: Limits) -> None:
    codec = stream.codec_context
    total = int(seconds * codec.sample_rate) * codec.channels
    if seconds > limits.seconds or total > limits.samples:
        raise LimitExceeded(
            f"the sound has {codec.channels} channels at {codec.sample_rate} Hz and lasts at least "
            f"{float(seconds):.6g} s, more than the limits of {limits.samples} samples in all and "
            f"{limits.seconds:g} s; raise the limit or store a shorter sound"
        )
