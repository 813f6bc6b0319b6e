"""PreEmphasis."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from preprocessing.frozen import frozen
from preprocessing.kernels.audio.slicing import pre_emphasize
from preprocessing.spec.step import require
from preprocessing.transforms.audio._base import FixedSound, compute

if TYPE_CHECKING:
    from preprocessing.media import AudioSpec
    from preprocessing.planner.stages import Stage


@frozen
class PreEmphasis(FixedSound):
    """Emphasise high frequencies, as ``torchaudio.functional.preemphasis``.

    Parameters
    ----------
    coefficient : float
        From 0 to 1.

    Notes
    -----
    Each sample becomes ``x[n] - coefficient * x[n - 1]``. Exact in single precision. The first sample
    stays the same, as in torchaudio; ``librosa`` does so with ``zi=[0]``.

    Raises
    ------
    SpecError
        If the coefficient is outside 0 to 1.
    """

    name: ClassVar[str] = "pre_emphasis"
    coefficient: float = 0.97

    def check(self) -> None:
        require(
            0 <= self.coefficient <= 1, f"coefficient: must be from 0 to 1, got {self.coefficient}"
        )

    def infer(self, spec: AudioSpec) -> AudioSpec:
        return spec

    def lower(self, spec: AudioSpec) -> tuple[Stage, ...]:
        return compute(spec, pre_emphasize, self.coefficient)
