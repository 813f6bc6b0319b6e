"""`FrameSelection`: the frames of a video to decode, chosen by time before any is decoded."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import ceil

from preprocessing.errors import IncompatibleSource, LimitExceeded
from preprocessing.frozen import frozen


@frozen
class FrameSelection:
    """A choice of frames. Each step of a pipeline that selects frames narrows it.

    Times are seconds from the first frame. A frame is shown until the next one.

    Parameters
    ----------
    begin, end : Fraction
        The span of the video to take frames from.
    untimed : bool
        Whether the frame rate is unknown. One second is then one frame.
    to_end : bool
        Whether the span ends with the video. All frames up to the last are then selected, even those
        after the end that the file states.
    moments : tuple of Fraction, optional
        Select the frames shown at these times, in order. Otherwise all frames shown from `begin` to
        `end` are selected.
    step : Fraction
        Time between two of the moments.
    keys : bool
        Select only key frames.
    most : int, optional
        Most key frames to select. If there are more, they are taken at even distances.
    """

    begin: Fraction
    end: Fraction
    untimed: bool = False
    to_end: bool = True
    moments: tuple[Fraction, ...] | None = None
    step: Fraction = Fraction(1)
    keys: bool = False
    most: int | None = None

    @classmethod
    def of(cls, length: Fraction, *, untimed: bool = False) -> FrameSelection:
        """Return the selection of all frames of a video."""
        return cls(Fraction(0), length, untimed)

    @property
    def count(self) -> int | None:
        """Number of selected frames; None if it is known only after decoding."""
        return None if self.moments is None else len(self.moments)

    def clip(self, start: Fraction, stop: Fraction | None) -> FrameSelection:
        """Keep the frames shown between two times, counted from the beginning of the span.

        Raises
        ------
        IncompatibleSource
            If no frame is left, or the video has no frame rate.
        """
        self._require_timed()
        length = self.end - self.begin
        if start >= length:
            raise IncompatibleSource(
                f"starts at {float(start):g} s, but the video is {float(length):g} s long; start earlier"
            )
        last = length if stop is None else min(stop, length)
        to_end = self.to_end and last == length
        clipped = replace(self, begin=self.begin + start, end=self.begin + last, to_end=to_end)
        if self.moments is None:
            return clipped
        first, after = int(start / self.step), ceil(last / self.step)
        return replace(
            clipped, begin=self.begin + first * self.step, moments=self.moments[first:after]
        )

    def sample(self, count: int, most: int) -> FrameSelection:
        """Take the frame in the middle of each of `count` equal spans.

        Raises
        ------
        IncompatibleSource, LimitExceeded
        """
        return self._every((self.end - self.begin) / count, count, most)

    def sample_fps(self, fps: Fraction, most: int) -> FrameSelection:
        """Take the frame in the middle of each span of 1/`fps` s, at least one frame.

        Raises
        ------
        IncompatibleSource, LimitExceeded
        """
        self._require_timed()
        count = ceil((self.end - self.begin) * fps - Fraction(1, 2))
        return self._every(1 / fps, count, most) if count > 0 else self.sample(1, most)

    def key_frames(self, most: int | None) -> FrameSelection:
        """Take the key frames.

        Raises
        ------
        IncompatibleSource
        """
        self._require_no_keys()
        if self.moments is not None:
            raise IncompatibleSource(
                "cannot follow a step that samples frames; put it before that step"
            )
        return replace(self, keys=True, most=most)

    def _every(self, step: Fraction, count: int, most: int) -> FrameSelection:
        self._require_no_keys()
        if count > most:
            raise LimitExceeded(
                f"would take {count} frames, more than the limit of {most}; sample fewer"
            )
        wanted = [(i + Fraction(1, 2)) * step for i in range(count)]
        if self.moments is None:
            moments = tuple(self.begin + moment for moment in wanted)
        else:
            last = len(self.moments) - 1
            moments = tuple(self.moments[min(int(moment / self.step), last)] for moment in wanted)
        return replace(self, moments=moments, step=step, to_end=False)

    def _require_timed(self) -> None:
        self._require_no_keys()
        if self.untimed:
            raise IncompatibleSource(
                "needs a frame rate, which an array does not have; pass Media(array, 'video', rate=25)"
            )

    def _require_no_keys(self) -> None:
        if self.keys:
            raise IncompatibleSource("cannot follow key_frames; put it before key_frames")
