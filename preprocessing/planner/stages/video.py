"""`DecodeVideo` and `GivenVideo`: the starts of a plan for video."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, Any, cast

from preprocessing.block_reader import BlockReader
from preprocessing.decode.video.container import open_container
from preprocessing.decode.video.decoder import pixels_of, probe
from preprocessing.decode.video.frame_seeker import FrameSeeker
from preprocessing.decode.video.header import VideoHeader
from preprocessing.decode.video.keyframes import KeyFrameReader
from preprocessing.errors import IncompatibleSource, LimitExceeded
from preprocessing.frozen import frozen
from preprocessing.media import VideoSpec
from preprocessing.planner.stages.base import VideoStart
from preprocessing.planner.stages.frame_selection import FrameSelection

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator

    from preprocessing.decode.formats import Format
    from preprocessing.limits import Limits
    from preprocessing.media import Array, Content


@frozen
class GivenVideo(VideoStart):
    """Start of a source that is an array of frames.

    Parameters
    ----------
    spec : VideoSpec
        Spec of the whole array.
    rate : Fraction
        Frames per second; 1 if unknown.
    choice : FrameSelection
    """

    spec: VideoSpec
    rate: Fraction
    choice: FrameSelection

    @classmethod
    def of(cls, spec: VideoSpec, rate: float | None) -> GivenVideo:
        """Return the start of an array with `rate` frames per second, or an unknown rate.

        Raises
        ------
        IncompatibleSource
            If the rate is not a positive, finite number.
        """
        if rate is not None and not 0 < rate < float("inf"):
            raise IncompatibleSource(
                f"a video's rate must be above 0 frames per second and finite, got {rate}"
            )
        known = Fraction(1) if rate is None else Fraction(repr(float(rate)))
        assert spec.frames is not None
        return cls(spec, known, FrameSelection.of(spec.frames / known, untimed=rate is None))

    def __str__(self) -> str:
        return f"Array({len(self._places)} of {self.spec.frames} frames)"

    def output(self) -> VideoSpec:
        return replace(self.spec, frames=len(self._places))

    def frames(self, content: Content) -> Iterator[Array]:
        array = cast("Array", content)
        yield from (array[place] for place in self._places)

    def narrow(self, narrow: Callable[[FrameSelection], FrameSelection]) -> VideoStart:
        made = super().narrow(narrow)
        if made.choice.keys:
            raise IncompatibleSource(
                "an array has no key frames; use sample_frames, or pass the video file"
            )
        return made

    @property
    def _places(self) -> range | list[int]:
        choice, count = self.choice, self.spec.frames
        assert count is not None
        if choice.moments is None:
            return range(int(choice.begin * self.rate), min(ceil(choice.end * self.rate), count))
        return [min(int(moment * self.rate), count - 1) for moment in choice.moments]


@frozen
class DecodeVideo(VideoStart):
    """Start that decodes a video; see `preprocessing.decode.video.decoder`.

    Parameters
    ----------
    header : VideoHeader
    choice : FrameSelection
    limits : Limits
    most : int
        Most frames to decode.
    """

    header: VideoHeader
    choice: FrameSelection
    limits: Limits
    most: int

    @classmethod
    def probe(cls, data: bytes | BlockReader, found: Format, limits: Limits) -> DecodeVideo:
        header = probe(data, found.name, limits)
        return cls(header, FrameSelection.of(header.length), limits, limits.frames)

    def __str__(self) -> str:
        header, choice = self.header, self.choice
        stored = f"{header.demuxer} {header.codec} {header.stored[0]}×{header.stored[1]}"
        turned = ", turned" * (header.turn != type(header.turn)())
        frames = "key frames" if choice.keys else f"{choice.count or 'all'} frames"
        span = f"{float(choice.begin):g} to {float(choice.end):g} s"
        return f"DecodeVideo({stored}{turned}, {frames} of {span})"

    def output(self) -> VideoSpec:
        return VideoSpec(*self.header.size, 3, "uint8", self.choice.count)

    def holds(self) -> int:
        """Return the peak memory of `frames` in bytes, without the results of the stages after it."""
        return self.header.holds

    def limit_frames(self, most: int) -> DecodeVideo:
        return replace(self, most=min(self.most, most))

    def frames(self, content: Content) -> Iterator[Array]:
        """Yield the chosen frames. A frame that is chosen twice in a row is the same array."""
        last: tuple[Any, Array] | None = None
        taken = self._keys(content) if self.choice.keys else self._taken(content)
        for index, frame in enumerate(taken):
            if index == self.most:
                raise LimitExceeded(
                    f"would take more than {self.most} frames, the most of this size that the limits "
                    "allow; sample fewer, or make them smaller"
                )
            if last is None or frame is not last[0]:
                last = (frame, pixels_of(frame, self.header))
            yield last[1]

    def _taken(self, content: Content) -> Iterator[Any]:
        choice, header = self.choice, self.header
        with self._opened(content) as (container, stream, pieces):
            film = FrameSeeker(container, stream, header, pieces)
            if choice.moments is None:
                yield from film.from_to(header.ticks(choice.begin), self._end)
                return
            for moment in choice.moments:
                yield film.shown_at(header.ticks(moment))

    def _keys(self, content: Content) -> Iterator[Any]:
        """Yield the key frames whose time is within the span."""
        span = (self.header.first_tick(self.choice.begin), self._end)
        wanted: Container[int] = range(self.most + 1)
        if (most := self.choice.most) is not None:
            with self._opened(content) as (container, stream, pieces):
                count = KeyFrameReader(container, stream, self.header, *span, pieces).count()
            if count > most:
                wanted = frozenset((2 * i + 1) * count // (2 * most) for i in range(most))
        with self._opened(content) as (container, stream, pieces):
            yield from KeyFrameReader(container, stream, self.header, *span, pieces).frames(wanted)

    @property
    def _end(self) -> int | None:
        return None if self.choice.to_end else self.header.first_tick(self.choice.end)

    @contextmanager
    def _opened(self, content: Content) -> Iterator[tuple[Any, Any, BlockReader | None]]:
        with open_container(content, self.header.demuxer, self.limits) as (container, stream):
            yield container, stream, content if isinstance(content, BlockReader) else None
