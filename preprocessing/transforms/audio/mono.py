"""Mono."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from preprocessing.frozen import frozen
from preprocessing.kernels.audio.slicing import mean_of_channels
from preprocessing.transforms.audio._base import FixedSound, compute

if TYPE_CHECKING:
    from preprocessing.media import AudioSpec
    from preprocessing.planner.stages import Stage


@frozen
class Mono(FixedSound):
    """Mix all channels into one, their mean, as ``librosa.to_mono``.

    Notes
    -----
    Exact: the mean is computed in double precision and rounded once.
    """

    name: ClassVar[str] = "mono"

    def infer(self, spec: AudioSpec) -> AudioSpec:
        return replace(spec, channels=1)

    def lower(self, spec: AudioSpec) -> tuple[Stage, ...]:
        return () if spec.channels == 1 else compute(self.infer(spec), mean_of_channels)
