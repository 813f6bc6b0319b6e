"""The frames of an open video that are wanted, and of the others as few as there must be.

A frame is found by the moment at which it is shown: it is the last that begins at that moment or before.
To decode it takes all frames from a key frame on; so we go to the last key frame that is not after it,
unless we are behind that already. Whether a frame is the last one the next one tells.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from preprocessing.cancellation import checkpoint
from preprocessing.decode.video.container import BUFFER, decode_packets
from preprocessing.errors import CorruptSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from preprocessing.block_reader import BlockReader
    from preprocessing.decode.video.decoder import VideoHeader

# Packets are stored in the order of decoding; those of the frame after the one that is wanted are near.
_SLACK = 6
_AHEAD = 2
# Codecs whose packets say, before they are decoded, whether others refer to them; and, by FFmpeg's
# numbers, how frames are laid out where each is one packet: progressively, or where nobody tells, 0.
_TELLING = {"h264": (1,), "hevc": (0, 1)}


class FrameSeeker:
    """A video from which frames are taken in the order of time.

    Parameters
    ----------
    container : av.InputContainer
        As it was opened.
    stream : av.VideoStream
    header : VideoHeader
    pieces : BlockReader, optional
        What it is read from, to be told what will be read.
    """

    def __init__(
        self, container: Any, stream: Any, header: VideoHeader, pieces: BlockReader | None = None
    ) -> None:
        self._container, self._stream, self._header = container, stream, header
        self._pieces = pieces
        self._frames = self._follow()
        self._count = 0
        # When the packet that was decoded last is to be decoded, as the index tells it.
        self._reached: int | None = None
        # The moment that is wanted; None where all frames are.
        self._tick: int | None = None
        self._held: Any = None
        # The frame after it, when that one is shown, and by how much later than the one before.
        self._after: Any = None
        self._time, self._step = header.begin, 1

    def shown_at(self, tick: int) -> Any:
        """Return the frame shown at a moment, not before the last one asked for.

        Raises
        ------
        CorruptSource
        """
        self._tick = tick
        if self._header.indexed:
            self._go_to(tick)
        while self._peek() is not None and self._time <= tick:
            self._held, self._after = self._after, None
        if self._held is None:
            raise CorruptSource("no frame of the video can be decoded")
        return self._held

    def from_to(self, begin: int, end: int | None) -> Iterator[Any]:
        """Yield the frames shown from a moment to another, or to the end."""
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
        """Yield the packets from where we are, and have the decoder leave out what nobody needs.

        That is a frame that no other refers to, which the codec tells, and that is not the last one at
        the wanted moment, which one of the next packets tells.
        """
        ahead: deque[Any] = deque()
        for packet in self._container.demux(self._stream):
            ahead.append(packet)
            if len(ahead) > _AHEAD:
                yield self._marked(ahead.popleft(), ahead)
        while ahead:
            yield self._marked(ahead.popleft(), ahead)

    def _marked(self, packet: Any, ahead: Iterable[Any]) -> Any:
        codec, tick = self._stream.codec_context, self._tick
        if codec.field_order in _TELLING.get(codec.name, ()) and not self._header.in_order:
            times = (later.pts for later in ahead)
            left_out = (
                tick is not None
                and packet.pts is not None
                and any(time is not None and packet.pts < time <= tick for time in times)
            )
            codec.skip_frame = "NONREF" if left_out else "DEFAULT"
        return packet

    def _peek(self) -> Any:
        """Return the frame after the one that is held; None at the end."""
        if self._after is None:
            self._after = next(self._frames, None)
            if self._after is not None:
                before, self._time = self._time, self._shown(self._after)
                self._step = max(self._time - before, 1)
                self._count += 1
        return self._after

    def _shown(self, frame: Any) -> int:
        """Return when a frame is shown.

        An AVI's index lists when chunks come, in the order of decoding. A decoder that reorders gives
        the frame that is shown next as it takes a later one, so that the slot of that one is the
        frame's; those that come out after the last chunk follow at the rate of the ones before.
        """
        if self._header.counted:
            return self._count
        time = frame.dts if self._header.by_slots else frame.pts
        return self._time + self._step * (self._count > 0) if time is None else int(time)

    def _go_to(self, tick: int) -> None:
        """Go to the key frame before a moment, where that is farther than we are.

        An index may tell when frames are decoded instead of when they are shown, and so name a key frame
        that comes too late; then we go back from there, farther each time.
        """
        begin = self._header.begin
        if self._after is not None and self._time > tick:
            return
        key = self._stream.index_entries.search_timestamp(tick)
        ahead = key >= 0 and self._is_ahead(self._stream.index_entries[key].timestamp)
        self._foresee(tick, key if ahead or self._reached is None else None)
        if not ahead and (self._reached is not None or tick <= begin):
            return
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

    def _is_ahead(self, dts: int) -> bool:
        return dts > (self._header.begin if self._reached is None else self._reached)

    def _foresee(self, tick: int, key: int | None) -> None:
        """Say what of the file will be read, so that it can be read at once; an MP4 tells sizes.

        Parameters
        ----------
        tick : int
            The moment that is wanted.
        key : int or None
            Where in the index reading begins; None for where we are.
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
                if entry.is_keyframe:  # large, and perhaps too far
                    break
                last = entry
            self._pieces.want(entries[key].pos, last.pos + last.size + BUFFER)
