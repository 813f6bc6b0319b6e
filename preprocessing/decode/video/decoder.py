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

# FFmpeg's demuxers that are not named like the format. FFmpeg is always given a demuxer, because it
# would otherwise guess, and a file could choose any of them.
_DEMUXERS = {"mp4": "mov"}
_BARE_MPEG = b"\x00\x00\x01\xb3"
# Demuxers whose frames have no times: they follow each other at a constant rate.
_COUNTED = frozenset({"mpegvideo"})
# Frames that a decoder keeps, by FFmpeg's name of it: reference frames, frames that wait to be shown,
# the current one, and two of ours. H.264 and HEVC have up to 16 and 17 reference frames.
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
# Bytes that a decoder and demuxer hold besides frames. Measured with 1080p and 4K, as the numbers above.
_DECODER = 8 * 2**20
# Bytes of an AVIndexEntry, and of what the demuxer holds for each.
_ENTRY = 80
_INDEXED = frozenset({"mov", "matroska"})


@frozen
class VideoHeader:
    """Header of a video: what is known before its frames are decoded.

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
        Time of the first frame, in units of `unit`.
    unit : Fraction
        The stream's unit of time, in seconds. Where frames have no times, the duration of a frame.
    length : Fraction
        Seconds from the first frame to the end.
    frame_bytes : int
        Bytes of a decoded frame before conversion to RGB, in all planes.
    entries : int
        Number of entries in FFmpeg's index.
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
        """Most bytes that decoding holds at once: the decoder's frames, the index, and RGB frames.

        There are three of the latter: swscale's, the array made of it, and the previous frame's array.
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
        """Whether the time of a frame is its number."""
        return self.demuxer in _COUNTED

    @property
    def by_slots(self) -> bool:
        """Whether the time of a frame is a chunk's position among all chunks, empty ones included."""
        return self.demuxer == "avi"

    @property
    def in_order(self) -> bool:
        """Whether packets do not say when their frames are shown."""
        return self.counted or self.by_slots

    @property
    def indexed(self) -> bool:
        """Whether an index finds a frame without reading everything before it."""
        return self.demuxer in _INDEXED

    def ticks(self, seconds: Fraction) -> int:
        """Return the last time of the stream that is not after `seconds`, in units of `unit`."""
        return self.begin + int(seconds // self.unit)

    def first_tick(self, seconds: Fraction) -> int:
        """Return the first time of the stream that is not before `seconds`, in units of `unit`."""
        return self.begin - int(-seconds // self.unit)


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
        _, first = next(decode_packets(container.demux(stream)), (None, None))
        if first is None:
            raise CorruptSource(
                "the file has no frame that can be decoded; replace it with an intact copy"
            )
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
    if demuxer in _COUNTED:
        return 0
    time = first.dts if demuxer == "avi" else first.pts
    return int(time or 0)
