"""Masks over time and frequency: TimeMask and FreqMask, MaskFrames and MaskBins."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from preprocessing.frozen import frozen
from preprocessing.kernels.audio.mask import mask
from preprocessing.planner.stages import Compute, Stage
from preprocessing.spec.step import require
from preprocessing.transforms._base import FixedTransform, RandomTransform
from preprocessing.transforms._checks import require_probability

if TYPE_CHECKING:
    from preprocessing.media import SpectrogramSpec
    from preprocessing.rng import Draws
    from preprocessing.transforms._base import Transform


@frozen
class _Mask(FixedTransform):
    """A mask along `axis`."""

    input_kinds = ("spectrogram",)
    axis: ClassVar[int]
    start: int
    length: int
    value: float = 0.0

    def check(self) -> None:
        require(self.start >= 0, f"start: must not be negative, got {self.start}")
        require(self.length >= 1, f"length: must be 1 or more, got {self.length}")
        require(abs(self.value) < 1e38, f"value: float32 does not hold {self.value:g}")

    def infer(self, spec: SpectrogramSpec) -> SpectrogramSpec:
        return spec

    def lower(self, spec: SpectrogramSpec) -> tuple[Stage, ...]:
        return (Compute(mask, (self.axis, self.start, self.length, self.value), spec),)


@frozen
class MaskFrames(_Mask):
    """Overwrite a range of frames of a spectrogram.

    Parameters
    ----------
    start : int
        Index of the first one.
    length : int
        Number of frames; the range may extend beyond the last one.
    value : float
        Value that is written.

    Notes
    -----
    Exact.

    Raises
    ------
    SpecError
        If the start is negative, the length below 1, or float32 cannot hold the value.
    """

    name: ClassVar[str] = "mask_frames"
    axis: ClassVar[int] = 2


@frozen
class MaskBins(_Mask):
    """Overwrite a range of bins of a spectrogram.

    Parameters
    ----------
    start : int
        Index of the first one.
    length : int
        Number of bins; the range may extend beyond the last one.
    value : float
        Value that is written.

    Notes
    -----
    Exact.

    Raises
    ------
    SpecError
        As for `MaskFrames`.
    """

    name: ClassVar[str] = "mask_bins"
    axis: ClassVar[int] = 1


class _RandomMask(RandomTransform):
    """A mask of random length in a random place."""

    input_kinds = ("spectrogram",)

    @abstractmethod
    def _most(self, spec: SpectrogramSpec) -> tuple[int, int]:
        """Return the bound of the length, and the number of frames or bins."""

    @abstractmethod
    def _fixed(self, start: int, length: int) -> FixedTransform: ...

    def infer(self, spec: SpectrogramSpec) -> SpectrogramSpec:
        return spec

    def choose(self, spec: SpectrogramSpec, draws: Draws) -> tuple[Transform, ...]:
        most, places = self._most(spec)
        # As in torchaudio, both are drawn as fractions, then truncated.
        length = draws.uniform(0.0, min(most, places))
        start = draws.uniform(0.0, places - length)
        return (self._fixed(int(start), int(length)),) if length >= 1.0 else ()


@frozen
class TimeMask(_RandomMask):
    """Overwrite a random range of frames, as ``torchaudio.transforms.TimeMasking``.

    Parameters
    ----------
    time_mask_param : int
        Exclusive bound of the number of frames.
    p : float
        Largest fraction of all frames that is overwritten, from 0 to 1.
    value : float
        Value that is written; torchaudio's ``mask_value``.

    Notes
    -----
    Exact. Applies a `MaskFrames`, or nothing if the length is 0. Length and position are drawn
    uniformly, as in torchaudio, from other random numbers; all channels have the same. For
    several masks, repeat the step. D. S. Park et al., "SpecAugment", 2019.

    Raises
    ------
    SpecError
        If the bound is below 1, `p` is outside 0 to 1, or float32 cannot hold the value.
    """

    name: ClassVar[str] = "time_mask"
    time_mask_param: int
    p: float = 1.0
    value: float = 0.0

    def check(self) -> None:
        require(
            self.time_mask_param >= 1,
            f"time_mask_param: must be 1 or more, got {self.time_mask_param}",
        )
        require_probability(self.p)
        MaskFrames(0, 1, self.value)

    def _most(self, spec: SpectrogramSpec) -> tuple[int, int]:
        assert spec.frames is not None
        return min(self.time_mask_param, int(spec.frames * self.p)), spec.frames

    def _fixed(self, start: int, length: int) -> FixedTransform:
        return MaskFrames(start, length, self.value)


@frozen
class FreqMask(_RandomMask):
    """Overwrite a random range of bins, as ``torchaudio.transforms.FrequencyMasking``.

    Parameters
    ----------
    freq_mask_param : int
        Exclusive bound of the number of bins.
    value : float
        Value that is written; torchaudio's ``mask_value``.

    Notes
    -----
    Exact. Applies a `MaskBins`, or nothing if the width is 0. Drawn as for `TimeMask`.

    Raises
    ------
    SpecError
        If the bound is below 1, or float32 cannot hold the value.
    """

    name: ClassVar[str] = "freq_mask"
    freq_mask_param: int
    value: float = 0.0

    def check(self) -> None:
        require(
            self.freq_mask_param >= 1,
            f"freq_mask_param: must be 1 or more, got {self.freq_mask_param}",
        )
        MaskBins(0, 1, self.value)

    def _most(self, spec: SpectrogramSpec) -> tuple[int, int]:
        assert spec.bins is not None
        return self.freq_mask_param, spec.bins

    def _fixed(self, start: int, length: int) -> FixedTransform:
        return MaskBins(start, length, self.value)
