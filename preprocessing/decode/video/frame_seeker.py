"""Seeking in an open video: the frame shown at a given time, decoding as few others as possible.

The frame shown at a time is the last one that begins at or before it. Decoding it takes every frame
since the preceding key frame. So the seeker jumps to the last key frame that is not later than the
wanted time, unless decoding is already past that key frame. It decodes one frame more, to know where the
wanted one ends.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from preprocessing.cancellation import checkpoint
from preprocessing.decode.video.container import BUFFER, decode_packets, packets_of
from preprocessing.errors import CorruptSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from preprocessing.block_reader import BlockReader
    from preprocessing.decode.video.header import VideoHeader

# Packets are stored in decoding order, so the next frame shown is within a few packets of the wanted
# one.
_SLACK = 6
_AHEAD = 2
# Codecs whose packets say, before decoding, whether other frames refer to them, and the values of
# FFmpeg's field_order with which each frame is one packet: 1 is progressive, 0 unknown.
_REFERENCE_FLAGGED = {"h264": (1,), "hevc": (0, 1)}


class FrameSeeker:
    """Reader of a video's frames in order of time.

    Parameters
    ----------
    container : av.InputContainer
        Newly opened, with nothing read from it.
    stream : av.VideoStream
    header : VideoHeader
    pieces : BlockReader, optional
        The source of `container`. It is given the byte ranges that will be read next.
    """

    def __init__(
        self, container: Any, stream: Any, header: VideoHeader, pieces: BlockReader | None = None
    ) -> None:
        self._container, self._stream, self._header = container, stream, header
        self._pieces = pieces
        self._frames = self._follow()
        self._count = 0
        # The decoding time (DTS) of the last packet decoded; None before the first.
        self._reached: int | None = None
        # The time wanted; None where every frame is.
        self._tick: int | None = None
        self._held: Any = None
        # The frame after the held one, its time, and its distance from the frame before it.
        self._after: Any = None
        self._time, self._step = header.begin, 1

    def shown_at(self, tick: int) -> Any:
        """Return the frame shown at a time, which may not be earlier than that of the previous call.

        Parameters
        ----------
        tick : int
            In the stream's time unit, `VideoHeader.unit`.

        Raises
        ------
        CorruptSource
            If no frame can be decoded.
        """
        self._tick = tick
        if self._header.indexed and not self._has_passed(tick):
            key = self._stream.index_entries.search_timestamp(tick)
            seek = self._needs_seek(tick, key)
            self._announce(tick, key if seek or self._reached is None else None)
            if seek:
                self._seek_before(tick)
        while self._peek() is not None and self._time <= tick:
            self._held, self._after = self._after, None
        if self._held is None:
            raise CorruptSource(
                "the file has no frame that can be decoded; replace it with an intact copy"
            )
        return self._held

    def from_to(self, begin: int, end: int | None) -> Iterator[Any]:
        """Yield the frames shown between two times, or from `begin` to the end."""
        if begin > self._header.begin:
            yield self.shown_at(begin)
        self._tick = None
        while self._peek() is not None and (end is None or self._time < end):
            self._held, self._after = self._after, None
            yield self._held

    def _follow(self) -> Iterator[Any]:
        for dts, frame in decode_packets(self._thinned()):
            self._reached = self._reached if dts is None else dts
            yield frame

    def _thinned(self) -> Iterator[Any]:
        """Yield the packets from the current position, and have the decoder skip frames nothing needs.

        A frame is skipped if no other frame refers to it, by the codec's own flag, and one of the next
        packets is shown later but not after the wanted time.
        """
        ahead: deque[Any] = deque()
        for packet in packets_of(self._container, self._stream):
            ahead.append(packet)
            if len(ahead) > _AHEAD:
                yield self._marked(ahead.popleft(), ahead)
        while ahead:
            yield self._marked(ahead.popleft(), ahead)

    def _marked(self, packet: Any, ahead: Iterable[Any]) -> Any:
        codec, tick = self._stream.codec_context, self._tick
        if (
            codec.field_order in _REFERENCE_FLAGGED.get(codec.name, ())
            and not self._header.in_order
        ):
            times = (later.pts for later in ahead)
            left_out = (
                tick is not None
                and packet.pts is not None
                and any(time is not None and packet.pts < time <= tick for time in times)
            )
            codec.skip_frame = "NONREF" if left_out else "DEFAULT"
        return packet

    def _peek(self) -> Any:
        """Return the frame after the held one without advancing; None at the end."""
        if self._after is None:
            self._after = next(self._frames, None)
            if self._after is not None:
                before, self._time = self._time, self._shown(self._after)
                self._step = max(self._time - before, 1)
                self._count += 1
        return self._after

    def _shown(self, frame: Any) -> int:
        """Return the time at which a frame is shown.

        An AVI's index lists its chunks in decoding order. A decoder that reorders frames returns the
        next frame to be shown when it is given a later chunk, so that chunk's position is the frame's
        time. Frames that come out after the last chunk follow at the distance of those before.
        """
        if self._header.counted:
            return self._count
        time = frame.dts if self._header.by_slots else frame.pts
        return self._time + self._step * (self._count > 0) if time is None else int(time)

    def _has_passed(self, tick: int) -> bool:
        """Return whether the next frame is shown after `tick`, so that the held one is the answer."""
        return self._after is not None and self._time > tick

    def _needs_seek(self, tick: int, key: int) -> bool:
        """Return whether a seek skips frames that reading on would decode.

        Parameters
        ----------
        tick : int
            The time wanted.
        key : int
            Position in the index of the last key frame that is not after `tick`; -1 for none.
        """
        begin, reached = self._header.begin, self._reached
        if key >= 0:
            dts = self._stream.index_entries[key].timestamp
            if dts > (begin if reached is None else reached):
                return True
        return reached is None and tick > begin

    def _seek_before(self, tick: int) -> None:
        """Seek to a key frame that is shown at or before a time.

        Some indexes list decoding times instead of presentation times, and so name a key frame that is
        too late. Then step back from there, twice as far each time.
        """
        begin = self._header.begin
        place, back = tick, max(int(1 / self._header.unit), 1)
        while True:
            checkpoint()
            if self._pieces is not None:
                self._pieces.expect_place()
            self._container.seek(max(place, begin), stream=self._stream)
            self._frames, self._held, self._after = self._follow(), None, None
            first = self._peek()
            if place <= begin or (first is not None and self._time <= tick):
                return
            place -= back
            back *= 2

    def _announce(self, tick: int, key: int | None) -> None:
        """Have the bytes up to the wanted frame read in one request, where the index has their sizes.

        Parameters
        ----------
        tick : int
            The time wanted.
        key : int or None
            Position in the index at which reading begins; None for the current position.
        """
        if self._pieces is None or self._header.demuxer != "mov":
            return
        entries = self._stream.index_entries
        if key is None:
            key = entries.search_timestamp(self._reached, any_frame=True)
        wanted = entries.search_timestamp(tick, any_frame=True)
        if 0 <= key <= wanted:
            last = entries[wanted]
            for entry in entries[wanted + 1 : wanted + _SLACK]:
                if entry.is_keyframe:  # large, and probably not needed
                    break
                last = entry
            self._pieces.want(entries[key].pos, last.pos + last.size + BUFFER)
