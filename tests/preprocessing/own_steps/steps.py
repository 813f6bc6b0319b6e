"""Steps as users write them, for the tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

import preprocessing
from preprocessing import AudioSpec, ImageSpec, IncompatibleSource, SpectrogramSpec


class Solarise2(preprocessing.Step):
    """Invert the samples from a threshold upwards."""

    version = 1
    random = False
    threshold: int = 128
    mode: Literal["all", "red"] = "all"

    def check(self):
        if not 0 <= self.threshold <= 256:
            raise ValueError(f"threshold: must be from 0 to 256, got {self.threshold}")

    def apply(self, image, rng):
        channels = slice(None) if self.mode == "all" else slice(1)
        result = image.copy()
        part = result[..., channels]
        part[part >= self.threshold] = 255 - part[part >= self.threshold]
        return result


class FilmGrain(preprocessing.Step):
    """Add noise to the samples."""

    version = 3
    strength: float
    at: tuple[float, ...] = (0.0, 1.0)

    def apply(self, image, rng):
        noise = rng.uniforms(*image.shape) - 0.5
        return np.clip(image + noise * self.strength, 0, 255).astype(np.uint8)


class Doubled(preprocessing.Step):
    """Repeat each pixel, as float32."""

    version = 1
    random = False
    dtypes = ("uint8", "float32")
    strided = True

    def result(self, spec: ImageSpec) -> ImageSpec:
        height, width = (side and 2 * side for side in (spec.height, spec.width))
        return replace(spec, height=height, width=width, dtype="float32")

    def apply(self, image, rng):
        return image.repeat(2, axis=0).repeat(2, axis=1).astype(np.float32)


class Envelope(preprocessing.Step):
    """The loudest sample of each block."""

    version = 1
    random = False
    input_kinds = ("audio",)
    output_kind = "spectrogram"
    block: int = 100

    def result(self, spec: AudioSpec) -> SpectrogramSpec:
        if spec.samples is not None and spec.samples < self.block:
            raise IncompatibleSource("the sound is too short")
        return SpectrogramSpec(spec.channels, 1, spec.samples and spec.samples // self.block)

    def apply(self, sound, rng):
        whole = sound[:, : sound.shape[1] // self.block * self.block]
        return np.abs(whole).reshape(len(sound), 1, -1, self.block).max(axis=3)


class Shout(preprocessing.Step):
    """Texts in capitals."""

    version = 1
    random = False
    input_kinds = ("text",)

    def apply(self, texts, rng):
        return np.array([text.upper() for text in texts], object)
