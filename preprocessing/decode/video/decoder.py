"""Video decoder: header and frames, by FFmpeg through PyAV, in one thread.

Every frame is 8-bit RGB, upright: the result of PyAV's ``frame.to_ndarray(format="rgb24")``, turned by
the file's display matrix. The colour matrix and range are the file's, or swscale's defaults where the
file names none. Pixels are taken to be square. Sound, subtitles and cover pictures are ignored. If a
file has several video tracks, the first is decoded.

MP4, QuickTime, Matroska and WebM have an index, so only the frames needed are read (see `frame_seeker`).
Other formats are read from the beginning up to the last frame needed.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from preprocessing.decode.formats import require_decoded
from preprocessing.decode.video.container import decode_packets, open_container, packets_of
from preprocessing.decode.video.container_checks import require_plausible
from preprocessing.decode.video.display_matrix import turn_of
from preprocessing.decode.video.duration import length_of
from preprocessing.decode.video.header import COUNTED, VideoHeader
from preprocessing.errors import CorruptSource, LimitExceeded, UnsupportedSource
from preprocessing.limits import require_memory, require_pixels

if TYPE_CHECKING:
    from preprocessing.block_reader import BlockReader
    from preprocessing.limits import Limits
    from preprocessing.media import Array

# FFmpeg's demuxers that are not named like the format. FFmpeg is always given a demuxer, because it
# would otherwise guess, and a file could choose any of them.
_DEMUXERS = {"mp4": "mov"}
_BARE_MPEG = b"\x00\x00\x01\xb3"


def probe(content: bytes | BlockReader, format_: str, limits: Limits) -> VideoHeader:
    """Read a video's header, and decode its first frame for the display matrix.

    Parameters
    ----------
    content : bytes or BlockReader
    format_ : str
        As `sniff` returns it.
    limits : Limits

    Returns
    -------
    VideoHeader

    Raises
    ------
    SourceError, IncompatibleSource, LimitExceeded
    """
    require_decoded(format_)
    demuxer = _DEMUXERS.get(format_, format_)
    if (content[:4] if isinstance(content, bytes) else content.read_at(0, 4)) == _BARE_MPEG:
        demuxer = "mpegvideo"
    if isinstance(content, bytes):
        require_plausible(
            format_, lambda start, n: content[start : start + n], len(content), limits
        )
    else:
        require_plausible(format_, content.read_at, content.size, limits)
    with open_container(content, demuxer, limits) as (container, stream):
        _require_size(stream.codec_context, limits)
        _, first = next(decode_packets(packets_of(container, stream)), (None, None))
        if first is None:
            raise CorruptSource(
                "the file has no frame that can be decoded; replace it with an intact copy"
            )
        unit = Fraction(stream.time_base)
        if demuxer in COUNTED:
            unit = 1 / Fraction(stream.average_rate or stream.guessed_rate or 25)
        header = VideoHeader(
            demuxer=demuxer,
            codec=stream.codec_context.name,
            stored=(first.height, first.width),
            turn=turn_of(first),
            begin=_begin(demuxer, first),
            unit=unit,
            length=Fraction(0),
            frame_bytes=sum(plane.buffer_size for plane in first.planes),
        )
        require_memory(header.holds, limits, f"decoding {header.codec} of this size")
        header = replace(
            header,
            length=length_of(container, stream, header, content),
            entries=len(stream.index_entries),
        )
    _require_size(first, limits)
    _require_length(header.length, limits)
    return header


def pixels_of(frame: Any, header: VideoHeader) -> Array:
    """Return a frame's pixels, upright: uint8, (height, width, 3).

    Raises
    ------
    UnsupportedSource
        If its size differs from that of the first frame.
    """
    if (frame.height, frame.width) != header.stored:
        raise UnsupportedSource(
            f"the video's frames change their size, from {header.stored[1]} x {header.stored[0]} to "
            f"{frame.width} x {frame.height} pixels; encode it again at one size"
        )
    pixels: Array = frame.to_ndarray(format="rgb24", threads=1)
    return header.turn.upright(pixels)


def _require_size(sized: Any, limits: Limits) -> None:
    """Raise LimitExceeded for a stream or a frame that is too large."""
    advice = "; raise the limit or store a smaller video"
    require_pixels(sized.height, sized.width, limits, "the video claims", advice=advice)


def _require_length(length: Fraction, limits: Limits) -> None:
    if length > limits.seconds:
        raise LimitExceeded(
            f"the video lasts {float(length):.0f} s, more than the limit of {limits.seconds:g} s; raise "
            "the limit or cut it into shorter parts"
        )


def _begin(demuxer: str, first: Any) -> int:
    if demuxer in COUNTED:
        return 0
    time = first.dts if demuxer == "avi" else first.pts
    return int(time or 0)
