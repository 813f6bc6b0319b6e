"""A video as it is stored: some of its frames, and the file itself where a browser plays it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from jitprep.playground.desk import Asset, Desk
from jitprep.playground.drawing.video import MOST_FRAMES, put_video_frame
from jitprep.playground.drawing.view import Frame, View
from preprocessing.cancellation import checkpoint
from preprocessing.decode.video.container import open_container, packets_of
from preprocessing.frozen import frozen
from preprocessing.preview.images import chosen

if TYPE_CHECKING:
    from preprocessing import Limits
    from preprocessing.planner.stages.base import VideoStart
    from preprocessing.planner.stages.video import DecodeVideo

# Files up to this size are given to the browser, in the formats and codecs that Chromium, Firefox and
# Safari play; what they do not play after all, the page shows as frames.
_MOST_BYTES = 128 * 2**20
_MP4_CODECS = frozenset({"h264", "hevc", "av1", "libdav1d", "vp9", "libvpx-vp9"})
_WEBM_CODECS = frozenset({"vp8", "libvpx", "vp9", "libvpx-vp9", "av1", "libdav1d"})
# Pixels that are decoded to show frames at equal distances: about half a second's work.
_MOST_DECODED = 2**27
# A file with fewer key frames is seen better by other frames.
_FEW = 4


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
    header, packets = start.header, _scan(content, start, limits)
    narrowed, how = _narrowed(start, packets)
    count, seconds = packets.count, float(header.length)
    media_type = _played_as(content, start) if len(content) <= _MOST_BYTES else ""
    height, width = header.size
    return View(
        "video",
        f"{header.codec} video {count}×{height}×{width}, {seconds:.4g} s",
        how=how,
        frames=tuple(_shown(desk, content, narrowed)),
        count=count,
        media=desk.put(Asset(content, media_type)) if media_type else "",
        media_type=media_type,
        seconds=seconds,
        rate=count / seconds if seconds > 0 else None,
    )


def draw_poster(desk: Desk, content: bytes, start: DecodeVideo, limits: Limits) -> Frame:
    """Draw the last key frame before the middle of a video file."""
    middle = start.header.length / 2
    keys = [moment for moment in _scan(content, start, limits).keys if moment <= middle]
    (frame,) = _shown(desk, content, _at(start, keys[-1:] or [Fraction(0)]))
    return frame


@frozen
class _Packets:
    """What a file's packets tell without being decoded: their number, and when key frames are shown."""

    count: int
    keys: tuple[Fraction, ...]


def _scan(content: bytes, start: DecodeVideo, limits: Limits) -> _Packets:
    header, count, keys = start.header, 0, list[Fraction]()
    with open_container(content, header.demuxer, limits) as (container, stream):
        for packet in packets_of(container, stream):
            checkpoint()
            count += packet.size > 0
            if packet.is_keyframe and packet.pts is not None and not header.in_order:
                keys.append(max((packet.pts - header.begin) * header.unit, Fraction(0)))
    return _Packets(count, tuple(sorted(keys)))


def _narrowed(start: DecodeVideo, packets: _Packets) -> tuple[VideoStart, str]:
    """Choose the frames to show, and say which they are if not such at equal distances.

    A frame needs all frames since its key frame. Where that is too much, key frames are shown.
    """
    height, width = start.header.size
    most = max(_MOST_DECODED // (height * width), 1)
    shown = max(min(packets.count, MOST_FRAMES), 1)
    if packets.count <= most:
        return start.narrow(lambda choice: choice.sample(shown, shown)), ""
    if len(packets.keys) >= _FEW:
        places = chosen(len(packets.keys), shown)
        return _at(start, [packets.keys[place] for place in places]), "key frames"
    span = start.header.length * most / packets.count
    how = f"frames of the first {float(span):.2g} s, since few are key frames"
    return start.narrow(lambda choice: choice.clip(Fraction(0), span).sample(shown, shown)), how


def _at(start: DecodeVideo, moments: Sequence[Fraction]) -> VideoStart:
    return start.narrow(lambda choice: replace(choice, moments=tuple(moments), to_end=False))


def _shown(desk: Desk, content: bytes, start: VideoStart) -> list[Frame]:
    """Return the frames that were chosen, each once."""
    moments = start.choice.moments
    assert moments is not None
    shown, last = [], None
    for moment, frame in zip(moments, start.frames(content), strict=True):
        checkpoint()
        if frame is last:  # a frame that is shown for long is there once
            continue
        last = frame
        shown.append(put_video_frame(desk, frame, among=len(moments), seconds=float(moment)))
    return shown


def _played_as(content: bytes, start: DecodeVideo) -> str:
    """Return the content type by which browsers play a file; empty where they do not."""
    demuxer, codec = start.header.demuxer, start.header.codec
    if demuxer == "mov" and codec in _MP4_CODECS:
        return "video/mp4"
    if demuxer == "matroska" and codec in _WEBM_CODECS and b"webm" in content[:64]:
        return "video/webm"
    return ""
