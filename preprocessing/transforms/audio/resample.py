"""Resample."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

from preprocessing.errors import IncompatibleSource
from preprocessing.frozen import frozen
from preprocessing.kernels.audio.resample import resample, samples_after
from preprocessing.optional_deps import require_installed
from preprocessing.spec.step import require
from preprocessing.transforms.audio._base import MAX_RATE, FixedSound, compute

if TYPE_CHECKING:
    from preprocessing.media import AudioSpec
    from preprocessing.planner.stages import Stage


@frozen
class Resample(FixedSound):
    """Change the sample rate, as ``soxr.resample`` and ``librosa.resample(res_type="soxr_hq")``.

    Parameters
    ----------
    rate : int
        Samples per second of the result, up to 768,000.
    quality : {"QQ", "LQ", "MQ", "HQ", "VHQ"}
        libsoxr's recipes, from quick to very high quality: a wider pass band, and stronger suppression
        of aliasing.

    Notes
    -----
    Computed by libsoxr: ``HQ`` in single precision, with errors of about ``2**-20``, ``VHQ`` in double.
    The last bits may differ between x86-64 and arm64, but not with the number of threads. The number of
    samples is multiplied by the ratio of the rates, halves rounded up.

    Raises
    ------
    SpecError
        If the rate is below 1 or above 768,000; at the first sound, if soxr is not installed.
    """

    name: ClassVar[str] = "resample"
    rate: int
    quality: Literal["QQ", "LQ", "MQ", "HQ", "VHQ"] = "HQ"

    def check(self) -> None:
        require(1 <= self.rate <= MAX_RATE, f"rate: must be from 1 to {MAX_RATE}, got {self.rate}")

    def infer(self, spec: AudioSpec) -> AudioSpec:
        if spec.samples is None or spec.rate is None:
            return replace(spec, samples=None, rate=self.rate)
        samples = samples_after(spec.samples, spec.rate, self.rate)
        if samples < 1:
            raise IncompatibleSource(
                f"leaves no samples, because the sound has only {spec.samples} at {spec.rate} Hz; put "
                "pad_or_trim first"
            )
        return replace(spec, samples=samples, rate=self.rate)

    def lower(self, spec: AudioSpec) -> tuple[Stage, ...]:
        if spec.rate == self.rate:
            return ()
        require_installed("soxr", "soxr", "audio", what=repr(self.name))
        return compute(self.infer(spec), resample, spec.rate, self.rate, self.quality)
