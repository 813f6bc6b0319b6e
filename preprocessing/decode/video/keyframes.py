"""The key frames of an open video, each decoded by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from preprocessing.cancellation import checkpoint
from preprocessing.decode.video.container import BUFFER, decode_packet, require_undamaged

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from preprocessing.block_reader import BlockReader
    from preprocessing.decode.video.decoder import VideoHeader


# H.264 and HEVC show a frame at most so many frames after it was decoded.
_REORDERED = 16


class KeyFrameReader:
    """The key frames shown from a moment to another.

    An MP4 says where each is, and nothing else is read; in other files they are met on the way.

    Parameters
    ----------
    container : av.InputContainer
        As it was opened.
    stream : av.VideoStream
    header : VideoHeader
    begin : int
    end : int or None
        None for the end of the video.
    pieces : BlockReader, optional
        What it is read from, to be told what will be read.
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
        # Of a file in fragments the index is known as far as it was read.
        known = header.demuxer == "mov" and stream.frames == len(stream.index_entries)
        self._places = self._indexed() if known else None

    def count(self) -> int:
        """Return how many there are."""
        if self._places is not None and self._whole:
            return len(self._places)
        return sum(1 for _ in self._packets(None))

    def frames(self, wanted: Container[int]) -> Iterator[Any]:
        """Yield them; `wanted` has their numbers."""
        for number, packet in self._packets(wanted):
            if number in wanted:
                yield from decode_packet(packet)
                rest = self._stream.codec_context.decode(None)
                require_undamaged(rest)
                yield from rest
                self._stream.codec_context.flush_buffers()

    def _indexed(self) -> list[Any]:
        """Return the index of the key frames, those among it that may be shown before the beginning.

        It tells when frames are decoded. One that is decoded before the beginning may be shown after it.
        """
        entries = self._stream.index_entries
        first = max(entries.search_timestamp(self._begin) - _REORDERED, 0)
        return [entry for entry in entries[first:] if entry.is_keyframe and not entry.is_discard]

    @property
    def _whole(self) -> bool:
        return self._begin <= self._header.begin and self._end is None

    def _packets(self, wanted: Container[int] | None) -> Iterator[tuple[int, Any]]:
        """Yield their packets with their numbers; those that are not wanted may be left out."""
        number = -1
        for packet in self._listed(wanted) if self._places is not None else self._met():
            checkpoint()
            if packet is None:
                number += 1
                continue
            time = self._time(packet)
            if self._end is not None and time is not None and time >= self._end:
                return
            if time is not None and time >= self._begin:
                number += 1
                yield number, packet

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
        yield from filter(lambda packet: packet.is_keyframe, self._container.demux(self._stream))

    def _listed(self, wanted: Container[int] | None) -> Iterator[Any]:
        """Yield the packets at the places that the index tells; None for one that is not wanted."""
        assert self._places is not None
        for number, place in enumerate(self._places):
            if wanted is not None and self._whole and number not in wanted:
                yield None
                continue
            if self._pieces is not None:
                self._pieces.want(place.pos, place.pos + place.size + BUFFER)
            # From just before the next one it goes back to this one, or to one before.
            after = self._places[number + 1 : number + 2]
            last = self._stream.index_entries[-1]
            moment = after[0].timestamp - 1 if after else last.timestamp
            self._container.seek(moment, stream=self._stream)
            for packet in self._container.demux(self._stream):
                if packet.pos == place.pos:
                    yield packet
                    break
