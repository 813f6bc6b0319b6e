"""PeakNormalize and LoudnessNormalize."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from preprocessing.errors import IncompatibleSource
from preprocessing.frozen import frozen
from preprocessing.kernels.audio.level import normalize_loudness, normalize_peak
from preprocessing.spec.step import require
from preprocessing.transforms.audio._base import MAX_RATE, FixedSound, compute

if TYPE_CHECKING:
    from preprocessing.media import AudioSpec
    from preprocessing.planner.stages import Stage

_QUIETEST_PEAK = -120.0
_QUIETEST = -70.0
# The first filter is at 1682 Hz and needs more than twice that rate.
_LEAST_RATE = 4_000


@frozen
class PeakNormalize(FixedSound):
    """Scale the sound so that its largest sample has a given level.

    Parameters
    ----------
    peak_db : float
        Level of the largest sample of all channels, in dBFS, from -120 to 0.

    Notes
    -----
    Exact: the gain is computed in double precision and each sample rounded once. Applying it twice
    changes nothing more. Silence stays silence.

    Raises
    ------
    SpecError
        If the level is outside -120 to 0.
    """

    name: ClassVar[str] = "peak_normalize"
    peak_db: float = 0.0

    def check(self) -> None:
        least = _QUIETEST_PEAK
        require(
            least <= self.peak_db <= 0, f"peak_db: must be from {least:g} to 0, got {self.peak_db}"
        )

    def infer(self, spec: AudioSpec) -> AudioSpec:
        return spec

    def lower(self, spec: AudioSpec) -> tuple[Stage, ...]:
        return compute(spec, normalize_peak, self.peak_db)


@frozen
class LoudnessNormalize(FixedSound):
    """Scale the sound to a loudness by ITU-R BS.1770-4, as ``pyloudnorm`` and EBU R 128.

    Parameters
    ----------
    lufs : float
        Integrated loudness of the result in LUFS, from -70 to 0. The default is EBU R 128's.

    Notes
    -----
    The loudness is within 1e-6 LU of pyloudnorm with its filters "DeMan". The gain is rounded to single
    precision, which removes differences between processors. A sound shorter than one block of 400 ms is
    measured as one block. A sound that is below -70 LUFS throughout stays the same. Nothing limits the
    level: samples may exceed full scale.

    The sound must have one or two channels. The weights of more depend on the positions of the
    loudspeakers, which few files state; `Mono` mixes them into one.

    Raises
    ------
    SpecError
        If the loudness is outside -70 to 0.
    """

    name: ClassVar[str] = "loudness_normalize"
    lufs: float = -23.0

    def check(self) -> None:
        require(
            _QUIETEST <= self.lufs <= 0, f"lufs: must be from {_QUIETEST:g} to 0, got {self.lufs}"
        )

    def infer(self, spec: AudioSpec) -> AudioSpec:
        if spec.channels is not None and spec.channels > 2:
            raise IncompatibleSource(
                f"takes 1 or 2 channels, but the sound has {spec.channels}; put mono first"
            )
        if spec.rate is not None and not _LEAST_RATE <= spec.rate <= MAX_RATE:
            raise IncompatibleSource(
                f"takes rates from {_LEAST_RATE} to {MAX_RATE} Hz, but the sound has {spec.rate}; "
                "resample first"
            )
        return spec

    def lower(self, spec: AudioSpec) -> tuple[Stage, ...]:
        return compute(spec, normalize_loudness, spec.rate, self.lufs)
