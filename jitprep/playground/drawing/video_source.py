"""A video as it is stored: some of its frames, and the file itself where a browser plays it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jitprep.playground.desk import Asset, Desk
from jitprep.playground.drawing.video import MOST_FRAMES, put_video_frame
from jitprep.playground.drawing.view import Frame, View
from preprocessing.cancellation import checkpoint
from preprocessing.decode.video.container import open_container, packets_of
from preprocessing.planner.stages.video import DecodeVideo

if TYPE_CHECKING:
    from preprocessing import Limits

# Files up to this size are given to the browser, in the formats and codecs that Chromium, Firefox and
# Safari play; what they do not play after all, the page shows as frames.
_MOST_BYTES = 128 * 2**20
_MP4_CODECS = frozenset({"h264", "hevc", "av1", "libdav1d", "vp9", "libvpx-vp9"})
_WEBM_CODECS = frozenset({"vp8", "libvpx", "vp9", "libvpx-vp9", "av1", "libdav1d"})
# Frames of an index that are counted by it. Those of others are counted by their packets.
_MANY = 20_000


def draw_video_source(desk: Desk, content: bytes, start: DecodeVideo, limits: Limits) -> View:
    """Draw a video file. Only the frames that are shown are decoded.

    Parameters
    ----------
    desk : Desk
    content : bytes
    start : DecodeVideo
        Of all of its frames, as `load_source` returns it.
    limits : Limits
    """
    header = start.header
    count, seconds = _count(content, start, limits), float(header.length)
    media_type = _played_as(content, start) if len(content) <= _MOST_BYTES else ""
    height, width = header.size
    return View(
        "video",
        f"{header.codec} video {count}×{height}×{width}, {seconds:.4g} s",
        frames=tuple(_shown(desk, content, start, min(count, MOST_FRAMES))),
        count=count,
        media=desk.put(Asset(content, media_type)) if media_type else "",
        media_type=media_type,
        seconds=seconds,
        rate=count / seconds if seconds > 0 else None,
    )


def draw_poster(desk: Desk, content: bytes, start: DecodeVideo) -> Frame:
    """Draw the frame in the middle of a video file."""
    (frame,) = _shown(desk, content, start, 1)
    return frame


def _shown(desk: Desk, content: bytes, start: DecodeVideo, most: int) -> list[Frame]:
    """Return frames at equal distances of time, each once."""
    narrowed = start.narrow(lambda choice: choice.sample(most, most))
    assert narrowed.choice.moments is not None
    shown, last = [], None
    for moment, frame in zip(narrowed.choice.moments, narrowed.frames(content), strict=True):
        checkpoint()
        if frame is last:  # a frame that is shown for long is there once
            continue
        last = frame
        shown.append(put_video_frame(desk, frame, among=most, seconds=float(moment)))
    return shown


def _count(content: bytes, start: DecodeVideo, limits: Limits) -> int:
    if start.header.entries > _MANY:
        return start.header.entries
    with open_container(content, start.header.demuxer, limits) as (container, stream):
        return sum(1 for packet in packets_of(container, stream) if packet.size)


def _played_as(content: bytes, start: DecodeVideo) -> str:
    """Return the content type by which browsers play a file; empty where they do not."""
    demuxer, codec = start.header.demuxer, start.header.codec
    if demuxer == "mov" and codec in _MP4_CODECS:
        return "video/mp4"
    if demuxer == "matroska" and codec in _WEBM_CODECS and b"webm" in content[:64]:
        return "video/webm"
    return ""
