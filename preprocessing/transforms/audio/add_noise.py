"""AddNoise."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from preprocessing.frozen import frozen
from preprocessing.transforms._checks import require_range
from preprocessing.transforms.audio._base import RandomSound
from preprocessing.transforms.audio._white_noise import WhiteNoise

if TYPE_CHECKING:
    from preprocessing.media import AudioSpec
    from preprocessing.rng import Draws
    from preprocessing.transforms._base import Transform

_LOWEST, _HIGHEST = -100.0, 200.0


@frozen
class AddNoise(RandomSound):
    """Add white Gaussian noise.

    Parameters
    ----------
    snr_db : float or (float, float)
        Signal-to-noise ratio in decibels, from -100 to 200: one ratio, or a range that it is drawn from
        uniformly.

    Notes
    -----
    The power of the sound is its mean square over all channels and samples; that of the noise is the
    variance of its distribution. Each channel gets its own noise. The samples are the same on every
    processor and in every version, see `preprocessing.kernels.audio.noise`. Silence stays silence.
    Nothing is clipped.

    Raises
    ------
    SpecError
        If a ratio is outside -100 to 200, or the range is not in order.
    """

    name: ClassVar[str] = "add_noise"
    snr_db: float | tuple[float, float]

    def check(self) -> None:
        require_range("snr_db", self._range, _LOWEST, _HIGHEST)

    @property
    def _range(self) -> tuple[float, float]:
        return self.snr_db if isinstance(self.snr_db, tuple) else (self.snr_db, self.snr_db)

    def infer(self, spec: AudioSpec) -> AudioSpec:
        return spec

    def choose(self, spec: AudioSpec, draws: Draws) -> tuple[Transform, ...]:
        return (WhiteNoise(draws.uniform(*self._range), draws.integer(0, 2**63 - 1)),)
