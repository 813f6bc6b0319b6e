"""How long a video lasts: from its first frame to the end of its own track.

A file's length is often that of its longest track, which may be sound. So the track is asked first, then
its last packets, and the file only where it holds nothing else.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from preprocessing.cancellation import checkpoint
from preprocessing.decode.video.container import decode_packets, require_av
from preprocessing.decode.video.timestamps import last_stamp
from preprocessing.errors import CorruptSource

if TYPE_CHECKING:
    from collections.abc import Iterable

    from preprocessing.block_reader import BlockReader
    from preprocessing.decode.video.decoder import VideoHeader

_MICROSECONDS = 10**6
# Matroska's tag for a track's length: https://www.matroska.org/technical/tagging.html
_TAG = re.compile(r"(\d+):([0-5]?\d):([0-5]?\d)(?:\.(\d{1,9}))?\s*\0*")
# Adobe's "Flash Video File Format Specification 10.1", annex E.
_FLV_VIDEO, _FLV_TAG, _FLV_AVC = 9, 11, 7
_FLV_INFO = 5
# Veovera's "Enhanced RTMP", "Enhanced Video": the kind of packet takes the codec's place, and a name of
# four letters follows. Of these codecs a packet of the first kind tells how late it is shown.
_FLV_ENHANCED, _FLV_FRAMES, _FLV_PROMPT = 0x80, 1, 3
_FLV_LATE = (b"avc1", b"hvc1", b"vvc1")
# So many tags of video are looked at from the end, as the last one stored is not always shown last; and
# so many tags at the most.
_FLV_LAST, _FLV_MOST = 16, 4096
# A program stream stamps a few frames only, and FFmpeg guesses its end from the last stamp. What is no
# longer than is kept of a source costs one pass, which finds the end of the last frame.
_MOST_COUNTED = 16 * 2**20


def length_of(
    container: Any, stream: Any, header: VideoHeader, content: bytes | BlockReader
) -> Fraction:
    """Return how many seconds a video lasts, from its first frame on; packets may be read for it.

    Raises
    ------
    CorruptSource
        For an FLV that breaks off.
    """
    match header.demuxer:
        case "avi":
            length = _of_avi(stream, header)
        case "matroska":
            length = _of_matroska(container, stream, header)
        case "flv":
            length = _of_flv(content, stream, header)
        case "mpegvideo":  # FFmpeg guesses by the bit rate
            length = Fraction(0)
        case "mpeg" if _size(content) <= _MOST_COUNTED:
            length = Fraction(0)
        # FFmpeg gives a stream whose last stamps it does not find the length of the longest one.
        case "mpegts" if len(container.streams) > 1 and (told := _of_ts(content, stream, header)):
            length = told
        case _ if stream.duration:
            # A stream that was entered in the middle of a group of frames begins where one is decoded.
            skipped = max(header.begin - int(stream.start_time or 0), 0)
            length = header.unit * (int(stream.duration) - skipped)
        case _:
            length = _of_file(container, header)
    return length if length > 0 else _counted(container, stream, header)


def _of_avi(stream: Any, header: VideoHeader) -> Fraction:
    """Return it by the index; by as many chunks as a frame comes out late, the last is shown later."""
    entries = stream.index_entries
    count = len(entries)
    late = bisect_left(range(count), header.begin, key=lambda i: int(entries[i].timestamp))
    last = _last(stream)
    step = last - int(entries[count - 2].timestamp) if count > 1 else 1
    end = max(int(stream.duration or 0), last + 1)
    return header.unit * (end + late * step - header.begin)


def _last(stream: Any) -> int:
    entries = stream.index_entries
    return int(entries[-1].timestamp) if len(entries) else 0


def _of_file(container: Any, header: VideoHeader) -> Fraction:
    if not container.duration:
        return Fraction(0)
    end = Fraction((container.start_time or 0) + container.duration, _MICROSECONDS)
    return end - header.unit * header.begin


def _of_matroska(container: Any, stream: Any, header: VideoHeader) -> Fraction:
    whole = Fraction(container.duration or 0, _MICROSECONDS)
    if whole <= 0:
        return whole
    # Writers count both lengths from 0, or from the first frame: these are the same at a begin of 0.
    if header.begin == 0:
        if len(container.streams) == 1:
            return whole
        # One that ends after the file was left by another edit.
        told = _tagged(stream.metadata)
        if told is not None and 0 < told <= whole + 1:
            return told
    container.seek(max(_last(stream), header.begin), stream=stream)
    return _end(container.demux(stream), stream, header)


def _tagged(tags: dict[str, str]) -> Fraction | None:
    """Return the length that the track's tags give; their names may end in a language."""
    names = {name.upper().partition("-")[0]: value for name, value in tags.items()}
    found = _TAG.fullmatch(names.get("DURATION", ""))
    if found is None:
        return None
    hours, minutes, seconds, rest = found.groups()
    return Fraction(f"{int(hours) * 3600 + int(minutes) * 60 + int(seconds)}.{rest or 0}")


def _of_ts(content: bytes | BlockReader, stream: Any, header: VideoHeader) -> Fraction:
    last = last_stamp(_reader(content), _size(content), stream.id, header.begin)
    return Fraction(0) if last is None else header.unit * (last + _usual(stream, header))


def _of_flv(content: bytes | BlockReader, stream: Any, header: VideoHeader) -> Fraction:
    """Return it by the last tags of video, found from the end: each is followed by its length.

    Raises
    ------
    CorruptSource
        Where the last tag is cut.
    """
    size, read_at = _size(content), _reader(content)
    place, shown, decoded_at = size, list[int](), list[int]()
    for _ in range(_FLV_MOST):
        length = int.from_bytes(read_at(place - 4, 4), "big")
        start = place - 4 - length
        tag = read_at(start, _FLV_TAG + 8) if length >= _FLV_TAG and start > 0 else b""
        if len(tag) < _FLV_TAG or int.from_bytes(tag[1:4], "big") + _FLV_TAG != length:
            if place == size:
                raise CorruptSource("the last tag of the FLV is cut; upload it again")
            break
        place = start
        if tag[0] & 0x1F == _FLV_VIDEO and (times := _flv_times(tag)) is not None:
            decoded_at.append(times[0])
            shown.append(times[1])
            if len(shown) == _FLV_LAST:
                break
    if not shown:
        return Fraction(0)
    step = decoded_at[0] - decoded_at[1] if len(shown) > 1 else _usual(stream, header)
    last = max(min(Fraction(step), _usual(stream, header)), Fraction(1))
    return header.unit * (max(shown) + last - header.begin)


def _flv_times(tag: bytes) -> tuple[int, int] | None:
    """Return when a tag's frame is decoded and when it is shown, in ms; None where it has no frame."""
    time = int.from_bytes(tag[7:8] + tag[4:7], "big")
    content = tag[_FLV_TAG:].ljust(8, b"\0")
    first = content[0]
    if not first or first >> 4 & 7 == _FLV_INFO:
        return None
    late = b""
    if first & _FLV_ENHANCED:
        if first & 15 not in (_FLV_FRAMES, _FLV_PROMPT):
            return None
        if first & 15 == _FLV_FRAMES and content[1:5] in _FLV_LATE:
            late = content[5:8]
    elif first & 15 == _FLV_AVC:
        if content[1] != 1:  # a header, or the end's mark
            return None
        late = content[2:5]
    return time, time + int.from_bytes(late, "big", signed=True)


def _size(content: bytes | BlockReader) -> int:
    return len(content) if isinstance(content, bytes) else content.size


def _reader(content: bytes | BlockReader) -> Any:
    if isinstance(content, bytes):
        return lambda start, length: content[max(start, 0) : max(start, 0) + length]
    return lambda start, length: content.read_at(max(start, 0), length)


def _counted(container: Any, stream: Any, header: VideoHeader) -> Fraction:
    """Return it by all frames or packets that follow the first; for that all of the file is read."""
    if header.counted:
        return header.unit * (1 + sum(1 for _ in decode_packets(container.demux(stream))))
    with suppress(require_av().FFmpegError):  # the first frame may have taken all packets
        container.seek(0)
    return _end(container.demux(stream), stream, header)


def _end(packets: Iterable[Any], stream: Any, header: VideoHeader) -> Fraction:
    """Return the seconds from the first frame to the end of the last packet.

    Of a program stream most packets have no time: they follow the one before at the track's rate.
    """
    usual = _usual(stream, header)
    origin = 0 if header.by_slots else header.begin
    end, late = Fraction(origin + 1), Fraction(0)
    decoded_at: Fraction | None = None
    for packet in packets:
        checkpoint()
        time = packet.dts if header.by_slots else packet.pts
        if packet.dts is not None:
            late = Fraction(packet.pts - packet.dts) if decoded_at is None and packet.pts else late
            decoded_at = Fraction(packet.dts)
        elif decoded_at is not None and packet.size:
            decoded_at += usual
            time = decoded_at + late if time is None else time
        if time is not None:
            end = max(end, Fraction(time) + Fraction(packet.duration or usual))
    return header.unit * (end - origin)


def _usual(stream: Any, header: VideoHeader) -> Fraction:
    """Return how many units a frame lasts at the track's rate."""
    rate = stream.average_rate or stream.guessed_rate or 1 / header.unit
    return 1 / (header.unit * Fraction(rate))
