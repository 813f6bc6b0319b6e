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
    """Cut the sound to the time between two moments.

    Parameters
    ----------
    start : float
        Start in seconds.
    stop : float, optional
        End in seconds. By default, and at most, the end of the sound.

    Notes
    -----
    Exact. Times are rounded to samples at the rate of the sound at this step, halves to even.

    Raises
    ------
    SpecError
        If the times are not in order, or beyond one day.
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
                f"starts at {self.start:g} seconds, but the sound ends at {samples / rate:g}; start "
                "earlier"
            )
        if self.stop is not None:
            require_samples(last - first, self.stop - self.start)
        return Piece(first, last - first)


@frozen
class PadOrTrim(FixedSound):
    """Pad or trim the sound at its end to a duration, as ``whisper.pad_or_trim``.

    Parameters
    ----------
    seconds : float
        Duration of the result, up to one day.

    Notes
    -----
    Exact. The sound is padded with zeros. The time is rounded to samples at the rate of the sound at
    this step, halves to even. After a `Resample`, the size of the result is known before the object is
    read.

    Raises
    ------
    SpecError
        If the time is not above 0, or beyond one day.
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
