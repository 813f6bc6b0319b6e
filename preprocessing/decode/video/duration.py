"""The duration of a video: from its first frame to the end of its track.

The duration of a file is often that of its longest track, which may be sound. So the track's own
duration comes first, then its last packets, and the file's duration only where the file has no other
track.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from preprocessing.cancellation import checkpoint
from preprocessing.decode.video.container import decode_packets, packets_of, require_av
from preprocessing.decode.video.timestamps import last_stamp
from preprocessing.errors import CorruptSource

if TYPE_CHECKING:
    from collections.abc import Iterable

    from preprocessing.block_reader import BlockReader
    from preprocessing.decode.video.header import VideoHeader

_MICROSECONDS = 10**6
# Matroska's tag for the duration of a track: https://www.matroska.org/technical/tagging.html
_TAG = re.compile(r"(\d+):([0-5]?\d):([0-5]?\d)(?:\.(\d{1,9}))?\s*\0*")
# Adobe's "Flash Video File Format Specification 10.1", annex E.
_FLV_VIDEO, _FLV_TAG, _FLV_AVC = 9, 11, 7
_FLV_INFO = 5
# Veovera's "Enhanced RTMP", "Enhanced Video": the type of packet replaces the codec, and a name of four
# letters follows. With the codecs below, a packet of type 1 has a composition time offset.
_FLV_ENHANCED, _FLV_FRAMES, _FLV_PROMPT = 0x80, 1, 3
_FLV_LATE = (b"avc1", b"hvc1", b"vvc1")
# The number of video tags that are read from the end, because the last one stored is not always shown
# last, and the most tags of any type that are read for it.
_FLV_LAST, _FLV_MOST = 16, 4096
# A program stream has timestamps on a few frames only, and FFmpeg estimates the end from the last one.
# A file this small, which a source keeps in memory, is read through to find the end of the last frame.
_MOST_COUNTED = 16 * 2**20


def length_of(
    container: Any, stream: Any, header: VideoHeader, content: bytes | BlockReader
) -> Fraction:
    """Return the duration of a video in seconds, from its first frame; this may read packets.

    Raises
    ------
    CorruptSource
        If an FLV is cut off.
    """
    match header.demuxer:
        case "avi":
            length = _of_avi(stream, header)
        case "matroska":
            length = _of_matroska(container, stream, header)
        case "flv":
            length = _of_flv(content, stream, header)
        case "mpegvideo":  # FFmpeg estimates it from the bit rate
            length = Fraction(0)
        case "mpeg" if _size(content) <= _MOST_COUNTED:
            length = Fraction(0)
        # FFmpeg reports the longest stream's duration for a stream whose last timestamps it misses.
        case "mpegts" if len(container.streams) > 1 and (found := _of_ts(content, stream, header)):
            length = found
        case _ if stream.duration:
            # A stream cut in the middle of a group of frames begins at the first decodable frame.
            skipped = max(header.begin - int(stream.start_time or 0), 0)
            length = header.unit * (int(stream.duration) - skipped)
        case _:
            length = _of_file(container, header)
    return length if length > 0 else _counted(container, stream, header)


def _of_avi(stream: Any, header: VideoHeader) -> Fraction:
    """Return the duration by the index, plus the number of chunks by which frames come out late."""
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
    # Writers count both durations from 0 or from the first frame, which is the same if that is at 0.
    if header.begin == 0:
        if len(container.streams) == 1:
            return whole
        # A tag that exceeds the file's duration was left over from an earlier edit.
        tagged = _tagged(stream.metadata)
        if tagged is not None and 0 < tagged <= whole + 1:
            return tagged
    container.seek(max(_last(stream), header.begin), stream=stream)
    return _end(packets_of(container, stream), stream, header)


def _tagged(tags: dict[str, str]) -> Fraction | None:
    """Return the duration in the track's tags, whose names may end in a language; None for none."""
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
    """Return the duration by the last video tags, found from the end: each is followed by its length.

    Raises
    ------
    CorruptSource
        If the last tag is cut off.
    """
    size, read_at = _size(content), _reader(content)
    place, shown, decoded_at = size, list[int](), list[int]()
    for _ in range(_FLV_MOST):
        length = int.from_bytes(read_at(place - 4, 4), "big")
        start = place - 4 - length
        tag = read_at(start, _FLV_TAG + 8) if length >= _FLV_TAG and start > 0 else b""
        if len(tag) < _FLV_TAG or int.from_bytes(tag[1:4], "big") + _FLV_TAG != length:
            if place == size:
                raise CorruptSource("the last tag of the FLV is cut off; upload it again")
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
    """Return when a tag's frame is decoded and when it is shown, in ms; None if it has no frame."""
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
        if content[1] != 1:  # a header or an end marker
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
    """Return the duration by reading the whole file: all frames, or all packets, after the first."""
    if header.counted:
        return header.unit * (1 + sum(1 for _ in decode_packets(packets_of(container, stream))))
    with suppress(require_av().FFmpegError):  # fails if the first frame took all packets
        container.seek(0)
    return _end(packets_of(container, stream), stream, header)


def _end(packets: Iterable[Any], stream: Any, header: VideoHeader) -> Fraction:
    """Return the seconds from the first frame to the end of the last packet.

    Most packets of a program stream have no time: they follow the one before at the track's rate.
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
    """Return the duration of a frame at the track's rate, in units of `VideoHeader.unit`."""
    rate = stream.average_rate or stream.guessed_rate or 1 / header.unit
    return 1 / (header.unit * Fraction(rate))
