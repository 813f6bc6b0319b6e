"""Piece: the fixed crop of sound that other transforms choose."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from preprocessing.frozen import frozen
from preprocessing.kernels.audio.slicing import piece
from preprocessing.transforms.audio._base import FixedSound, compute

if TYPE_CHECKING:
    from preprocessing.media import AudioSpec
    from preprocessing.planner.stages import Stage


@frozen
class Piece(FixedSound):
    """Cut out a range of samples; those outside the sound are zero."""

    name: ClassVar[str] = "piece"
    first: int
    samples: int

    def infer(self, spec: AudioSpec) -> AudioSpec:
        return replace(spec, samples=self.samples)

    def lower(self, spec: AudioSpec) -> tuple[Stage, ...]:
        if (self.first, self.samples) == (0, spec.samples):
            return ()
        return compute(self.infer(spec), piece, self.first, self.samples)
