"""WhiteNoise: the fixed transform that `AddNoise` chooses."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from preprocessing.frozen import frozen
from preprocessing.kernels.audio.noise import add_noise
from preprocessing.transforms.audio._base import FixedSound, compute

if TYPE_CHECKING:
    from preprocessing.media import AudioSpec
    from preprocessing.planner.stages import Stage


@frozen
class WhiteNoise(FixedSound):
    """Add the white noise that a key determines."""

    name: ClassVar[str] = "white_noise"
    snr_db: float
    key: int

    def infer(self, spec: AudioSpec) -> AudioSpec:
        return spec

    def lower(self, spec: AudioSpec) -> tuple[Stage, ...]:
        return compute(spec, add_noise, self.snr_db, self.key)
