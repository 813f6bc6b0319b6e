"""Header of a video: what is known before its frames are decoded."""

from __future__ import annotations

from fractions import Fraction

from preprocessing.decode.video.display_matrix import Turn
from preprocessing.frozen import frozen

# Demuxers whose frames have no times: they follow each other at a constant rate.
COUNTED = frozenset({"mpegvideo"})
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
        return self.demuxer in COUNTED

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
