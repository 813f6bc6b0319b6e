"""TimeStretch, and Stretch, which leaves nothing to chance."""

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

# Beyond these nothing is left of what was said.
_SLOWEST, _FASTEST = 0.1, 10.0


@frozen
class Stretch(FixedSound):
    """Change the tempo of sound and keep its pitch, as ``librosa.effects.time_stretch``.

    Parameters
    ----------
    rate : float
        How many times as fast, from 0.1 to 10.

    Notes
    -----
    A phase vocoder with librosa's frames: 2048 samples every 512. The result has ``round(samples /
    rate)`` samples, and is within 1e-5 of librosa's in double precision. Reproducible as `Spectrogram`
    is.

    Raises
    ------
    SpecError
        For a rate out of range.
    IncompatibleSource
        For sound so short that nothing would be left.
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
                f"nothing is left of {spec.samples} samples that are {self.rate:g} times as fast; "
                "lengthen the sound first"
            )
        return replace(spec, samples=samples)

    def lower(self, spec: AudioSpec) -> tuple[Stage, ...]:
        result = self.infer(spec)
        return (Compute(stretch, (self.rate, result.samples), result),)


@frozen
class TimeStretch(RandomSound):
    """Change the tempo of sound at random and keep its pitch.

    Parameters
    ----------
    low, high : float
        How many times as fast, at the least and at the most, from 0.1 to 10; drawn evenly.

    Notes
    -----
    It chooses a `Stretch`, whose tolerance it has. How many samples there are is then known only once it
    is drawn; ``pad_or_trim`` after it makes results of one length.

    Raises
    ------
    SpecError
        For rates out of range or out of order.
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
