"""Trim and PadOrTrim."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from preprocessing.errors import IncompatibleSource
from preprocessing.frozen import frozen
from preprocessing.spec.step import require
from preprocessing.transforms.audio._base import FixedSound, require_samples, require_seconds
from preprocessing.transforms.audio._piece import Piece

if TYPE_CHECKING:
    from preprocessing.media import AudioSpec
    from preprocessing.planner.stages import Stage


@frozen
class Trim(FixedSound):
    """Keep what lies between two times.

    Parameters
    ----------
    start : float
        In seconds; earlier samples go.
    stop : float, optional
        In seconds; later samples go. Where the sound ends before it, or it is left out, the sound's end.

    Notes
    -----
    Exact. Times are rounded to samples at the rate of the sound at this step, halves to even.

    Raises
    ------
    SpecError
        For times that are not in order, or beyond a day.
    """

    name: ClassVar[str] = "trim"
    start: float
    stop: float | None = None

    def check(self) -> None:
        require_seconds("start", self.start)
        if self.stop is not None:
            require_seconds("stop", self.stop)
            require(
                self.start < self.stop, f"stop: must be after start, {self.start}, got {self.stop}"
            )

    def infer(self, spec: AudioSpec) -> AudioSpec:
        if spec.samples is None or spec.rate is None:
            return replace(spec, samples=None)
        return replace(spec, samples=self._piece(spec.samples, spec.rate).samples)

    def lower(self, spec: AudioSpec) -> tuple[Stage, ...]:
        assert spec.samples is not None
        assert spec.rate is not None
        return self._piece(spec.samples, spec.rate).lower(spec)

    def _piece(self, samples: int, rate: int) -> Piece:
        first = round(self.start * rate)
        last = samples if self.stop is None else min(round(self.stop * rate), samples)
        if first >= samples:
            raise IncompatibleSource(
                f"starts at {self.start:g} seconds, and the sound ends at {samples / rate:g}; start "
                "earlier"
            )
        if self.stop is not None:
            require_samples(last - first, self.stop - self.start)
        return Piece(first, last - first)


@frozen
class PadOrTrim(FixedSound):
    """Make a sound as long as wanted, as ``whisper.pad_or_trim``: cut the end off, or add zeros there.

    Parameters
    ----------
    seconds : float
        Up to a day.

    Notes
    -----
    Exact. The time is rounded to samples at the rate of the sound at this step, halves to even; where a
    `Resample` before it tells that rate, the size of the result is known before the object is read.

    Raises
    ------
    SpecError
        For a time that is not above 0, or beyond a day.
    """

    name: ClassVar[str] = "pad_or_trim"
    seconds: float

    def check(self) -> None:
        require_seconds("seconds", self.seconds)
        require(self.seconds > 0, f"seconds: must be above 0, got {self.seconds}")

    def infer(self, spec: AudioSpec) -> AudioSpec:
        if spec.rate is None:
            return replace(spec, samples=None)
        samples = round(self.seconds * spec.rate)
        require_samples(samples, self.seconds)
        return replace(spec, samples=samples)

    def lower(self, spec: AudioSpec) -> tuple[Stage, ...]:
        samples = self.infer(spec).samples
        assert samples is not None
        return Piece(0, samples).lower(spec)
