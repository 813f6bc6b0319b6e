"""Video files to frames, by FFmpeg (through PyAV), one thread.

Whatever the file holds, a frame is 8-bit RGB, upright: what PyAV's ``frame.to_ndarray(format="rgb24")``
gives, turned as the file's display matrix tells. The matrix and range of its colours are those that the
file names, and swscale's defaults where it names none. Pixels are taken to be square. Sound, subtitles
and pictures that come along are ignored; of several videos in a file the first is meant.

MP4, QuickTime, Matroska and WebM have an index; of these only what is needed is read (`frame_seeker`).
Others are read from their beginning up to the last frame that is needed.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from preprocessing.decode.unsupported import require_supported
from preprocessing.decode.video.container import decode_packets, open_container
from preprocessing.decode.video.container_checks import require_plausible
from preprocessing.decode.video.display_matrix import Turn, turn_of
from preprocessing.decode.video.duration import length_of
from preprocessing.errors import CorruptSource, LimitExceeded, UnsupportedSource
from preprocessing.frozen import frozen
from preprocessing.limits import require_memory, require_pixels

if TYPE_CHECKING:
    from preprocessing.block_reader import BlockReader
    from preprocessing.limits import Limits
    from preprocessing.media import Array

# FFmpeg's demuxers by our formats: none is guessed, so that no file can name another.
_DEMUXERS = {
    "mp4": "mov",
    "matroska": "matroska",
    "avi": "avi",
    "mpeg": "mpeg",
    "mpegts": "mpegts",
    "flv": "flv",
}
_BARE_MPEG = b"\x00\x00\x01\xb3"
# Those whose frames have no times of their own: they follow each other at one rate.
_COUNTED = frozenset({"mpegvideo"})
# Frames that a decoder keeps, by FFmpeg's names: those that later ones refer to, those that wait to be
# shown, the one that is made, and two of ours. H.264 and HEVC have up to 16 and 17 of the first kind.
_FRAMES = {"mjpeg": 6, "png": 6, "rawvideo": 6, "prores": 6, "mpeg1video": 8, "mpeg2video": 8}
_FRAMES |= {
    "mpeg4": 8,
    "h263": 8,
    "flv1": 8,
    "msmpeg4v3": 8,
    "vp8": 10,
    "vp9": 14,
    "libvpx-vp9": 14,
}
_FRAMES |= {"av1": 14, "libdav1d": 14}
_MOST_FRAMES = 22
# What any decoder and demuxer have beside frames. Measured, as the numbers above, of 1080p and 4K.
_DECODER = 8 * 2**20
# AVIndexEntry, and what the demuxer has beside it for each.
_ENTRY = 80
_INDEXED = frozenset({"mov", "matroska"})


@frozen
class VideoHeader:
    """What is known of a video before it is decoded.

    Parameters
    ----------
    demuxer : str
        FFmpeg's name for the format.
    codec : str
    stored : (int, int)
        Height and width as stored.
    turn : Turn
        How a stored frame is turned upright.
    begin : int
        When the first frame is shown, in units of `unit`.
    unit : Fraction
        Of the stream's times, in seconds; where they are counted, of a frame.
    length : Fraction
        Seconds from the first frame to the end.
    frame_bytes : int
        Of a decoded frame as it is stored, in all its planes.
    entries : int
        Of FFmpeg's index.
    """

    demuxer: str
    codec: str
    stored: tuple[int, int]
    turn: Turn
    begin: int
    unit: Fraction
    length: Fraction
    frame_bytes: int = 0
    entries: int = 0

    @property
    def holds(self) -> int:
        """Most bytes that decoding holds at once: the decoder's frames, the index, and a frame of RGB.

        The last is there as swscale made it, as an array, and as what a later frame is compared with.
        """
        frames = _FRAMES.get(self.codec, _MOST_FRAMES)
        height, width = self.stored
        kept = frames * self.frame_bytes + self.entries * _ENTRY
        return kept + 3 * 3 * height * width + _DECODER

    @property
    def size(self) -> tuple[int, int]:
        """Height and width when upright, in pixels."""
        height, width = self.stored
        return (width, height) if self.turn.transposed else (height, width)

    @property
    def counted(self) -> bool:
        """Whether a frame's number is its time."""
        return self.demuxer in _COUNTED

    @property
    def by_slots(self) -> bool:
        """Whether a frame's time is the place of a chunk among all chunks, the empty ones counted."""
        return self.demuxer == "avi"

    @property
    def in_order(self) -> bool:
        """Whether packets say nothing of when their frames are shown."""
        return self.counted or self.by_slots

    @property
    def indexed(self) -> bool:
        """Whether a frame can be found without reading all before it."""
        return self.demuxer in _INDEXED

    def ticks(self, seconds: Fraction) -> int:
        """Return the last of the stream's times that is not after a moment, in units of `unit`."""
        return self.begin + int(seconds // self.unit)

    def first_tick(self, seconds: Fraction) -> int:
        """Return the first of the stream's times that is not before a moment."""
        return self.begin - int(-seconds // self.unit)


def probe(content: bytes | BlockReader, format_: str, limits: Limits) -> VideoHeader:
    """Read a video's header and decode its first frame, which alone tells how it is turned.

    Parameters
    ----------
    content : bytes or BlockReader
    format_ : str
        As `sniff` tells.
    limits : Limits

    Returns
    -------
    VideoHeader

    Raises
    ------
    SourceError, IncompatibleSource, LimitExceeded
    """
    require_supported(format_)
    demuxer = _DEMUXERS[format_]
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
        _, first = next(decode_packets(container.demux(stream)), (None, None))
        if first is None:
            raise CorruptSource("no frame of the video can be decoded")
        unit = Fraction(stream.time_base)
        if demuxer in _COUNTED:
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
    """Return a frame's pixels, (height, width, 3), upright.

    Raises
    ------
    UnsupportedSource
        Where it has another size than the first.
    """
    if (frame.height, frame.width) != header.stored:
        raise UnsupportedSource(
            f"the video's frames change their size, from {header.stored[1]} x {header.stored[0]} to "
            f"{frame.width} x {frame.height}; encode it anew, at one size"
        )
    pixels: Array = frame.to_ndarray(format="rgb24", threads=1)
    return header.turn.upright(pixels)


def _require_size(sized: Any, limits: Limits) -> None:
    """Refuse a stream or a frame that is too large."""
    advice = "; raise the limit or store a smaller video"
    require_pixels(sized.height, sized.width, limits, "the video claims", advice=advice)


def _require_length(length: Fraction, limits: Limits) -> None:
    if length > limits.seconds:
        raise LimitExceeded(
            f"the video claims to last {float(length):.0f} s, more than the limit of "
            f"{limits.seconds:g}; raise the limit or cut it into shorter ones"
        )


def _begin(demuxer: str, first: Any) -> int:
    if demuxer in _COUNTED:
        return 0
    time = first.dts if demuxer == "avi" else first.pts
    return int(time or 0)
