"""TimeStretch, and Stretch, its fixed counterpart."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from preprocessing.errors import IncompatibleSource
from preprocessing.frozen import frozen
from preprocessing.kernels.audio.stretch import stretch
from preprocessing.planner.stages import Compute, Stage
from preprocessing.spec.step import require
from preprocessing.transforms._checks import require_range
from preprocessing.transforms.audio._base import FixedSound, RandomSound

if TYPE_CHECKING:
    from preprocessing.media import AudioSpec
    from preprocessing.rng import Draws
    from preprocessing.transforms._base import Transform

# Speech is not intelligible beyond these.
_SLOWEST, _FASTEST = 0.1, 10.0


@frozen
class Stretch(FixedSound):
    """Change the tempo and keep the pitch, as ``librosa.effects.time_stretch``.

    Parameters
    ----------
    rate : float
        Speed-up factor, from 0.1 to 10.

    Notes
    -----
    A phase vocoder with librosa's frames: 2048 samples every 512. The result has
    ``round(samples / rate)`` samples, and is within 1e-5 of librosa's in double precision. Reproducible
    as `Spectrogram` is.

    Raises
    ------
    SpecError
        If the rate is out of range.
    IncompatibleSource
        If the sound is so short that no sample would be left.
    """

    name: ClassVar[str] = "stretch"
    rate: float

    def check(self) -> None:
        require(
            _SLOWEST <= self.rate <= _FASTEST,
            f"rate: must be from {_SLOWEST:g} to {_FASTEST:g}, got {self.rate:g}",
        )

    def infer(self, spec: AudioSpec) -> AudioSpec:
        if spec.samples is None:
            return spec
        samples = round(spec.samples / self.rate)
        if samples == 0:
            raise IncompatibleSource(
                f"leaves no samples, because the sound has only {spec.samples} and is played "
                f"{self.rate:g} times as fast; put pad_or_trim first"
            )
        return replace(spec, samples=samples)

    def lower(self, spec: AudioSpec) -> tuple[Stage, ...]:
        result = self.infer(spec)
        return (Compute(stretch, (self.rate, result.samples), result),)


@frozen
class TimeStretch(RandomSound):
    """Change the tempo at random and keep the pitch.

    Parameters
    ----------
    low, high : float
        Range of the speed-up factor, within 0.1 to 10, drawn from uniformly.

    Notes
    -----
    Applies a `Stretch`, to its tolerance. The number of samples is random too; put `PadOrTrim` after it
    for results of one length.

    Raises
    ------
    SpecError
        If the rates are out of range or not in order.
    IncompatibleSource
        As for `Stretch`, at the highest rate.
    """

    name: ClassVar[str] = "time_stretch"
    low: float
    high: float

    def check(self) -> None:
        require_range("low, high", (self.low, self.high), _SLOWEST, _FASTEST)

    def infer(self, spec: AudioSpec) -> AudioSpec:
        fastest = Stretch(self.high).infer(spec)
        return fastest if self.low == self.high else replace(spec, samples=None)

    def choose(self, spec: AudioSpec, draws: Draws) -> tuple[Transform, ...]:
        return (Stretch(draws.uniform(self.low, self.high)),)
