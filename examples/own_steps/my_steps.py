"""Two steps that jitprep does not have: `film_grain`, and `phone_camera` by albumentations.

``JITPREP_STEPS=my_steps`` makes them known to every command and door, where Python finds this module.
docs/pipelines/own-steps.md explains what a step may say about itself.
"""

from __future__ import annotations

import os

import numpy as np

import preprocessing


class FilmGrain(preprocessing.Step):
    """Add noise to each sample: ``film_grain:20``."""

    version = 1
    strength: float = 20.0

    def check(self):
        if self.strength < 0:
            raise ValueError(f"strength: must be 0 or more, got {self.strength}")

    def apply(self, image, rng):
        noise = (rng.uniforms(*image.shape) - 0.5) * self.strength
        return np.clip(image + noise, 0, 255).astype(np.uint8)


class PhoneCamera(preprocessing.Step):
    """Blur an image as a hand that moves does, and add a sensor's noise: ``phone_camera:0.5``."""

    version = 1
    blur: float = 0.5

    def result(self, spec):
        if spec.channels != 3:
            raise preprocessing.IncompatibleSource("takes RGB only; leave out grayscale before it")
        return spec

    def apply(self, image, rng):
        # Imported here, so that the module also loads where albumentations is not installed.
        os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # it would ask the network for news
        import albumentations  # noqa: PLC0415

        # A new one for each call: it keeps its own generators, which threads must not share.
        steps = [albumentations.MotionBlur(p=self.blur), albumentations.ISONoise(p=1.0)]
        compose = albumentations.Compose(steps, seed=rng.integer(0, 2**32 - 1))
        return compose(image=image)["image"]
