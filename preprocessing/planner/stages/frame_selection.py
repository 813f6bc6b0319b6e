"""Which frames of a video are wanted, told in time before any of them is decoded."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import ceil

from preprocessing.errors import IncompatibleSource, LimitExceeded
from preprocessing.frozen import frozen


@frozen
class FrameSelection:
    """A choice of frames. Each selection narrows the one before it.

    Time is counted in seconds from the first frame, and a frame is shown until the next one is.

    Parameters
    ----------
    begin, end : Fraction
        What part of the video is left.
    untimed : bool
        Whether nobody knows how long a frame is shown; a second is then one frame.
    to_end : bool
        Whether the end is the video's own: then all frames up to the last are meant, wherever the file
        says that it ends.
    moments : tuple of Fraction, optional
        The frames shown at these moments, in order, are meant; otherwise all that are shown from
        `begin` to `end`.
    step : Fraction
        How long each of these frames stands for the video.
    keys : bool
        The key frames alone are meant;
    most : int, optional
        of more than so many, so many.
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
        """Return the choice of all frames of a video."""
        return cls(Fraction(0), length, untimed)

    @property
    def count(self) -> int | None:
        """How many frames are meant; None where the content tells."""
        return None if self.moments is None else len(self.moments)

    def clip(self, start: Fraction, stop: Fraction | None) -> FrameSelection:
        """Keep what is shown between two moments, counted from the beginning of what is left.

        Raises
        ------
        IncompatibleSource
            Where nothing is.
        """
        self._require_timed()
        length = self.end - self.begin
        if start >= length:
            raise IncompatibleSource(
                f"starts at {float(start):g} s, where the video has {float(length):g} s; start earlier"
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
        """Take the frames in the middle of each of `count` equal spans.

        Raises
        ------
        IncompatibleSource, LimitExceeded
        """
        return self._every((self.end - self.begin) / count, count, most)

    def sample_fps(self, fps: Fraction, most: int) -> FrameSelection:
        """Take the frames in the middle of each of as many spans of 1/`fps` s as there are, or one.

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
                "comes too late, after frames were sampled; put it before that"
            )
        return replace(self, keys=True, most=most)

    def _every(self, step: Fraction, count: int, most: int) -> FrameSelection:
        self._require_no_keys()
        if count > most:
            raise LimitExceeded(
                f"would take {count} frames, more than the limit of {most}; take fewer"
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
                "counts in seconds, and the array has no rate: give Media(array, 'video', rate=25)"
            )

    def _require_no_keys(self) -> None:
        if self.keys:
            raise IncompatibleSource("comes too late, after key_frames; put it before that")
