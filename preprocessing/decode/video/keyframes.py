"""The key frames of an open video, each decoded on its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from preprocessing.cancellation import checkpoint
from preprocessing.decode.video.container import (
    BUFFER,
    decode_packet,
    packets_of,
    require_undamaged,
)

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from preprocessing.block_reader import BlockReader
    from preprocessing.decode.video.header import VideoHeader


# H.264 and HEVC show a frame at most this many frames after it was decoded.
_REORDERED = 16


class KeyFrameReader:
    """Reader of the key frames shown between two times.

    The index of an MP4 says where each key frame is, and nothing else is read. Other files are read
    through, and their key frames picked out.

    Parameters
    ----------
    container : av.InputContainer
        Newly opened, with nothing read from it.
    stream : av.VideoStream
    header : VideoHeader
    begin : int
        In units of `VideoHeader.unit`.
    end : int or None
        The first time that is left out; None for the end of the video.
    pieces : BlockReader, optional
        The source of `container`. It is given the byte ranges that will be read next.
    """

    def __init__(
        self,
        container: Any,
        stream: Any,
        header: VideoHeader,
        begin: int,
        end: int | None,
        pieces: BlockReader | None = None,
    ) -> None:
        self._container, self._stream, self._header = container, stream, header
        self._begin, self._end, self._pieces = begin, end, pieces
        stream.discard = type(stream.discard).nonkey
        # The index of a fragmented file is complete only as far as the file was read.
        known = header.demuxer == "mov" and stream.frames == len(stream.index_entries)
        self._places = self._indexed() if known else None

    def count(self) -> int:
        """Return the number of key frames."""
        if self._places is not None and self._whole:
            return len(self._places)
        return sum(1 for _ in self._packets(None))

    def frames(self, wanted: Container[int]) -> Iterator[Any]:
        """Yield the key frames whose numbers, counted from 0, are in `wanted`."""
        for number, packet in self._packets(wanted):
            if packet is not None and number in wanted:
                yield from decode_packet(packet)
                rest = self._stream.codec_context.decode(None)
                require_undamaged(rest)
                yield from rest
                self._stream.codec_context.flush_buffers()

    def _indexed(self) -> list[Any]:
        """Return the index entries of the key frames, from a few frames before `begin` on.

        The index has decoding times: a frame decoded before `begin` may be shown after it.
        """
        entries = self._stream.index_entries
        first = max(entries.search_timestamp(self._begin) - _REORDERED, 0)
        return [entry for entry in entries[first:] if entry.is_keyframe and not entry.is_discard]

    @property
    def _whole(self) -> bool:
        return self._begin <= self._header.begin and self._end is None

    def _packets(self, wanted: Container[int] | None) -> Iterator[tuple[int, Any | None]]:
        """Yield the number and the packet of each key frame; None instead of a packet not read."""
        number = 0
        for packet in self._listed(wanted) if self._places is not None else self._met():
            checkpoint()
            time = None if packet is None else self._time(packet)
            if self._end is not None and time is not None and time >= self._end:
                return
            if packet is None or (time is not None and time >= self._begin):
                yield number, packet
                number += 1

    def _time(self, packet: Any) -> int | None:
        if self._header.by_slots and packet.dts is not None:
            entries = self._stream.index_entries
            first = entries[0].timestamp if len(entries) else 0
            return int(packet.dts) + self._header.begin - int(first)
        time: int | None = packet.dts if packet.pts is None else packet.pts
        return time

    def _met(self) -> Iterator[Any]:
        if self._header.indexed and self._begin > self._header.begin:
            self._container.seek(self._begin, stream=self._stream)
        yield from filter(
            lambda packet: packet.is_keyframe, packets_of(self._container, self._stream)
        )

    def _listed(self, wanted: Container[int] | None) -> Iterator[Any | None]:
        """Yield the packets that the index lists; None for each that is not in `wanted`."""
        assert self._places is not None
        for number, place in enumerate(self._places):
            if wanted is not None and self._whole and number not in wanted:
                yield None
                continue
            if self._pieces is not None:
                self._pieces.want(place.pos, place.pos + place.size + BUFFER)
            # FFmpeg seeks backwards to a key frame: from just before the next one to this one or
            # earlier.
            after = self._places[number + 1 : number + 2]
            last = self._stream.index_entries[-1]
            moment = after[0].timestamp - 1 if after else last.timestamp
            self._container.seek(moment, stream=self._stream)
            for packet in packets_of(self._container, self._stream):
                if packet.pos == place.pos:
                    yield packet
                    break
