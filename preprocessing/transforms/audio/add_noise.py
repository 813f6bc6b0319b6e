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
        How far the noise lies below the sound, in decibels of power, from -100 to 200: one ratio, or the
        least and the largest of those that one is drawn from, evenly.

    Notes
    -----
    The sound's power is its mean square over all channels and samples, the noise's that of the
    distribution it is drawn from. Each channel has its own. The samples are the same for ever, on every
    processor: see `preprocessing.kernels.audio.noise`. Silence stays silence. Nothing is clipped.

    Raises
    ------
    SpecError
        For ratios that are not in order, or outside -100 to 200.
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
